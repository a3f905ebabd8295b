"""What each task fact changes in the task's row. Pure; agrees with `events.evolve` on the status (tested).

The fold owns the row it is given and changes it in place: a copy of forty columns per fact costs more than the fold.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from events.envelope import Envelope, UnknownEnvelope
from events.facts import (
    CancelRequested,
    EscalationClaimed,
    EscalationResolved,
    Fact,
    LeaseRenewed,
    PauseRequested,
    RecoveryPlanned,
    TaskCancelled,
    TaskClaimed,
    TaskCompleted,
    TaskEscalated,
    TaskFailed,
    TaskPaused,
    TaskRecovered,
    TaskReleased,
    TaskResumed,
    TaskStarted,
    TaskSubmitted,
)
from events.task import FINAL, Status
from projections.task_row import TaskRow, json_text, utc

_ACTING = frozenset({Status.IN_PROGRESS, Status.RECOVERED})


def follows(row: TaskRow, fact: Envelope | UnknownEnvelope) -> bool:
    """Whether `fact` is the next link of the row's chain (as `events.chain.follows`)."""
    return fact.follows == row.last_event_id and fact.version == row.version + 1


def take(row: TaskRow, fact: Envelope | UnknownEnvelope) -> None:
    """Fold a fact that `follows` into the row; one of an unknown type moves the chain on and changes nothing else."""
    at = utc(fact.recorded_at)
    row.version, row.last_event_id, row.updated_at = fact.version, fact.event_id, at
    if not isinstance(fact, Envelope) or row.status in FINAL:
        return
    if (row.status is None) is not isinstance(fact.event, TaskSubmitted):
        return  # as in evolve: nothing but a submission begins a task, and only once
    _CHANGES[type(fact.event)](row, fact.event, at)


def _submitted(row: TaskRow, _: TaskSubmitted, at: datetime) -> None:
    row.status, row.queued_at = Status.PENDING, at


def _claimed(row: TaskRow, fact: TaskClaimed, at: datetime) -> None:
    _rest(row, Status.CLAIMED)
    row.worker, row.lease_epoch, row.lease_until = fact.worker, fact.lease_epoch, utc(fact.lease_until)
    row.attempts, row.claimed_at, row.retry_at = fact.attempt, at, None


def _started(row: TaskRow, fact: TaskStarted, at: datetime) -> None:
    if row.lease_until is None:
        return
    row.status, row.lease_until, row.deadline = Status.IN_PROGRESS, utc(fact.lease_until), utc(fact.deadline)
    row.started_at, row.asked, row.retry_at = row.started_at or at, None, None


def _renewed(row: TaskRow, fact: LeaseRenewed, _: datetime) -> None:
    if row.lease_until is not None:
        row.lease_until = utc(fact.lease_until)


def _released(row: TaskRow, fact: TaskReleased, at: datetime) -> None:
    _rest(row, Status.PENDING)
    row.attempts, row.queued_at, row.retry_at = max(0, row.attempts - 1), at, None
    row.reason = fact.reason or None


def _recovery_planned(row: TaskRow, fact: RecoveryPlanned, _: datetime) -> None:
    kept = fact.same_session and row.lease_until is not None and row.status is not Status.CLAIMED
    if kept and fact.lease_until is not None:
        row.status, row.lease_until, row.asked = Status.RECOVERY, utc(fact.lease_until), None
    else:
        _rest(row, Status.RECOVERY)
    _failure(row, fact)
    row.retry_at, row.recovery_strategy = utc(fact.retry_at), fact.strategy.value
    row.recovery_attempts, row.recovery_succeeded = row.recovery_attempts + 1, None


def _recovered(row: TaskRow, fact: TaskRecovered, _: datetime) -> None:
    if row.lease_until is None:
        return
    row.lease_until = utc(fact.lease_until)
    row.status, row.deadline = Status.RECOVERED, row.deadline or row.lease_until
    _open_recovery_held(row)
    row.retry_at, row.recovery_succeeded = None, True


def _completed(row: TaskRow, fact: TaskCompleted, at: datetime) -> None:
    _reached(row, at, fact.final_result, fact.result_data)
    row.evidence = json_text(fact.evidence) if fact.evidence else None
    row.cached_path_used, row.cache_time_saved_seconds = fact.cached_path_used, fact.cache_time_saved_seconds


