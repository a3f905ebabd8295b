"""How the queues are doing, as one word with its reasons; the thresholds are named here and nowhere else. Pure."""

from __future__ import annotations

from typing import Literal

from projections.queue_answers import QueueStatus, WorkerAnswer

Health = Literal["ok", "degraded", "critical"]

WAIT_DEGRADED_SECONDS = 300  #: the oldest task that might be started has waited this long
WAIT_CRITICAL_SECONDS = 3_600
FAILED_DEGRADED_PERCENT = 10  #: of what ended today; the mission's target is that 90 % complete
FAILED_CRITICAL_PERCENT = 50
ENOUGH_ENDED = 10  #: fewer say nothing about a rate
ESCALATED_DEGRADED = 10  #: tasks that wait for a human


def judge(status: QueueStatus, workers: list[WorkerAnswer]) -> tuple[Health, list[str]]:
    """The health of the queues, and what is not as it should be, the gravest first."""
    critical: list[str] = []
    degraded: list[str] = []
    oldest = status.oldest_waiting_seconds or 0.0
    if status.queue_depth and not serving(workers):
        critical.append(f"no worker takes any of {status.queue_depth} waiting: see `goaltrail workers list`")
    if oldest >= WAIT_DEGRADED_SECONDS:
        found = critical if oldest >= WAIT_CRITICAL_SECONDS else degraded
        found.append(f"the oldest waiting task has waited for {oldest:.0f} s")
    failed = failed_percent(status)
    if failed is not None and failed >= FAILED_DEGRADED_PERCENT:
        found = critical if failed >= FAILED_CRITICAL_PERCENT else degraded
        found.append(f"{failed:.0f} % of the tasks that ended today failed")
    if status.escalated_tasks >= ESCALATED_DEGRADED:
        degraded.append(f"{status.escalated_tasks} tasks wait for a human: see `goaltrail desk list`")
    degraded += [
        f"queue {queue.name!r} is paused with {queue.waiting} waiting in it"
        for queue in status.queues
        if queue.paused and queue.waiting
    ]
    return ("critical" if critical else "degraded" if degraded else "ok"), critical + degraded


def serving(workers: list[WorkerAnswer]) -> int:
    """How many workers are alive and take tasks."""
    return sum(1 for worker in workers if worker.state == "alive" and worker.capacity > 0)


def failed_percent(status: QueueStatus) -> float | None:
    """The share of today's ends that are failures; none while too few have ended."""
    ended = status.completed_today + status.failed_today
    return None if ended < ENOUGH_ENDED else 100 * status.failed_today / ended
