"""A goal as callers send it, and what they get for commands about a task. Pure."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from api.schemas.base import Given, Moment, Taken
from events.goal import PRIORITIES, GoalStatement, Priority
from events.task import Status


def _named_priority(value: object) -> object:
    return PRIORITIES.get(value.upper(), value) if isinstance(value, str) else value


class SubmitGoal(GoalStatement, Taken):
    """A goal to take on."""

    priority: Annotated[
        Priority,
        BeforeValidator(
            _named_priority, json_schema_input_type=Priority | Literal["LOW", "NORMAL", "HIGH", "CRITICAL"]
        ),
        Field(description="1 to 10, 10 is the most urgent; LOW=2, NORMAL=5, HIGH=8, CRITICAL=10"),
    ] = 5

    @model_validator(mode="after")
    def _can_start(self) -> Self:
        if self.not_before is not None and self.expires_at is not None and self.expires_at <= self.not_before:
            raise ValueError("expires_at must lie after not_before, or the task could never start")
        return self


class Submitted(Given):
    """The goal was taken on."""

    task_id: str
    status: Status
    queued_at: Moment
    priority: int
    timeout_minutes: float
    fact: str | None = Field(description="`topic:partition:offset` to hand to `wait_for`; none for a repeated key")


class Underway(Given):
    """The command is on the log, its outcome is not known yet; look at the task in a moment."""

    task_id: str
    command_id: str


class Paused(Given):
    """The task rests, or will at the end of its step (then `paused_at` is null)."""

    task_id: str
    status: Status
    paused_at: Moment | None
    steps_completed: int
    fact: str | None


class Resumed(Given):
    """The task waits again."""

    task_id: str
    status: Status
    resumed_at: Moment
    fact: str | None


class Cancelled(Given):
    """The task will not be done; `cancelled_at` is null while it finishes its step."""

    task_id: str
    status: Status
    cancelled_at: Moment | None
    fact: str | None