def _failed(row: TaskRow, fact: TaskFailed, at: datetime) -> None:
    _end(row, Status.FAILED, at)
    _failure(row, fact)
    _open_recovery_failed(row)


def _escalated(row: TaskRow, fact: TaskEscalated, _: datetime) -> None:
    _rest(row, Status.ESCALATED)
    _failure(row, fact)
    _open_recovery_failed(row)
    row.retry_at, row.escalations, row.operator = None, row.escalations + 1, None


def _asked_to(word: str) -> Callable[[TaskRow, PauseRequested | CancelRequested, datetime], None]:
    def asked(row: TaskRow, fact: PauseRequested | CancelRequested, _: datetime) -> None:
        if row.status in _ACTING:
            row.asked, row.reason = word, fact.reason or None

    return asked


def _paused(row: TaskRow, fact: TaskPaused, at: datetime) -> None:
    if row.status is not Status.RECOVERY:
        row.retry_at = None
    _rest(row, Status.PAUSED)
    row.paused_at, row.checkpoint = at, fact.checkpoint or row.checkpoint
    row.reason = fact.reason or row.reason


def _resumed(row: TaskRow, _: TaskResumed, at: datetime) -> None:
    if row.status is Status.PAUSED and row.retry_at is not None:
        _rest(row, Status.RECOVERY)
    else:
        _rest(row, Status.PENDING)
        row.queued_at, row.retry_at = at, None
    row.reason = None


def _cancelled(row: TaskRow, fact: TaskCancelled, at: datetime) -> None:
    _end(row, Status.CANCELLED, at)
    row.reason = fact.reason or row.reason


def _escalation_claimed(row: TaskRow, fact: EscalationClaimed, _: datetime) -> None:
    if row.status is Status.ESCALATED:
        row.operator = fact.operator


def _escalation_resolved(row: TaskRow, fact: EscalationResolved, at: datetime) -> None:
    row.operator, row.reason = fact.operator, fact.note or None
    match fact.resolution:
        case "retry":
            _rest(row, Status.PENDING)
            row.queued_at, row.retry_at = at, None
        case "complete":
            _reached(row, at, fact.final_result, fact.result_data)
        case "cancel":
            _end(row, Status.CANCELLED, at)


def _reached(row: TaskRow, at: datetime, final_result: str, result_data: dict[str, Any]) -> None:
    _end(row, Status.COMPLETED, at)
    row.final_result, row.result_data = final_result, json_text(result_data)
    row.error_type = row.error_message = row.evidence = None
    _open_recovery_held(row)


def _end(row: TaskRow, status: Status, at: datetime) -> None:
    worker = row.worker
    _rest(row, status)
    row.worker, row.completed_at, row.retry_at = worker, at, None


def _rest(row: TaskRow, status: Status) -> None:
    """Enter a status in which nobody acts; whoever held the lease holds it no more."""
    row.status = status
    row.worker = row.lease_until = row.deadline = row.asked = row.paused_at = None


def _failure(row: TaskRow, fact: RecoveryPlanned | TaskFailed | TaskEscalated) -> None:
    row.error_type, row.error_message = fact.error_type.value, fact.error_message
    row.evidence = json_text(fact.evidence) if fact.evidence else None


def _open_recovery_held(row: TaskRow) -> None:
    if row.recovery_attempts and row.recovery_succeeded is None:
        row.recovery_succeeded = True
        row.recoveries_succeeded += 1


def _open_recovery_failed(row: TaskRow) -> None:
    if row.recovery_attempts and row.recovery_succeeded is None:
        row.recovery_succeeded = False


#: By class of fact; a table costs a third of a `match` over seventeen classes.
_CHANGES: dict[type[Fact], Callable[[TaskRow, Any, datetime], None]] = {
    TaskSubmitted: _submitted,
    TaskClaimed: _claimed,
    TaskStarted: _started,
    LeaseRenewed: _renewed,
    TaskReleased: _released,
    RecoveryPlanned: _recovery_planned,
    TaskRecovered: _recovered,
    TaskCompleted: _completed,
    TaskFailed: _failed,
    TaskEscalated: _escalated,
    PauseRequested: _asked_to("pause"),
    CancelRequested: _asked_to("cancel"),
    TaskPaused: _paused,
    TaskResumed: _resumed,
    TaskCancelled: _cancelled,
    EscalationClaimed: _escalation_claimed,
    EscalationResolved: _escalation_resolved,
}
HANDLES = frozenset(_CHANGES)
