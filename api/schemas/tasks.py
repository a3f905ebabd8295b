"""Tasks as they are listed and shown. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, model_validator

from api.schemas.base import MAX_NUMBER, Given, Moment, Percent, Taken, Usd, WaitFor
from events.failure import ErrorType
from events.task import Status

Word = Annotated[str, Field(min_length=1, max_length=300)]


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
    total: int | None = Field(description="how many match in all; null when it was not asked for")
    limit: int
    offset: int
    next_cursor: str | None = Field(description="`cursor` of the next page; null when this is the last one")


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
    total_cost: Usd = Field(description="as reported")
    priced_cost: Usd | None = Field(description="tokens at their price then; null when none of it has a known price")
    unpriced_tokens: int = Field(description="without a known price")
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

    status: list[Status] = Field(default_factory=list, description="any of them; may be given several times")
    site_url: Annotated[str, Field(max_length=2_000)] | None = Field(None, description="a part of the address")
    queue: Word | None = None
    priority: Annotated[int, Field(ge=1, le=10)] | None = None
    worker: Word | None = Field(None, description="that holds it, or held it when it ended")
    submitted_by: Word | None = None
    error_type: ErrorType | None = Field(None, description="of the last failed attempt")
    text: Annotated[str, Field(max_length=2_000)] | None = Field(None, description="a part of the goal")
    metadata: list[Annotated[str, Field(pattern=r"^[^=]+=", max_length=2_000)]] = Field(
        default_factory=list, max_length=10, description="`name=value` of a field of yours; may be given several times"
    )
    created_after: Moment | None = None
    created_before: Moment | None = None
    completed_after: Moment | None = None
    completed_before: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_NUMBER)] = 0
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="`next_cursor` of the page before, instead of `offset`: as fast at any depth"
    )
    total: bool = Field(default=True, description="whether to count all that match")
    wait_for: WaitFor = None

    @model_validator(mode="after")
    def _one_way_of_paging(self) -> ListQuery:
        if self.cursor is not None and self.offset:
            raise ValueError("give either `cursor` or `offset`")
        return self

    @property
    def wanted(self) -> dict[str, Any]:
        """As the readings are asked: what was given, and how much to show."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "wait_for"}
        given = {name: value for name, value in fields.items() if value not in (None, [])}
        return given | ({"metadata": dict(pair.split("=", 1) for pair in self.metadata)} if self.metadata else {})


class TaskQuery(Taken):
    """How new the reading must be."""

    wait_for: WaitFor = None
