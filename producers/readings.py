"""Readings from the HTTP API as answers of the clients."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from events.goal import seconds_of
from producers.goal_answers import MetricsSummary, QueueStatus, TaskResult
from producers.http import Door
from producers.worker_answers import WorkerTaskStatus

TASKS = "/api/browser-tasks"
M = TypeVar("M", bound=BaseModel)
_MOMENT: TypeAdapter[datetime | None] = TypeAdapter(AwareDatetime | None)


def result_of_task(door: Door, task_id: str, *, wait_for: str | None = None) -> TaskResult:
    """A task as it is now, or as of the fact named or later.

    Raises:
        NoSuchTask: nobody knows it.
        ApiUnreachable: no answer, or the readings have not reached the fact.
    """
    task = _task(door, task_id, wait_for)
    saved = task.get("cache_time_saved_seconds")
    cache = {"cached_path_used": task.get("cached_path_used"), "time_saved_seconds": saved}
    return _as(door, TaskResult, {**task, "task_id": task.get("id"), "cache": cache})


def status_of_task(door: Door, task_id: str) -> WorkerTaskStatus:
    """Status, progress, steps, cost and elapsed time; raises as `result_of_task`."""
    task = _task(door, task_id, None)
    elapsed = task.get("total_time_seconds")
    try:
        started = _MOMENT.validate_python(task.get("started_at"))
    except ValidationError as error:
        raise door.strange(f"a task without what clients need: {error}") from error
    if elapsed is None:
        elapsed = 0.0 if started is None else seconds_of(started, datetime.now(UTC))
    wanted = {"task_id": "id", "status": "status", "progress": "progress", "steps": "total_steps", "cost": "total_cost"}
    fields = {ours: task.get(theirs) for ours, theirs in wanted.items()}
    return _as(door, WorkerTaskStatus, {**fields, "elapsed_seconds": elapsed})


def queue_status(door: Door) -> QueueStatus:
    """How much waits and runs; raises ApiUnreachable."""
    return _as(door, QueueStatus, door.get(f"{TASKS}/queue/status"))


def metrics_summary(door: Door) -> MetricsSummary:
    """The last thirty days; raises ApiUnreachable."""
    return _as(door, MetricsSummary, door.get(f"{TASKS}/metrics").get("summary"))


def _task(door: Door, task_id: str, wait_for: str | None) -> dict[str, Any]:
    query = {} if wait_for is None else {"wait_for": wait_for}
    return door.get(f"{TASKS}/{task_id}", **query)


def _as(door: Door, model: type[M], said: object) -> M:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise door.strange(f"without what clients need: {error}") from error
