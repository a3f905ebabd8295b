"""What queries answer with: frozen values with aware UTC times. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from events.task import FINAL, RUNNING, Status

Json = Any  #: a decoded JSON value


def progress_percent(status: str, steps_done: int, planned_steps: int, max_steps: int) -> int:
    """0 to 100; 100 only when the goal is reached."""
    if status == Status.COMPLETED:
        return 100
    return min(99, steps_done * 100 // max(1, planned_steps or max_steps))


@dataclass(frozen=True, slots=True)
class TaskAnswer:
    """Everything known of one task (mission.md §1)."""

    id: str
    goal: str
    site_url: str
    status: Status
    priority: int
    timeout_minutes: float
    metadata: dict[str, Json]
    inputs: dict[str, Json]
    secrets: dict[str, str]  #: name -> reference, never a value
    success_indicators: list[Json]
    plan: list[Json]  #: steps the caller declared
    planned_steps: int
    max_steps: int
    queue: str
    not_before: datetime | None
    expires_at: datetime | None  #: given up if not started by then; the earlier of what the caller asked
    callback_url: str | None
    submitted_by: str
    idempotency_key: str | None
    created_at: datetime
    queued_at: datetime  #: when it last began to wait for a worker
    claimed_at: datetime | None
    started_at: datetime | None  #: of the first start
    paused_at: datetime | None
    completed_at: datetime | None  #: when it ended, whatever way
    worker: str | None  #: that holds it, or held it when it ended
    attempts: int
    lease_epoch: int
    lease_until: datetime | None
    deadline: datetime | None
    retry_at: datetime | None
    recovery_strategy: str | None
    recovery_attempts: int
    recoveries_succeeded: int  #: how many of them held
    recovery_succeeded: bool | None  #: of the last one; none while it is open, or without one
    escalations: int  #: how often a human was needed
    error_type: str | None
    error_message: str | None
    evidence: Json
    asked: str | None  #: `pause` or `cancel`, while the worker has not answered
    reason: str | None
    operator: str | None
    checkpoint: str | None
    cached_path_used: bool
    cache_time_saved_seconds: float
    final_result: str | None
    result_data: dict[str, Json] | None
    version: int
    last_event_id: str
    updated_at: datetime
    total_steps: int
    total_cost: float  #: USD, as reported
    priced_cost: float | None = 0.0  #: USD: tokens at their price then; none when none of it has a known price
    unpriced_tokens: int = 0  #: without a known price

    @property
    def total_time_seconds(self) -> float | None:
        """From the first start to the end."""
        if self.started_at is None or self.completed_at is None:
            return None
        return max(0.0, (self.completed_at - self.started_at).total_seconds())

    @property
    def progress(self) -> int:
        """In percent."""
        return progress_percent(self.status, self.total_steps, self.planned_steps, self.max_steps)

    def is_running(self) -> bool:
        """Whether a worker holds it."""
        return self.status in RUNNING

    def is_complete(self) -> bool:
        """Whether it is over: completed, failed or cancelled."""
        return self.status in FINAL

    def duration(self, now: datetime | None = None) -> float | None:
        """Seconds since the first start, up to the end or `now`; none before the start."""
        if self.started_at is None:
            return None
        end = self.completed_at or now or datetime.now(UTC)
        return max(0.0, (end - self.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """One line of a list."""

    id: str
    goal: str
    site_url: str
    status: Status
    progress: int  #: percent
    cost: float  #: USD
    cache_hit: bool
    created_at: datetime

    def is_running(self) -> bool:
        """Whether a worker holds it."""
        return self.status in RUNNING

    def is_complete(self) -> bool:
        """Whether it is over: completed, failed or cancelled."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of a list, and how many there are in all."""

    tasks: list[TaskSummary]
    total: int | None  #: none: not asked for
    limit: int
    offset: int
    next_cursor: str | None = None  #: where the next page begins; none on the last one


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """One row of a task's execution log (mission.md §2)."""

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
    cost: float
    result: str  #: `success`, `error`, `retry` or `skipped`
    error_type: str | None
    error_details: str | None
    url: str
    irreversible: bool
    artifacts: list[Json]
    worker: str
    lease_epoch: int
    created_at: datetime
    priced_cost: float | None = None  #: USD, tokens at their price then; none: unpriced


@dataclass(frozen=True, slots=True)
class ExecutionLog:
    """The steps asked for, and how many the task has in all."""

    task_id: str
    execution_log: list[StepAnswer]
    total_steps: int


@dataclass(frozen=True, slots=True)
class RecoveryAnswer:
    """One attempt to recover a task (mission.md §4)."""

    task_id: str
    attempt_number: int  #: as decided; it begins anew when an operator says retry
    error_type: str
    error_message: str
    recovery_strategy: str
    same_session: bool  #: whether the worker keeps its page
    was_successful: bool | None  #: none while it is open, or when the task was cancelled meanwhile
    details: Json  #: the evidence of the failure
    planned_at: datetime
    retry_at: datetime
    decided_at: datetime | None  #: when it held, or did not


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """How far the reading is behind in one partition."""

    topic: str
    partition: int
    next_offset: int  #: everything below it is visible
    end: int  #: of the log
    stopped: str | None = None  #: why this partition is not read on

    @property
    def behind(self) -> int:
        """Records not yet visible."""
        return max(0, self.end - self.next_offset)


@dataclass(frozen=True, slots=True)
class ReadingCounts:
    """What the reading met, per topic, since the store was made."""

    topic: str
    taken: int
    strays: int
    repeats: int
    unknown: int
    undecodable: int
