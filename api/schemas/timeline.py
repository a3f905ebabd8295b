"""A task's facts, and a task as it was. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter

from api.schemas.base import Given, Moment
from api.schemas.tasks import TaskQuery

_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


def _point(value: str) -> str:
    if _VERSION.fullmatch(value) is None:
        try:
            _MOMENT.validate_strings(value)
        except ValueError as error:
            raise ValueError("neither a version nor a time such as 2026-11-23T12:00:00Z") from error
    return value


class TaskPointQuery(TaskQuery):
    """How new the reading must be, or of which moment."""

    as_of: Annotated[
        str | None,
        AfterValidator(lambda value: None if value is None else _point(value)),
        Field(description="a time with its zone, or a version: the task as it was then", examples=["3"]),
    ] = None

    @property
    def version(self) -> int | None:
        """The version asked for."""
        return int(self.as_of) if self.as_of is not None and _VERSION.fullmatch(self.as_of) else None

    @property
    def moment(self) -> datetime | None:
        """The time asked for."""
        return None if self.as_of is None or self.version is not None else _MOMENT.validate_strings(self.as_of)


class TimelineQuery(TaskQuery):
    """Which facts."""

    after_version: Annotated[int, Field(ge=0, le=2_000_000_000, description="facts behind this version")] = 0
    limit: Annotated[int, Field(ge=1, le=1_000)] = 1_000


class TimelineFact(Given):
    """One fact of a task."""

    version: int = Field(description="1-based, gap-free per task")
    event_id: str
    type: str
    recorded_at: Moment
    caused_by: str = Field(description="who issued the command it decides")
    causation_id: str = Field(description="that command's id")
    partition: int
    offset: int
    event: dict[str, Any] = Field(description="as it lies on the log; see the catalogue in events/README.md")


class Timeline(Given):
    """A task's facts, oldest first."""

    task_id: str
    events: list[TimelineFact]


class FeedFact(TimelineFact):
    """One fact of any task."""

    task_id: str
