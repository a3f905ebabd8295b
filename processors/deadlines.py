"""What is due at a moment: leases, timeouts, expiry. Timers only supply the moment. Pure."""

from __future__ import annotations

from datetime import datetime

from events.errors import CommandRejected
from events.facts import TaskCancelled, TaskFact, TaskFailed, TaskPaused
from events.failure import ErrorType
from events.task import Claimed, InProgress, Pending, Recovery, Task, lease_of, status_of
from processors.policy import Policy
from processors.worker_reports import attempt_failed


def next_deadline(task: Task) -> datetime | None:
    """The moment at which CheckDeadlines would find something; none while nothing can run out."""
    match task:
        case Pending():
            return expiry_of(task)
        case Claimed():
            return task.lease.until
        case InProgress():
            return min(task.lease.until, task.deadline)
        case Recovery(lease=None):
            return expiry_of(task)
        case Recovery(lease=lease) if lease is not None:
            return lease.until if task.deadline is None else min(lease.until, task.deadline)
        case _:
            return None


def expiry_of(task: Pending | Recovery) -> datetime | None:
    """The moment by which the task must have been started; none once it was, whatever became of that attempt.

    A task may recover without having been started: its runner died after the claim.
    """
    return task.goal.expires_at if task.history.started_at is None else None


def check(task: Task, now: datetime, policy: Policy) -> TaskFact | None:
    """The fact that a passed deadline leads to; none when nothing is due any more."""
    due = next_deadline(task)
    if due is None or now < due:
        return None
    match task:
        case Pending() | Recovery(lease=None):
            return TaskFailed(error_type=ErrorType.EXPIRED, error_message=f"not started by {due.isoformat()}")
        case InProgress(asked="pause") if now >= task.lease.until:
            return TaskPaused(reason="asked for while running; its runner was lost")
        case InProgress(asked="cancel") if now >= task.lease.until:
            return TaskCancelled(reason="asked for while running; its runner was lost")
        case Claimed() | InProgress() | Recovery():
            return _ran_out(task, now, policy)
        case _:
            raise CommandRejected(f"nothing runs out while the task is {status_of(task)}")


def _ran_out(task: Claimed | InProgress | Recovery, now: datetime, policy: Policy) -> TaskFact:
    lease = lease_of(task)
    if lease is not None and now >= lease.until:
        message = f"the lease of {lease.worker!r} (epoch {lease.epoch}) ran out: its runner stopped or lost the broker"
        return attempt_failed(task, ErrorType.RUNNER_LOST, message, now, policy)
    minutes = f"{task.goal.timeout_minutes:g}"
    return attempt_failed(task, ErrorType.TASK_TIMEOUT, f"not done within {minutes} minutes", now, policy)
