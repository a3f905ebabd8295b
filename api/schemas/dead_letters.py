"""Dead letters as they are shown, and what operators do about them. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import MAX_NUMBER, Given, Moment, Taken

_State = Literal["open", "redriven", "discarded"]
_Name = Annotated[str, Field(max_length=249)]


class LetterAct(Given):
    """What an operator did."""

    type: str
    by: str
    note: str
    redriven_to: str | None = Field(description="`topic:partition:offset` of the record as it was sent again")
    at: Moment


class DeadLetter(Given):
    """A record nobody could process, and why."""

    letter: str = Field(description="`topic:partition:offset` of the dead letter itself; what acts name")
    topic: str = Field(description="of the original, as partition and offset")
    partition: int
    offset: int
    reason: str
    error: str = Field(description="class of the error")
    reader: str = Field(description="which consumer gave up")
    key: str | None = Field(description="base64")
    value: str | None = Field(description="base64 of at most 128 KiB")
    text: str | None = Field(description="the value, when it is JSON and whole")
    value_bytes: int = Field(description="of the whole original")
    recorded_at: Moment
    state: _State = Field(description="by the newest act")
    acts: list[LetterAct] = Field(description="oldest first")


class DeadLetterPage(Given):
    """Dead letters, newest first."""

    dead_letters: list[DeadLetter]
    total: int
    limit: int
    offset: int


class DeadLetterQuery(Taken):
    """Which dead letters to list."""

    state: _State | None = None
    topic: _Name | None = Field(None, description="of the original record")
    reader: _Name | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_NUMBER)] = 0


class Redrive(Taken):
    """Send the record again, or have its reader try again."""

    note: Annotated[str, Field(max_length=2_000)] = ""
    force: bool = Field(default=False, description="once more, though it was redriven before")


class Discard(Taken):
    """Nothing is to be done about it."""

    note: Annotated[str, Field(max_length=2_000)] = ""


class LetterDone(Given):
    """What was done, as it is recorded."""

    letter: str
    state: _State
    by: str
    already_true: bool = Field(description="it was done before; nothing was sent or recorded")
    redriven_to: str | None
    recorded_at: Moment
    fact: str | None = Field(description="`topic:partition:offset` of the record of this act")
