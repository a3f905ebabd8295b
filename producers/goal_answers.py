"""What the Goal Engine's client answers: results and figures, as the readings tell them. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, JsonValue

from events.task import FINAL, Status


class GoalAnswer(BaseModel):
    """Base of all answers: frozen, and tolerant of fields that newer versions add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class CacheMetrics(GoalAnswer):
    """What a cached path did for the task."""

    cached_path_used: bool
    time_saved_seconds: float


class TaskResult(GoalAnswer):
    """A task as the readings tell it."""

    task_id: str
    status: Status
    final_result: str | None
    result_data: dict[str, JsonValue] | None
    error_type: str | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    total_time_seconds: float | None
    total_steps: int
    total_cost: float  #: USD
    cache: CacheMetrics
    recovery_attempts: int
    metadata: dict[str, JsonValue] = {}

    @property
    def is_complete(self) -> bool:
        """Whether it is over: completed, failed or cancelled."""
        return self.status in FINAL


class QueueStatus(GoalAnswer):
    """How much waits and runs, and how long it takes."""

    queue_depth: int
    pending_tasks: int
    running_tasks: int
    completed_today: int
    failed_today: int
    avg_wait_time_seconds: float | None
    avg_completion_time_seconds: float | None
    health: str


class MetricsSummary(GoalAnswer):
    """The last thirty days in a few figures; rates in percent, none where nothing was counted."""

    total_tasks_completed: int
    total_tasks_failed: int
    success_rate: float | None
    avg_task_time_seconds: float | None
    avg_task_cost: float | None
    total_cost: float  #: USD
    cache_hit_rate: float | None
    recovery_rate: float | None
