"""What the row says after a task's facts."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from events.facts import (
    EscalationClaimed,
    EscalationResolved,
    LeaseRenewed,
    PauseRequested,
    RecoveryPlanned,
    TaskCancelled,
    TaskEscalated,
    TaskFact,
    TaskFailed,
    TaskPaused,
    TaskRecovered,
    TaskReleased,
    TaskResumed,
    UnknownFact,
)
from events.failure import ErrorType, Strategy
from events.steps import StepFact
from events.task import Status
from projections import step_fold, task_fold
from projections.task_row import TaskRow, utc
from tests.unit.projections.log import Log, at, claimed, completed, started, submitted

RECOVERY = RecoveryPlanned(
    lease_epoch=1,
    error_type=ErrorType.TIMEOUT,
    error_message="the page did not answer",
    evidence={"url": "https://aquatechswim.com"},
    strategy=Strategy.WAIT_AND_RETRY,
    attempt_number=1,
    retry_at=at(30),
)
FAILURE = {"error_type": ErrorType.GOAL_UNREACHABLE, "error_message": "there is no such class"}


def folded(*facts: TaskFact | UnknownFact) -> TaskRow:
    chain, row = Log().task(), TaskRow("t")
    chain.facts(*facts)
    for envelope in chain.envelopes:
        assert task_fold.follows(row, envelope)
        task_fold.take(row, envelope)
    return row


def test_every_fact_is_handled() -> None:
    assert frozenset(get_args(TaskFact)) == task_fold.HANDLES


def test_every_step_fact_is_handled_or_named_as_ignored() -> None:
    assert frozenset(get_args(StepFact)) == step_fold.HANDLES | step_fold.IGNORES
    assert not step_fold.HANDLES & step_fold.IGNORES


def test_a_claim_shows_who_holds_it_until_when() -> None:
    row = folded(submitted(), claimed(epoch=3, worker="w7"))

    assert (row.status, row.worker, row.lease_epoch, row.attempts) == (Status.CLAIMED, "w7", 3, 1)
    assert (row.claimed_at, row.lease_until) == (utc(at(2)), utc(at(60)))


def test_the_first_start_stays_when_the_task_starts_again() -> None:
    row = folded(submitted(), claimed(), started(), RECOVERY, claimed(epoch=2, attempt=2), started(epoch=2))

    assert row.started_at == utc(at(3))
    assert (row.status, row.lease_epoch, row.attempts) == (Status.IN_PROGRESS, 2, 2)


def test_a_renewal_moves_the_lease_on() -> None:
    row = folded(submitted(), claimed(), started(), LeaseRenewed(lease_epoch=1, lease_until=at(99)))

    assert row.lease_until == utc(at(99))


def test_a_release_costs_no_attempt_and_waits_anew() -> None:
    row = folded(submitted(), claimed(), TaskReleased(lease_epoch=1, reason="shutdown"))

    assert (row.status, row.worker, row.attempts, row.lease_until) == (Status.PENDING, None, 0, None)
    assert (row.queued_at, row.reason) == (utc(at(3)), "shutdown")


def test_completion_keeps_who_did_it_and_forgets_the_error() -> None:
    row = folded(
        submitted(),
        claimed(),
        started(),
        RECOVERY,
        claimed(epoch=2, attempt=2),
        completed(result_data={"confirmation": "A1"}, evidence=["seen"], cached_path_used=True),
    )

    assert (row.status, row.worker, row.lease_until) == (Status.COMPLETED, "w1", None)
    assert (row.final_result, row.result_data) == ("registered", '{"confirmation":"A1"}')
    assert (row.evidence, row.cached_path_used, row.completed_at) == ('["seen"]', True, utc(at(6)))
    assert (row.error_type, row.error_message) == (None, None)
    assert (row.recovery_attempts, row.recovery_succeeded) == (1, True)


def test_a_planned_recovery_shows_why_how_and_when() -> None:
    row = folded(submitted(), claimed(), started(), RECOVERY)

    assert (row.status, row.worker, row.lease_until) == (Status.RECOVERY, None, None)
    assert (row.error_type, row.error_message) == ("timeout", "the page did not answer")
    assert (row.recovery_strategy, row.retry_at) == ("wait_and_retry", utc(at(30)))
    assert (row.recovery_attempts, row.recovery_succeeded) == (1, None)


def test_a_recovery_in_the_open_page_keeps_the_lease() -> None:
    kept = RECOVERY.model_copy(update={"same_session": True, "lease_until": at(80)})
    row = folded(submitted(), claimed(), started(), kept)

    assert (row.status, row.worker, row.lease_until) == (Status.RECOVERY, "w1", utc(at(80)))
    assert row.deadline == utc(at(1_800))


def test_a_recovery_that_held() -> None:
    kept = RECOVERY.model_copy(update={"same_session": True, "lease_until": at(80)})
    held = TaskRecovered(lease_epoch=1, attempt_number=1, lease_until=at(90))
    row = folded(submitted(), claimed(), started(), kept, held)

    assert (row.status, row.recovery_succeeded, row.lease_until) == (Status.RECOVERED, True, utc(at(90)))


@pytest.mark.parametrize("end", [TaskFailed(**FAILURE), TaskEscalated(**FAILURE)])
def test_what_ends_the_attempts_ends_the_recovery(end: TaskFailed | TaskEscalated) -> None:
    row = folded(submitted(), claimed(), started(), RECOVERY, end)

    assert (row.error_type, row.error_message) == ("goal_unreachable", "there is no such class")
    assert (row.recovery_attempts, row.recovery_succeeded) == (1, False)


def test_a_failure_without_a_recovery_says_nothing_of_one() -> None:
    row = folded(submitted(), claimed(), started(), TaskFailed(**FAILURE))

    assert (row.status, row.recovery_attempts, row.recovery_succeeded) == (Status.FAILED, 0, None)


def test_a_pause_that_was_asked_for_and_reached() -> None:
    asked = folded(submitted(), claimed(), started(), PauseRequested(reason="lunch"))
    row = folded(submitted(), claimed(), started(), PauseRequested(reason="lunch"), TaskPaused(checkpoint="abc"))

    assert (asked.status, asked.asked, asked.reason) == (Status.IN_PROGRESS, "pause", "lunch")
    assert (row.status, row.asked, row.paused_at, row.reason) == (Status.PAUSED, None, utc(at(5)), "lunch")
    assert (row.checkpoint, row.worker) == ("abc", None)


def test_a_paused_recovery_goes_on_when_it_was_due() -> None:
    row = folded(submitted(), claimed(), started(), RECOVERY, TaskPaused(), TaskResumed())

    assert (row.status, row.retry_at, row.paused_at) == (Status.RECOVERY, utc(at(30)), None)


def test_a_human_takes_it_on_and_sends_it_back() -> None:
    taken = folded(submitted(), TaskEscalated(**FAILURE), EscalationClaimed(operator="ada"))
    row = folded(submitted(), TaskEscalated(**FAILURE), EscalationResolved(operator="bob", resolution="retry"))

    assert (taken.status, taken.operator) == (Status.ESCALATED, "ada")
    assert (row.status, row.operator, row.queued_at) == (Status.PENDING, "bob", utc(at(3)))


def test_nothing_changes_a_finished_task_but_the_chain_moves_on() -> None:
    row = folded(submitted(), TaskCancelled(reason="no need"), claimed())

    assert (row.status, row.worker, row.version) == (Status.CANCELLED, None, 3)
    assert (row.completed_at, row.reason) == (utc(at(2)), "no need")


def test_an_unknown_fact_moves_the_chain_on_and_changes_nothing() -> None:
    row = folded(submitted(), UnknownFact(type="task.teleported"), claimed())

    assert (row.status, row.version) == (Status.CLAIMED, 3)


def test_a_fact_of_a_replaced_writer_does_not_follow() -> None:
    chain, row = Log().task(), TaskRow("t")
    chain.facts(submitted())
    late = chain.link(claimed(epoch=9))
    chain.facts(claimed())
    for envelope in chain.envelopes:
        task_fold.take(row, envelope)

    assert not task_fold.follows(row, late)
    assert not task_fold.follows(TaskRow("t"), late)


def test_times_are_kept_in_utc_whatever_their_zone() -> None:
    moment = at(0).astimezone()

    assert utc(moment) == utc(at(0))
    assert utc(at(0) + timedelta(hours=1)).hour == 13
