"""Facts about API keys: hashes only, never a key. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.facts import Fact

Scope = Literal["read", "write", "sql", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "sql", "admin")


class KeyCreated(Fact):
    """A key was made; whoever shows its secret may do what the scopes say."""

    type: Literal["key.created"] = "key.created"
    key_id: str
    name: str
    sha256: str  #: of the whole key
    scopes: list[Scope]


class KeyRevoked(Fact):
    """The key opens nothing any more."""

    type: Literal["key.revoked"] = "key.revoked"
    key_id: str


class AccessEnvelope(BaseModel):
    """One record of `access.events`, keyed by key id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str
    recorded_at: AwareDatetime
    by: str = ""
    event: Annotated[KeyCreated | KeyRevoked, Field(discriminator="type")]
