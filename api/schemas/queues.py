"""Queues and workers as they are shown, and the orders operators give about them. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.queue_health import Health
from api.schemas.base import Given, Moment, Taken

_AtMost = Annotated[int, Field(ge=1, le=1_000_000)]
_Reason = Annotated[str, Field(max_length=2_000)]


class Ceilings(Taken, Given):
    """How many tasks may run at once; null is no limit of the queue's own."""

    running: _AtMost | None = Field(None, description="tasks of this queue")
    per_site: _AtMost | None = Field(None, description="tasks on one site, when the next one is of this queue")
    per_account: _AtMost | None = Field(None, description="likewise with one account of a site (`metadata.account`)")


class QueueView(Given):
    """One queue: one that has tasks, or that an operator gave an order about."""

    name: str
    paused: bool
    reason: str | None = Field(description="given with the pause")
    ceilings: Ceilings
    waiting: int = Field(description="tasks that wait for a worker, those that must not start yet included")
    running: int = Field(description="tasks a worker holds")


class QueueList(Given):
    """Every queue, by name."""

    queues: list[QueueView]


class QueueStatus(Given):
    """All queues at this moment."""

    queue_depth: int = Field(description="tasks that wait for a worker: pending, or recovering without one")
    pending_tasks: int
    running_tasks: int = Field(description="CLAIMED, IN_PROGRESS or RECOVERED")
    paused_tasks: int
    escalated_tasks: int
    recovering_tasks: int
    completed_today: int = Field(description="since midnight UTC")
    failed_today: int = Field(description="since midnight UTC")
    avg_wait_time_seconds: float | None = Field(
        description="submitted (or `not_before`) to first start, of tasks that ended in the last 24 hours"
    )
    avg_completion_time_seconds: float | None = Field(
        description="first start to end, of tasks that ended in the last 24 hours"
    )
    oldest_waiting_seconds: float | None = Field(description="of the pending tasks that might be started now")
    workers: int = Field(description="that are alive and take tasks")
    health: Health = Field(description="`ok`, `degraded` or `critical`; the thresholds are in api/README.md")
    health_reasons: list[str] = Field(description="what is not as it should be, the gravest first; empty when ok")
    queues: list[QueueView]


class WorkerView(Given):
    """A worker as it last spoke of itself, and the tasks it holds."""

    worker: str
    host: str
    software: str
    queues: list[str]
    capacity: int
    holding: int
    load: float = Field(description="percent of the capacity")
    state: Literal["alive", "draining", "drained", "gone"] = Field(
        description="`draining` still holds tasks, `drained` holds none, `gone` was silent for over 15 s"
    )
    drained_reason: str | None
    last_seen: Moment = Field(description="by the broker's clock")
    tasks: list[str]


class WorkerList(Given):
    """Workers, those heard last first."""

    workers: list[WorkerView]


class WorkerQuery(Taken):
    """Which workers to list."""

    include_gone: bool = Field(default=False, description="those that fell silent, too")


class Order(Taken):
    """Why; shown to whoever wonders later."""

    reason: _Reason = ""


class QueueOrdered(Given):
    """The dispatcher acts on the order from now on."""

    queue: str
    order: Literal["pause", "resume", "ceilings"]
    already_true: bool = Field(description="it was so before; nothing was recorded")
    decided_at: Moment
    fact: str | None


class WorkerOrdered(Given):
    """The dispatcher acts on the order from now on."""

    worker: str
    order: Literal["drain", "resume"]
    already_true: bool = Field(description="it was so before; nothing was recorded")
    decided_at: Moment
    fact: str | None


class OrderUnderway(Given):
    """The order is on the log, its outcome is not known yet."""

    subject: str = Field(description="the queue or the worker")
    command_id: str
