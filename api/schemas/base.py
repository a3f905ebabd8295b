"""What all shapes share: the one shape of answers, times, and how to wait for a fact. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

T = TypeVar("T")

MAX_NUMBER = 2**31 - 1  #: of what counts rows and steps
WaitFor = Annotated[
    str | None,
    Field(
        pattern=r"^([A-Za-z0-9._-]{1,249}:\d{1,4}:\d{1,18}|[0-9a-fA-F-]{32,36})$",
        description="the `fact` a command led to, or the `command_id`: answer once what it led to is read",
    ),
]


def _utc(value: datetime) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the calendar") from error


#: ISO 8601 in UTC, ending in `Z`; taken without a zone, it is read as UTC.
Moment = Annotated[datetime, AfterValidator(_utc)]
Percent = Annotated[int, Field(ge=0, le=100, description="percent of the steps expected; 100 only when completed")]
Usd = Annotated[float, Field(description="USD")]


class Taken(BaseModel):
    """Base of what callers send: a field nobody knows is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(BaseModel):
    """Base of what callers get."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", from_attributes=True, json_schema_serialization_defaults_required=True
    )


class Answer(Given, Generic[T]):
    """Every answer that is no failure."""

    success: Literal[True] = True
    data: T
    error: None = None


class Failure(Given):
    """Every answer that is one."""

    success: Literal[False] = False
    data: None = None
    error: str
