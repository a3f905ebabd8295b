"""`decide`: may this command change the task, and into which fact? One function per command. Pure.

No clock, no ids, no randomness: `now` is the broker's time of the command. `None` means "already true"; what the state
does not allow raises CommandRejected.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from events import commands as c
from events.errors import CommandRejected
from events.facts import (
    CancelRequested,
    EscalationClaimed,
    EscalationResolved,
    PauseRequested,
    TaskCancelled,
    TaskClaimed,
    TaskFact,
    TaskPaused,
    TaskResumed,
    TaskSubmitted,
)
from events.task import (
    Claimed,
    Escalated,
    Finished,
    InProgress,
    Paused,
    Pending,
    Recovery,
    Status,
    Task,
    Unknown,
    status_of,
)
from processors import deadlines, worker_reports
from processors.policy import Policy


def decide(task: Task, command: c.TaskCommand, now: datetime, policy: Policy) -> TaskFact | None:
    """The one fact that follows from `command` in the state `task`, or none if what it asks is already true.

    Raises:
        CommandRejected: the state does not allow it; the text says which state.
    """
    if isinstance(command, c.SubmitTask):
        return submit(task, command, now)
    if isinstance(task, Unknown):
        raise CommandRejected("there is no such task", code="unknown_task")
    match command:
        case c.ClaimTask():
            return claim(task, command, now, policy)
        case c.PauseTask():
            return pause(task, command)
        case c.ResumeTask():
            return resume(task)
        case c.CancelTask():
            return cancel(task, command)
        case c.CheckDeadlines():
            return deadlines.check(task, now, policy)
        case c.ClaimEscalation():
            return claim_escalation(task, command)
        case c.ResolveEscalation():
            return resolve_escalation(task, command)
        case (
            c.StartTask()
            | c.RenewLease()
            | c.ReleaseTask()
            | c.CompleteTask()
            | c.FailAttempt()
            | c.ReportRecovered()
            | c.YieldTask()
        ):
            return worker_reports.decide(task, command, now, policy)
        case _:
            assert_never(command)


def submit(task: Task, command: c.SubmitTask, now: datetime) -> TaskSubmitted | None:
    """Take on a goal; a repeat of the same goal under the same id is already true."""
    since = now if isinstance(task, Unknown) else task.history.submitted_at
    fact = TaskSubmitted.model_construct(
        **{**command.__dict__, "type": "task.submitted", "expires_at": _expiry(command, since)}
    )
    if isinstance(task, Unknown):
        return fact
    if not isinstance(task, Finished) and task.goal == fact:
        return None
    raise CommandRejected(f"a task with this id exists and is {status_of(task)}", code="conflict")


def _expiry(command: c.SubmitTask, since: datetime) -> datetime | None:
    """The moment by which the task must have been started, as a moment of the broker's clock."""
    if command.expires_in_seconds is None:
        return command.expires_at
    counted = since + timedelta(seconds=command.expires_in_seconds)
    return counted if command.expires_at is None else min(counted, command.expires_at)


def claim(task: Task, command: c.ClaimTask, now: datetime, policy: Policy) -> TaskClaimed:
    """Give a waiting task to a worker."""
    match task:
        case Pending():
            due = task.goal.not_before
        case Recovery(lease=None):
            due = task.retry_at
        case _:
            raise refused("claim", task)
    if due is not None and now < due:
        raise CommandRejected(f"cannot claim: not due before {due.isoformat()}", code="not_due")
    if (expiry := deadlines.expiry_of(task)) is not None and now >= expiry:
        raise CommandRejected("cannot claim: it expired unstarted", code="not_due")
    history = task.history
    return TaskClaimed(
        worker=command.worker,
        attempt=history.attempts + 1,
        lease_epoch=history.epoch + 1,
        lease_until=now + policy.lease,
    )


def pause(task: Task, command: c.PauseTask) -> TaskPaused | PauseRequested | None:
    """Rest now, or at the end of the running step."""
    match task:
        case Pending() | Claimed() | Recovery():
            return TaskPaused(reason=command.reason)
        case Paused() | InProgress(asked="pause"):
            return None
        case InProgress(asked="cancel"):
            raise CommandRejected("cannot pause: it is being cancelled")
        case InProgress():
            return PauseRequested(reason=command.reason)
        case _:
            raise refused("pause", task)


def resume(task: Task) -> TaskResumed | None:
    """Go on; a task that does not rest is already going."""
    match task:
        case Paused():
            return TaskResumed()
        case InProgress(asked=None) | Pending() | Claimed() | Recovery():
            return None
        case InProgress():
            raise CommandRejected(f"cannot resume: it is still asked to {task.asked}; try again once it has stopped")
        case _:
            raise refused("resume", task)


def cancel(task: Task, command: c.CancelTask) -> TaskCancelled | CancelRequested | None:
    """End it now, or at the end of the running step."""
    match task:
        case Pending() | Claimed() | Recovery() | Paused() | Escalated():
            return TaskCancelled(reason=command.reason)
        case InProgress(asked="cancel") | Finished(status=Status.CANCELLED):
            return None
        case InProgress():
            return CancelRequested(reason=command.reason)
        case _:
            raise refused("cancel", task)


def claim_escalation(task: Task, command: c.ClaimEscalation) -> EscalationClaimed | None:
    """A human takes it on; the same human twice is already true."""
    match task:
        case Escalated(operator=None):
            return EscalationClaimed(operator=command.operator)
        case Escalated(operator=operator) if operator == command.operator:
            return None
        case Escalated(operator=operator):
            raise CommandRejected(f"cannot claim the escalation: {operator!r} has it")
        case _:
            raise refused("claim the escalation", task)


def resolve_escalation(task: Task, command: c.ResolveEscalation) -> EscalationResolved:
    """A human decides how it goes on."""
    if not isinstance(task, Escalated):
        raise refused("resolve the escalation", task)
    if task.operator is not None and task.operator != command.operator:
        raise CommandRejected(f"cannot resolve the escalation: {task.operator!r} has it")
    return EscalationResolved.model_construct(**{**command.__dict__, "type": "escalation.resolved"})


def refused(verb: str, task: Task) -> CommandRejected:
    """The refusal of a command that the task's status does not allow."""
    return CommandRejected(f"cannot {verb}: the task is {status_of(task)}")
