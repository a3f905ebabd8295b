"""Tasks as they are listed and shown. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from api.schemas.base import MAX_NUMBER, Given, Moment, Percent, Taken, Usd, WaitFor
from events.task import Status


class TaskSummary(Given):
    """A task in a list."""

    id: str
    goal: str
    site_url: str
    status: Status
    progress: Percent
    cost: Usd
    cache_hit: bool
    created_at: Moment


class TaskPage(Given):
    """Tasks, newest first."""

    tasks: list[TaskSummary]
    total: int
    limit: int
    offset: int


class TaskView(Given):
    """Every field of a task."""

    id: str
    goal: str
    site_url: str
    status: Status
    priority: int
    timeout_minutes: float
    metadata: dict[str, JsonValue]
    inputs: dict[str, JsonValue]
    secrets: dict[str, str]
    success_indicators: list[dict[str, JsonValue]]
    steps: list[dict[str, JsonValue]] = Field(validation_alias="plan", description="the declared plan")
    max_steps: int
    queue: str
    not_before: Moment | None
    expires_at: Moment | None = Field(description="given up if it is not started by then")
    callback_url: str | None
    created_at: Moment
    started_at: Moment | None
    completed_at: Moment | None
    total_steps: int
    total_time_seconds: float | None
    total_cost: Usd
    progress: Percent
    cached_path_used: bool
    cache_time_saved_seconds: float
    final_result: str | None
    result_data: dict[str, JsonValue] | None
    evidence: JsonValue = Field(description="what proved the end, or the last failure")
    error_type: str | None
    error_message: str | None
    recovery_attempts: int
    recovery_succeeded: bool | None
    recovery_strategy: str | None
    retry_at: Moment | None
    paused_at: Moment | None
    asked: Literal["pause", "cancel"] | None = Field(description="what the worker was asked and has not answered")
    reason: str | None
    attempts: int
    worker: str | None
    submitted_by: str
    version: int = Field(description="number of facts about the task")


class ListQuery(Taken):
    """Which tasks to list."""

    status: Status | None = None
    site_url: Annotated[str, Field(max_length=2_000)] | None = Field(None, description="a part of the address")
    created_after: Moment | None = None
    created_before: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_NUMBER)] = 0


class TaskQuery(Taken):
    """How new the reading must be."""

    wait_for: WaitFor = None
