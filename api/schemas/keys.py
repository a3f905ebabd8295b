"""API keys as they are made, shown and revoked. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Given, Moment, Taken
from events.access import Scope


class CreateKey(Taken):
    """An API key to make."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)] = Field(default=["read"])


class KeyMade(Given):
    """A key, shown this once and kept nowhere."""

    key_id: str
    name: str
    scopes: list[Scope]
    key: str


class KeyView(Given):
    """What is known of a key."""

    key_id: str
    name: str
    scopes: list[Scope]
    created_at: Moment
    revoked_at: Moment | None


class KeyList(Given):
    """Every key the log tells of."""

    keys: list[KeyView]


class KeyGone(Given):
    """The key opens nothing any more."""

    key_id: str
    revoked_at: Moment
