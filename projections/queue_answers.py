"""What queries of queues, workers and metrics answer with: frozen values with aware UTC times. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

GroupBy = Literal["day", "week", "month"]
WorkerState = Literal["alive", "draining", "drained", "gone"]


@dataclass(frozen=True, slots=True)
class QueueCeilings:
    """How many tasks may run at once; none is no limit of the queue's own."""

    running: int | None = None
    per_site: int | None = None
    per_account: int | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue: one that has tasks, or that an operator gave an order about."""

    name: str
    paused: bool
    reason: str | None  #: given with the pause
    ceilings: QueueCeilings
    waiting: int  #: tasks that wait for a worker, `not_before` and `retry_at` included
    running: int  #: tasks a worker holds


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The queues at one moment; times are figures of tasks that completed or failed in the 24 hours before it."""

    queue_depth: int  #: tasks that wait for a worker: pending, or recovering without one
    pending_tasks: int
    running_tasks: int  #: CLAIMED, IN_PROGRESS or RECOVERED
    paused_tasks: int
    escalated_tasks: int
    recovering_tasks: int
    completed_today: int  #: since midnight UTC
    failed_today: int
    avg_wait_time_seconds: float | None  #: submitted (or `not_before`) to first start; none when nothing ended
    avg_completion_time_seconds: float | None  #: first start to end; none when nothing ended
    oldest_waiting_seconds: float | None  #: of the pending tasks that might be started now; none without one
    queues: list[QueueRow]  #: by name


@dataclass(frozen=True, slots=True)
class MetricsSummary:
    """Tasks that completed or failed on the days asked for; cancelled, escalated and running ones count nowhere.

    Rates are in percent; rates and averages are none when there is nothing to divide by.
    """

    total_tasks_completed: int
    total_tasks_failed: int
    success_rate: float | None  #: completed / (completed + failed)
    avg_task_time_seconds: float | None  #: first start to end, of those that started
    avg_task_cost: float | None  #: USD
    total_cost: float  #: USD: steps and cost reports of these tasks, late ones included
    cache_hit_rate: float | None  #: completed by a cached path / completed
    recovery_rate: float | None  #: recoveries that held / recoveries tried
    priced_cost: float | None = 0.0  #: USD: tokens at their price then; none when none of it has a known price
    unpriced_tokens: int = 0  #: without a known price
    unpriced_cost: float = 0.0  #: USD, reported for what has no known price


@dataclass(frozen=True, slots=True)
class MetricsRow:
    """The same for one day, week or month; those in which nothing ended have no row."""

    date: date  #: the day, the Monday of the week, the first of the month (UTC, of the end)
    completed: int
    failed: int
    avg_time: float | None  #: seconds
    avg_cost: float | None  #: USD
    cache_hit_rate: float | None  #: percent
    recovery_attempts: int
    recovery_success_rate: float | None  #: percent


@dataclass(frozen=True, slots=True)
class AiShare:
    """What one provider did for the tasks of the summary."""

    count: int  #: steps and cost reports
    cost: float  #: USD; the shares add up to `total_cost`
    priced_cost: float | None = 0.0  #: USD: tokens at their price then; none when none of it has a known price
    unpriced_tokens: int = 0  #: without a known price
    unpriced_cost: float = 0.0  #: USD, reported for what has no known price


@dataclass(frozen=True, slots=True)
class Metrics:
    """mission.md §7, `GET /metrics`."""

    summary: MetricsSummary
    metrics_by_date: list[MetricsRow]  #: oldest first
    ai_routing_breakdown: dict[str, AiShare]


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """A worker as it last spoke of itself, and the tasks it holds."""

    worker: str
    host: str
    software: str
    queues: list[str]
    capacity: int  #: tasks it can hold at once; 0 once it takes no more by itself
    holding: int  #: tasks whose lease it has
    load: float  #: percent of the capacity; 100 when it holds tasks without one
    state: WorkerState  #: `draining` still holds tasks, `drained` holds none, `gone` was silent for over 15 s
    drained_reason: str | None  #: an operator's; none without an order
    last_seen: datetime  #: by the broker's clock
    tasks: list[str] = field(default_factory=list)  #: ids of what it holds
