"""What became of a failed attempt, read from the fact it led to: nothing is decided again here. Pure."""

from __future__ import annotations

from events.envelope import Envelope
from events.facts import RecoveryPlanned, TaskEscalated, TaskFailed
from events.outcome import Outcome
from events.task import Status
from producers.worker_answers import FailureReported


def after_failure(outcome: Outcome, fact: Envelope | None) -> FailureReported:
    """The answer to `report_failure`: the recorded decision, not one made anew.

    Args:
        outcome: of the report.
        fact: that the outcome names; none when it cannot be read.
    """
    match None if fact is None else fact.event:
        case RecoveryPlanned() as planned:
            return FailureReported(
                task_id=outcome.task_id,
                strategy=planned.strategy,
                status=Status.RECOVERY,
                error_type=planned.error_type,
                attempt_number=planned.attempt_number,
                retry_at=planned.retry_at,
                same_session=planned.same_session,
            )
        case TaskFailed() as failed:
            return _without_strategy(outcome, Status.FAILED, failed)
        case TaskEscalated() as escalated:
            return _without_strategy(outcome, Status.ESCALATED, escalated)
        case _:
            return _without_strategy(outcome, outcome.status or Status.FAILED, None)


def _without_strategy(outcome: Outcome, status: Status, failure: TaskFailed | TaskEscalated | None) -> FailureReported:
    return FailureReported(
        task_id=outcome.task_id,
        strategy=None,
        status=status,
        error_type=None if failure is None else failure.error_type,
        attempt_number=None,
        retry_at=None,
    )
