"""`evolve`: what each fact means for the state of a task. Pure, total: it never raises and never judges."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from events.facts import (
    CancelRequested,
    EscalationClaimed,
    EscalationResolved,
    LeaseRenewed,
    PauseRequested,
    RecoveryPlanned,
    TaskCancelled,
    TaskClaimed,
    TaskCompleted,
    TaskEscalated,
    TaskFact,
    TaskFailed,
    TaskPaused,
    TaskRecovered,
    TaskReleased,
    TaskResumed,
    TaskStarted,
    TaskSubmitted,
)
from events.failure import ErrorType
from events.task import (
    Claimed,
    Escalated,
    Finished,
    History,
    InProgress,
    Lease,
    Live,
    Paused,
    Pending,
    Recovery,
    Status,
    Task,
    Unknown,
)


def evolve(task: Task, fact: TaskFact, at: datetime) -> Task:
    """The state after `fact`, which happened at `at` (the envelope's `recorded_at`).

    A fact that cannot follow from the state leaves it as it is: it already happened, so it is not judged here.
    """
    if isinstance(task, Unknown):
        return Pending(fact, History(submitted_at=at)) if isinstance(fact, TaskSubmitted) else task
    if isinstance(task, Finished):
        return task
    return _evolve(task, fact, at)


def _evolve(task: Live, fact: TaskFact, at: datetime) -> Task:
    match fact:
        case TaskClaimed():
            return _claimed(task, fact)
        case TaskStarted() | LeaseRenewed() | TaskRecovered():
            return _held(task, fact, at)
        case TaskReleased():
            return _released(task)
        case RecoveryPlanned():
            return _recovery(task, fact)
        case TaskCompleted():
            return Finished(Status.COMPLETED, task.history, at)
        case TaskFailed():
            return Finished(Status.FAILED, replace(task.history, error_type=fact.error_type), at)
        case TaskCancelled():
            return Finished(Status.CANCELLED, task.history, at)
        case TaskEscalated():
            history = replace(task.history, error_type=fact.error_type, losses=0)
            return Escalated(task.goal, history)
        case PauseRequested() | CancelRequested():
            if not isinstance(task, InProgress):
                return task
            return replace(task, asked="pause" if isinstance(fact, PauseRequested) else "cancel")
        case TaskPaused():
            return _paused(task, fact)
        case TaskResumed():
            return _resumed(task)
        case EscalationClaimed():
            return replace(task, operator=fact.operator) if isinstance(task, Escalated) else task
        case EscalationResolved():
            return _resolved(task, fact, at)
        case TaskSubmitted():
            return task
        case _:
            assert_never(fact)


def _claimed(task: Live, fact: TaskClaimed) -> Task:
    history = replace(task.history, epoch=fact.lease_epoch, attempts=fact.attempt)
    return Claimed(task.goal, history, Lease(fact.worker, fact.lease_epoch, fact.attempt, fact.lease_until))


def _held(task: Live, fact: TaskStarted | LeaseRenewed | TaskRecovered, at: datetime) -> Task:
    if not isinstance(task, Claimed | InProgress | Recovery) or task.lease is None:
        return task
    held = task.lease
    lease = Lease(held.worker, held.epoch, held.attempt, fact.lease_until)
    match fact:
        case TaskStarted():
            first = task.history.started_at is None
            history = replace(task.history, started_at=at, steps_offset=fact.steps_offset) if first else task.history
            return InProgress(task.goal, history, lease, fact.deadline)
        case LeaseRenewed():
            return replace(task, lease=lease)
        case TaskRecovered():
            deadline = task.deadline if not isinstance(task, Claimed) else None
            history = replace(task.history, losses=0, strategy=None)
            asked = task.asked if isinstance(task, InProgress) else None
            return InProgress(task.goal, history, lease, deadline or fact.lease_until, asked, recovered=True)


def _released(task: Live) -> Task:
    attempts = max(0, task.history.attempts - 1)
    return Pending(task.goal, replace(task.history, attempts=attempts))


def _recovery(task: Live, fact: RecoveryPlanned) -> Task:
    lost = fact.error_type is ErrorType.RUNNER_LOST
    history = replace(
        task.history,
        recoveries=fact.attempt_number,
        losses=task.history.losses + 1 if lost else 0,
        strategy=fact.strategy,
        error_type=fact.error_type,
    )
    kept = isinstance(task, InProgress | Recovery) and fact.same_session
    if kept and isinstance(task, InProgress | Recovery) and task.lease is not None and fact.lease_until is not None:
        lease = replace(task.lease, until=fact.lease_until)
        return Recovery(task.goal, history, fact.retry_at, lease, task.deadline)
    return Recovery(task.goal, history, fact.retry_at)


def _paused(task: Live, fact: TaskPaused) -> Task:
    history = task.history
    if fact.checkpoint is not None:
        history = replace(history, checkpoint=fact.checkpoint)
    return Paused(task.goal, history, task.retry_at if isinstance(task, Recovery) else None)


def _resumed(task: Live) -> Task:
    if isinstance(task, Paused) and task.retry_at is not None:
        return Recovery(task.goal, task.history, task.retry_at)
    return Pending(task.goal, task.history)


def _resolved(task: Live, fact: EscalationResolved, at: datetime) -> Task:
    match fact.resolution:
        case "retry":
            history = replace(task.history, recoveries=0, losses=0, strategy=None, hints=fact.hints)
            return Pending(task.goal, history)
        case "complete":
            return Finished(Status.COMPLETED, task.history, at)
        case "cancel":
            return Finished(Status.CANCELLED, task.history, at)
