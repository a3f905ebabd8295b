"""What the rest of the system is told after a decision: a function of the state, so it can be said again. Pure."""

from __future__ import annotations

from datetime import timedelta

from events import commands as c
from events.chain import Stream
from events.commands import CommandEnvelope
from events.failure import Strategy
from events.task import Claimed, Finished, InProgress, Lease, Pending, Recovery, Task, lease_of, status_of
from events.worker import (
    Assignment,
    InboxEnvelope,
    InboxMessage,
    LeaseConfirmed,
    LeaseEnded,
    RecoveryDirected,
    StartConfirmed,
    StopRequested,
)
from processors.policy import Policy


def follow_up(
    command: CommandEnvelope, before: Task, stream: Stream, policy: Policy, refusal: str | None = None
) -> InboxEnvelope | None:
    """What a worker must hear after `command` was decided, or decided before a restart.

    Args:
        command: what was asked.
        before: the state it was decided in; after a restart the state as it is now.
        stream: the task as it is now.
        policy: for the length of a lease.
        refusal: why the command was refused, if it was.
    """
    task = stream.task
    request = command.command
    lease = lease_of(task)
    if isinstance(request, c.WorkerCommand):
        current = lease is not None and (lease.worker, lease.epoch) == (request.worker, request.lease_epoch)
        if not current:
            waits = isinstance(request, c.FailAttempt) and request.session_alive
            if refusal is None and lease_of(before) is not None and not waits:
                return None  # its own report ended the lease: it knows
            return _to_worker(request.worker, request.lease_epoch, command, stream, _ended(task, refusal))
        if refusal is not None or lease is None:
            return None
        message = _standing(task, request, policy)
        return None if message is None else _to_worker(lease.worker, lease.epoch, command, stream, message)
    if isinstance(request, c.ClaimTask):
        if isinstance(task, Claimed) and task.lease.worker == request.worker:
            return _to_worker(task.lease.worker, task.lease.epoch, command, stream, assignment(task, policy))
        return None
    if isinstance(task, InProgress) and task.asked is not None:
        why = StopRequested(why=task.asked)
        return _to_worker(task.lease.worker, task.lease.epoch, command, stream, why)
    lost = lease_of(before)
    if lost is not None and lease is None:
        return _to_worker(lost.worker, lost.epoch, command, stream, _ended(task, None))
    return None


def assignment(task: Claimed, policy: Policy) -> Assignment:
    """All a worker needs to begin."""
    history = task.history
    return Assignment(
        goal=task.goal,
        attempt=task.lease.attempt,
        lease_ms=_ms(policy.lease),
        timeout_seconds=task.goal.timeout_minutes * 60,
        steps_offset=history.steps_offset,
        checkpoint=history.checkpoint,
        strategy=history.strategy,
        error_type=history.error_type,
        hints=history.hints,
    )


def _standing(task: Task, request: c.WorkerCommand, policy: Policy) -> InboxMessage | None:
    """The answer to a report of the worker that holds the lease."""
    match task:
        case InProgress() if isinstance(request, c.StartTask):
            return StartConfirmed(steps_offset=task.history.steps_offset or 0, deadline=task.deadline)
        case Recovery(lease=Lease()) if isinstance(request, c.FailAttempt):
            strategy = task.history.strategy or Strategy.BACK_OFF_AND_RETRY
            held = task.lease.until - policy.lease if task.lease else task.retry_at
            delay = max(timedelta(0), task.retry_at - held)
            return RecoveryDirected(strategy=strategy, attempt_number=task.history.recoveries, delay_ms=_ms(delay))
        case Claimed() | InProgress() | Recovery():
            return LeaseConfirmed()
        case _:
            return None


def _ended(task: Task, refusal: str | None) -> LeaseEnded:
    if refusal is not None:
        return LeaseEnded(reason=refusal)
    if isinstance(task, Finished | Pending):
        return LeaseEnded(reason=f"the task is {status_of(task)}")
    return LeaseEnded(reason=f"the lease is over: the task is {status_of(task)}")


def _to_worker(
    worker: str, epoch: int, command: CommandEnvelope, stream: Stream, message: InboxMessage
) -> InboxEnvelope:
    return InboxEnvelope(
        worker=worker,
        task_id=command.task_id,
        lease_epoch=epoch,
        version=stream.version,
        command_id=command.command_id,
        message=message,
    )


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1_000)
