"""What follows from a failed attempt: another one, a human, or the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from events import commands as c
from events import facts as f
from events.failure import ErrorType, Strategy
from events.task import Recovery
from processors.recovery import classify, delay_before
from processors.recovery_rules import DEFAULT_RULES, RecoveryTable, RecoveryTables
from tests.given import CLAIMED, DIRECTED, HELD, NOW, PLANNED, POLICY, RUNNING, SECOND, STARTED, given

LATE = NOW + POLICY.lease
TABLE = RecoveryTable()
HOPELESS = sorted(error for error, rule in DEFAULT_RULES.items() if rule.then == "stop")
FOR_A_HUMAN = sorted(error for error, rule in DEFAULT_RULES.items() if rule.then == "escalate")
CHECK = c.CheckDeadlines()


def failed(error_type: ErrorType | None = ErrorType.TIMEOUT, message: str = "no answer", **more: bool) -> c.FailAttempt:
    return c.FailAttempt(worker="w1", lease_epoch=1, error_type=error_type, error_message=message, **more)


def claimed(epoch: int) -> f.TaskClaimed:
    return CLAIMED.model_copy(update={"lease_epoch": epoch, "attempt": epoch})


def planned(number: int, error_type: ErrorType = ErrorType.TIMEOUT) -> f.RecoveryPlanned:
    return PLANNED.model_copy(update={"attempt_number": number, "error_type": error_type, "lease_epoch": number})


def failures(*error_types: ErrorType) -> list[f.TaskFact]:
    """A task that failed in these ways, and is held for another attempt."""
    past: list[f.TaskFact] = [*HELD]
    for number, error_type in enumerate(error_types, start=1):
        past += [planned(number, error_type), claimed(number + 1)]
    return past


@pytest.mark.parametrize(
    ("error_type", "strategy"),
    [
        (ErrorType.TIMEOUT, Strategy.WAIT_AND_RETRY),
        (ErrorType.TASK_TIMEOUT, Strategy.WAIT_AND_RETRY),
        (ErrorType.MODAL, Strategy.CLOSE_MODAL_AND_RETRY),
        (ErrorType.AUTH, Strategy.RE_AUTHENTICATE),
        (ErrorType.STALE, Strategy.REFRESH_AND_RETRY),
        (ErrorType.RATE_LIMITED, Strategy.BACK_OFF_AND_RETRY),
        (ErrorType.SERVER_ERROR, Strategy.BACK_OFF_AND_RETRY),
        (ErrorType.UNKNOWN, Strategy.BACK_OFF_AND_RETRY),
    ],
)
def test_the_error_chooses_the_strategy(error_type: ErrorType, strategy: Strategy) -> None:
    fact = given(*RUNNING).when(failed(error_type)).then(f.RecoveryPlanned)
    assert isinstance(fact, f.RecoveryPlanned)
    assert (fact.strategy, fact.error_type, fact.attempt_number) == (strategy, error_type, 1)


@pytest.mark.parametrize(
    ("message", "error_type"),
    [
        ("Timeout 30000ms exceeded", ErrorType.TIMEOUT),
        ("the request timed out", ErrorType.TIMEOUT),
        ("a modal covers the button", ErrorType.MODAL),
        ("unexpected dialog", ErrorType.MODAL),
        ("auth required", ErrorType.AUTH),
        ("Session expired", ErrorType.AUTH),
        ("sent back to the login page", ErrorType.AUTH),
        ("Navigation timeout of 30000 ms exceeded", ErrorType.TIMEOUT),
        ("the field 'Author' is missing", ErrorType.UNKNOWN),
        ("Authorization needed", ErrorType.AUTH),
        ("stale element reference", ErrorType.STALE),
        ("interrupted by another navigation", ErrorType.STALE),
        ("Rate limit reached", ErrorType.RATE_LIMITED),
        ("HTTP 429", ErrorType.RATE_LIMITED),
        ("the site is down", ErrorType.SITE_DOWN),
        ("Access denied", ErrorType.ACCESS_DENIED),
        ("invalid URL", ErrorType.INVALID_URL),
        ("who knows", ErrorType.UNKNOWN),
    ],
)
def test_a_plain_message_is_understood(message: str, error_type: ErrorType) -> None:
    assert classify(message) is error_type
    decided = given(*RUNNING).when(failed(None, message))
    assert isinstance(decided.fact, f.RecoveryPlanned | f.TaskFailed)
    assert decided.fact.error_type is error_type


@pytest.mark.parametrize("error_type", HOPELESS)
def test_hopeless_errors_end_the_task_at_once(error_type: ErrorType) -> None:
    fact = given(*RUNNING).when(failed(error_type)).then(f.TaskFailed)
    assert isinstance(fact, f.TaskFailed)
    assert fact.error_type is error_type


@pytest.mark.parametrize("error_type", FOR_A_HUMAN)
def test_what_only_a_human_can_tell_goes_to_a_human(error_type: ErrorType) -> None:
    given(*RUNNING).when(failed(error_type)).then(f.TaskEscalated)


def test_what_may_have_been_done_goes_to_a_human_whatever_the_caller_wants() -> None:
    given(*RUNNING).when(failed(ErrorType.UNCONFIRMED, recovery_needed=False)).then(f.TaskEscalated)


def test_no_recovery_wanted_is_the_end() -> None:
    given(*RUNNING).when(failed(recovery_needed=False)).then(f.TaskFailed)


def test_the_fourth_failure_escalates() -> None:
    timeout = ErrorType.TIMEOUT
    for earlier in range(3):
        report = failed().model_copy(update={"lease_epoch": earlier + 1})
        fact = given(*failures(*[timeout] * earlier)).when(report).then(f.RecoveryPlanned)
        assert isinstance(fact, f.RecoveryPlanned)
        assert fact.attempt_number == earlier + 1
    given(*failures(timeout, timeout, timeout)).when(failed().model_copy(update={"lease_epoch": 4})).then(
        f.TaskEscalated
    )


def test_three_leases_lost_in_a_row_escalate() -> None:
    lost = ErrorType.RUNNER_LOST
    given(*failures(lost)).when(CHECK, LATE).then(f.RecoveryPlanned)
    given(*failures(lost, lost)).when(CHECK, LATE).then(f.TaskEscalated)


def test_losses_with_another_failure_between_them_are_not_in_a_row() -> None:
    lost = ErrorType.RUNNER_LOST
    given(*failures(lost, ErrorType.TIMEOUT)).when(CHECK, LATE).then(f.RecoveryPlanned)


@pytest.mark.parametrize("past", [HELD, RUNNING])
def test_a_lease_that_ran_out_is_a_lost_runner_and_the_next_may_start_at_once(past: tuple[f.TaskFact, ...]) -> None:
    given(*past).when(CHECK, LATE - SECOND).then_nothing()
    fact = given(*past).when(CHECK, LATE).then(f.RecoveryPlanned)
    assert isinstance(fact, f.RecoveryPlanned)
    assert (fact.error_type, fact.retry_at) == (ErrorType.RUNNER_LOST, LATE)


def test_a_lease_lost_while_it_was_asked_to_stop_stops_it() -> None:
    given(*RUNNING, f.PauseRequested()).when(CHECK, LATE).then(f.TaskPaused)
    given(*RUNNING, f.CancelRequested()).when(CHECK, LATE).then(f.TaskCancelled)


def test_a_lease_lost_in_the_open_page_is_a_failed_attempt() -> None:
    assert DIRECTED.lease_until is not None
    given(*RUNNING, DIRECTED).when(CHECK, DIRECTED.lease_until).then(f.RecoveryPlanned)


def test_an_attempt_that_takes_too_long_fails_by_its_timeout() -> None:
    renewed = f.LeaseRenewed(lease_epoch=1, lease_until=STARTED.deadline + 30 * SECOND)
    given(*RUNNING, renewed).when(CHECK, STARTED.deadline - SECOND).then_nothing()
    fact = given(*RUNNING, renewed).when(CHECK, STARTED.deadline).then(f.RecoveryPlanned)
    assert isinstance(fact, f.RecoveryPlanned)
    assert fact.error_type is ErrorType.TASK_TIMEOUT


def test_a_failure_while_asked_to_stop_stops_it() -> None:
    given(*RUNNING, f.PauseRequested()).when(failed()).then(f.TaskPaused)
    given(*RUNNING, f.CancelRequested()).when(failed()).then(f.TaskCancelled)
    given(*RUNNING, f.PauseRequested()).when(failed(ErrorType.SITE_DOWN)).then(f.TaskFailed)


def test_a_worker_with_its_page_open_keeps_its_lease_and_renews_it_while_it_waits() -> None:
    decided = given(*RUNNING).when(failed(session_alive=True))
    fact = decided.then(f.RecoveryPlanned)
    assert isinstance(fact, f.RecoveryPlanned)
    assert fact.same_session
    assert fact.lease_until == NOW + POLICY.lease
    assert isinstance(decided.task, Recovery)
    assert decided.task.lease is not None
    given(*RUNNING, fact).when(c.RenewLease(worker="w1", lease_epoch=1), fact.retry_at).then(f.LeaseRenewed)


def test_the_next_attempt_waits_for_its_moment() -> None:
    fact = given(*RUNNING).when(failed()).then(f.RecoveryPlanned)
    assert isinstance(fact, f.RecoveryPlanned)
    assert TABLE.backoff <= fact.retry_at - NOW <= TABLE.backoff * 1.25
    given(*RUNNING, fact).when(c.ClaimTask(worker="w2"), fact.retry_at - SECOND).then_rejected("not_due")
    given(*RUNNING, fact).when(c.ClaimTask(worker="w2"), fact.retry_at).then(f.TaskClaimed)


def test_waits_double_up_to_a_ceiling_and_are_the_same_every_time() -> None:
    def wait(recovery: int, seed: str = "seed") -> timedelta:
        return delay_before(recovery, ErrorType.TIMEOUT, seed, TABLE)

    for recovery in range(1, 30):
        least = min(TABLE.backoff * 2 ** (recovery - 1), TABLE.backoff_ceiling)
        assert least <= wait(recovery) <= least * 1.25
        assert wait(recovery) == wait(recovery)
    assert wait(10_000) <= timedelta(minutes=7)
    assert len({wait(1, str(task)) for task in range(50)}) > 25


def test_a_long_wait_gives_the_slot_back() -> None:
    patient = replace(TABLE, backoff=TABLE.hold_page + SECOND)
    policy = replace(POLICY, recovery=RecoveryTables(patient))
    fact = given(*RUNNING).when(failed(session_alive=True), policy=policy).then(f.RecoveryPlanned)
    assert isinstance(fact, f.RecoveryPlanned)
    assert not fact.same_session
    assert fact.lease_until is None
