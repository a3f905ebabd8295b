"""What a worker may report about a task it holds, fenced by the lease's epoch. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from events import commands as c
from events.errors import CommandRejected
from events.facts import (
    LeaseRenewed,
    RecoveryPlanned,
    TaskCancelled,
    TaskCompleted,
    TaskEscalated,
    TaskFact,
    TaskFailed,
    TaskPaused,
    TaskRecovered,
    TaskReleased,
    TaskStarted,
)
from events.failure import ErrorType
from events.task import Claimed, Finished, InProgress, Lease, Recovery, Task, lease_of, status_of
from processors.policy import Policy
from processors.recovery import classify, delay_before
from processors.recovery_rules import RecoveryTable

Report = c.StartTask | c.RenewLease | c.ReleaseTask | c.CompleteTask | c.FailAttempt | c.ReportRecovered | c.YieldTask
Held = Claimed | InProgress | Recovery


def decide(task: Task, report: Report, now: datetime, policy: Policy) -> TaskFact | None:
    """The fact that follows from a worker's report.

    Raises:
        CommandRejected: the worker does not hold the task, or the state does not allow it.
    """
    held, lease = _fenced(task, report)
    match report:
        case c.StartTask():
            return _start(held, lease, report, now, policy)
        case c.RenewLease():
            return LeaseRenewed(
                lease_epoch=lease.epoch,
                lease_until=now + policy.lease,
                step_number=report.step_number,
                cost=report.cost,
            )
        case c.ReleaseTask():
            return _release(held, lease, report)
        case c.CompleteTask():
            return _complete(held, lease, report)
        case c.FailAttempt():
            return _fail(held, report, now, policy)
        case c.ReportRecovered():
            return _recovered(held, lease, now, policy)
        case c.YieldTask():
            return _yield(held, report)
        case _:
            assert_never(report)


def _fenced(task: Task, report: Report) -> tuple[Held, Lease]:
    lease = lease_of(task)
    if isinstance(task, Finished):
        raise CommandRejected(f"the task is {task.status} already", code="stale_epoch")
    if lease is None or not isinstance(task, Claimed | InProgress | Recovery):
        raise CommandRejected(f"nobody holds the task: it is {status_of(task)}", code="stale_epoch")
    if lease.epoch != report.lease_epoch or lease.worker != report.worker:
        raise CommandRejected(
            f"epoch {report.lease_epoch} of {report.worker!r} is over: the task is held under epoch {lease.epoch}",
            code="stale_epoch",
        )
    return task, lease


def _start(held: Held, lease: Lease, report: c.StartTask, now: datetime, policy: Policy) -> TaskStarted | None:
    match held:
        case Claimed():
            first = held.history.steps_offset
            return TaskStarted(
                lease_epoch=lease.epoch,
                lease_until=now + policy.lease,
                deadline=now + timedelta(minutes=held.goal.timeout_minutes),
                steps_offset=report.steps_offset if first is None else first,
            )
        case InProgress():
            return None
        case _:
            raise CommandRejected(f"cannot start: the task is {status_of(held)}")


def _release(held: Held, lease: Lease, report: c.ReleaseTask) -> TaskReleased | TaskPaused | TaskCancelled:
    """Back to the queue, unless somebody asked for its end: that request must not be lost with the worker."""
    match held:
        case InProgress(asked="pause"):
            return TaskPaused(reason="asked for while running; its runner gave it back")
        case InProgress(asked="cancel"):
            return TaskCancelled(reason="asked for while running; its runner gave it back")
        case _:
            return TaskReleased(lease_epoch=lease.epoch, reason=report.reason)


def _complete(held: Held, lease: Lease, report: c.CompleteTask) -> TaskCompleted:
    if isinstance(held, Claimed):
        raise CommandRejected("cannot complete: the task was never started")
    return TaskCompleted(
        lease_epoch=lease.epoch,
        final_result=report.final_result,
        result_data=report.result_data,
        evidence=report.evidence,
        cached_path_used=report.cached_path_used,
        cache_time_saved_seconds=report.cache_time_saved_seconds,
        total_steps=report.total_steps,
        total_cost=report.total_cost,
    )


def _recovered(held: Held, lease: Lease, now: datetime, policy: Policy) -> TaskRecovered | None:
    match held:
        case InProgress(recovered=True):
            return None
        case Recovery() | InProgress():
            return TaskRecovered(
                lease_epoch=lease.epoch,
                attempt_number=held.history.recoveries,
                lease_until=now + policy.lease,
            )
        case _:
            raise CommandRejected(f"cannot recover: the task is {status_of(held)}")


def _yield(held: Held, report: c.YieldTask) -> TaskPaused | TaskCancelled:
    match held:
        case InProgress(asked="pause"):
            return TaskPaused(reason="asked for while running", checkpoint=report.checkpoint)
        case InProgress(asked="cancel"):
            return TaskCancelled(reason="asked for while running")
        case _:
            raise CommandRejected("cannot yield: nobody asked for it")


def _fail(
    held: Held, report: c.FailAttempt, now: datetime, policy: Policy
) -> RecoveryPlanned | TaskFailed | TaskEscalated | TaskPaused | TaskCancelled:
    error_type = report.error_type or classify(report.error_message)
    if not report.recovery_needed and error_type is not ErrorType.UNCONFIRMED:
        return TaskFailed(
            lease_epoch=report.lease_epoch,
            error_type=error_type,
            error_message=report.error_message,
            evidence=report.evidence,
        )
    return attempt_failed(held, error_type, report.error_message, now, policy, report=report)


def attempt_failed(
    held: Held,
    error_type: ErrorType,
    message: str,
    now: datetime,
    policy: Policy,
    *,
    report: c.FailAttempt | None = None,
) -> RecoveryPlanned | TaskFailed | TaskEscalated | TaskPaused | TaskCancelled:
    """What one failed attempt leads to; the fact that carries the failure carries the decision."""
    evidence = report.evidence if report else {}
    epoch, table = held.history.epoch, policy.recovery.for_site(held.goal.site_url)
    course = table.rule(error_type).then
    asked = held.asked if isinstance(held, InProgress) else None
    if asked == "cancel":
        return TaskCancelled(reason=f"asked for while running; the attempt failed: {message}")
    if course == "stop":
        return TaskFailed(lease_epoch=epoch, error_type=error_type, error_message=message, evidence=evidence)
    if course != "escalate" and asked == "pause":
        return TaskPaused(reason=f"asked for while running; the attempt failed: {message}")
    if course == "escalate" or _used_up(held, error_type, table, policy):
        return TaskEscalated(lease_epoch=epoch, error_type=error_type, error_message=message, evidence=evidence)
    recovery = held.history.recoveries + 1
    lost = error_type is ErrorType.RUNNER_LOST
    # A lost runner says nothing against the site, so the next one may start at once.
    delay = timedelta(0) if lost else delay_before(recovery, error_type, f"{message}:{epoch}", table)
    kept = report is not None and report.session_alive and not isinstance(held, Claimed) and delay <= table.hold_page
    return RecoveryPlanned(
        lease_epoch=epoch,
        error_type=error_type,
        error_message=message,
        evidence=evidence,
        strategy=course,
        attempt_number=recovery,
        retry_at=now + delay,
        same_session=kept,
        # From now, as the worker counts it: it renews while it waits, and its wait can be read from the two moments.
        lease_until=now + policy.lease if kept else None,
    )


def _used_up(held: Held, error_type: ErrorType, table: RecoveryTable, policy: Policy) -> bool:
    if error_type is ErrorType.RUNNER_LOST and held.history.losses + 1 >= policy.max_losses:
        return True
    return held.history.recoveries >= table.max_recoveries
