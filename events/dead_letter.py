"""Records nobody could process, kept whole with the reason. Pure."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.facts import Fact


class DeadLetter(BaseModel):
    """One record of `dead-letters`, keyed by the original key."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: str
    partition: int
    offset: int
    reason: str  #: for people
    error: str  #: class of the error
    reader: str  #: which consumer gave up
    key_base64: str | None = None
    value_base64: str | None = None
    value_bytes: int = 0  #: of the whole original, of which at most 128 KiB are kept
    recorded_at: AwareDatetime


class DeadLetterRedriven(Fact):
    """An operator sent the record again, or had its reader try again."""

    type: Literal["dead_letter.redriven"] = "dead_letter.redriven"
    letter: str  #: `topic:partition:offset` of the dead letter itself
    by: str
    note: str = ""
    redriven_to: str | None = None  #: `topic:partition:offset` of the record as it was sent again
    recorded_at: AwareDatetime


class DeadLetterDiscarded(Fact):
    """An operator decided that nothing is to be done about it."""

    type: Literal["dead_letter.discarded"] = "dead_letter.discarded"
    letter: str
    by: str
    note: str = ""
    recorded_at: AwareDatetime


DeadLetterAct = Annotated[DeadLetterRedriven | DeadLetterDiscarded, Field(discriminator="type")]


KEPT_BYTES = 128 * 1024


def bury(
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    *,
    error: Exception,
    reader: str,
    at: datetime,
) -> DeadLetter:
    """The dead letter of one record that `reader` could not process."""
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset,
        reason=str(error)[:4_000],
        error=type(error).__name__,
        reader=reader,
        key_base64=None if key is None else base64.b64encode(key[:1_024]).decode(),
        value_base64=None if value is None else base64.b64encode(value[:KEPT_BYTES]).decode(),
        value_bytes=len(value or b""),
        recorded_at=at,
    )
