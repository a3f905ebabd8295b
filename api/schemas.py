"""What the HTTP API takes and gives, in its own words; every answer has one shape. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
)

from events.access import Scope
from events.goal import PRIORITIES, GoalStatement, Priority
from events.task import Status

T = TypeVar("T")

MAX_NUMBER = 2**31 - 1  #: of what counts rows and steps
WaitFor = Annotated[
    str | None,
    Field(
        pattern=r"^[A-Za-z0-9._-]{1,249}:\d{1,4}:\d{1,18}$",
        description="the `fact` a command led to: answer once it is read",
    ),
]


def _utc(value: datetime) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the calendar") from error


def _named_priority(value: object) -> object:
    return PRIORITIES.get(value.upper(), value) if isinstance(value, str) else value


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


class SubmitGoal(GoalStatement, Taken):
    """A goal to take on."""

    priority: Annotated[
        Priority,
        BeforeValidator(
            _named_priority, json_schema_input_type=Priority | Literal["LOW", "NORMAL", "HIGH", "CRITICAL"]
        ),
        Field(description="1 to 10, 10 is the most urgent; LOW=2, NORMAL=5, HIGH=8, CRITICAL=10"),
    ] = 5


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
    expires_at: Moment | None
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


class StepRow(Given):
    """One step as it was taken, or tried."""

    task_id: str
    step_number: int
    action: str
    ai_level: int
    ai_used: str
    level_reason: str
    model: str | None
    input_tokens: int
    output_tokens: int
    duration_ms: float
    cost: Usd
    result: str = Field(description="`success`, `error`, `retry` or `skipped`")
    error_type: str | None
    error_details: str | None
    url: str
    irreversible: bool
    artifacts: list[dict[str, JsonValue]]
    worker: str
    lease_epoch: int
    created_at: Moment


class ExecutionLog(Given):
    """The steps of a task, in order."""

    task_id: str
    execution_log: list[StepRow]
    total_steps: int


class ListQuery(Taken):
    """Which tasks to list."""

    status: Status | None = None
    site_url: Annotated[str, Field(max_length=2_000)] | None = Field(None, description="a part of the address")
    created_after: Moment | None = None
    created_before: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_NUMBER)] = 0


class LogQuery(Taken):
    """Which steps to show."""

    step_min: Annotated[int, Field(ge=0, le=MAX_NUMBER)] | None = None
    step_max: Annotated[int, Field(ge=0, le=MAX_NUMBER)] | None = None
    ai_level: Annotated[int, Field(ge=0, le=5)] | None = None
    ai_used: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    wait_for: WaitFor = None


class TaskQuery(Taken):
    """How new the reading must be."""

    wait_for: WaitFor = None


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


class Health(Given):
    """How the API and what it leans on are doing."""

    status: Literal["ok", "degraded"]
    timestamp: Moment
    version: str
    broker_reachable: bool
    projector_running: bool
    projector_lag: int | None = Field(description="facts on the log that the readings do not hold yet")
    outcomes_ready: bool
    processors: int | None = Field(description="processors that hold partitions; null when the broker does not say")
    problems: list[str]
