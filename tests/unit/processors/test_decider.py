"""Who may do what to a task in which state: the decisions in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events import commands as c
from events import facts as f
from events.failure import ErrorType
from events.task import Escalated, History, InProgress, Paused, Pending, Recovery, Status, status_of
from tests.given import (
    CLAIMED,
    DIRECTED,
    ESCALATED,
    HELD,
    NOW,
    PLANNED,
    POLICY,
    RUNNING,
    SECOND,
    STARTED,
    SUBMITTED,
    WAITING,
    given,
)

SUBMIT = c.SubmitTask(goal=SUBMITTED.goal, site_url=SUBMITTED.site_url, timeout_minutes=10)
START = c.StartTask(worker="w1", lease_epoch=1, steps_offset=7)
RENEW = c.RenewLease(worker="w1", lease_epoch=1, step_number=3, cost=0.25)
FINALS: dict[str, f.TaskFact] = {
    "completed": f.TaskCompleted(lease_epoch=1),
    "failed": f.TaskFailed(error_type=ErrorType.SITE_DOWN, error_message="gone"),
    "cancelled": f.TaskCancelled(),
}
PAUSING, CANCELLING = f.PauseRequested(), f.CancelRequested()
RECOVERED = f.TaskRecovered(lease_epoch=1, attempt_number=1, lease_until=NOW + POLICY.lease)
#: Every state of the mission's matrix that is not final, and how it is reached.
STATES: dict[str, tuple[f.TaskFact, ...]] = {
    "pending": WAITING,
    "claimed": HELD,
    "running": RUNNING,
    "running, asked to pause": (*RUNNING, PAUSING),
    "running, asked to cancel": (*RUNNING, CANCELLING),
    "recovered": (*RUNNING, DIRECTED, RECOVERED),
    "recovery": (*RUNNING, PLANNED),
    "recovery in the open page": (*RUNNING, DIRECTED),
    "paused": (*WAITING, f.TaskPaused()),
    "paused in recovery": (*RUNNING, PLANNED, f.TaskPaused()),
    "escalated": (*RUNNING, ESCALATED),
}


def test_a_goal_is_taken_on() -> None:
    given().when(SUBMIT).then(SUBMITTED)


def test_the_same_goal_again_is_already_true_and_another_one_a_conflict() -> None:
    given(*WAITING).when(SUBMIT).then_nothing()
    given(*RUNNING).when(SUBMIT).then_nothing()
    given(*WAITING).when(SUBMIT.model_copy(update={"goal": "Something else"})).then_rejected("conflict")


@pytest.mark.parametrize("command", [c.PauseTask(), c.ClaimTask(worker="w1"), START, c.CheckDeadlines()])
def test_a_task_that_does_not_exist_is_refused(command: c.TaskCommand) -> None:
    given().when(command).then_rejected("unknown_task")


def test_a_claim_gives_a_lease_of_the_next_epoch() -> None:
    given(*WAITING).when(c.ClaimTask(worker="w1")).then(CLAIMED)
    again = CLAIMED.model_copy(update={"worker": "w2", "attempt": 2, "lease_epoch": 2})
    late = PLANNED.retry_at + SECOND
    given(*RUNNING, PLANNED).when(c.ClaimTask(worker="w2"), late).then(
        again.model_copy(update={"lease_until": late + POLICY.lease})
    )


def test_a_released_attempt_is_not_counted_and_its_epoch_is_not_used_again() -> None:
    released = f.TaskReleased(lease_epoch=1)
    fact = given(*RUNNING, released).when(c.ClaimTask(worker="w1")).then(f.TaskClaimed)
    assert isinstance(fact, f.TaskClaimed)
    assert (fact.attempt, fact.lease_epoch) == (1, 2)


@pytest.mark.parametrize("state", [name for name in STATES if name not in {"pending", "recovery"}])
def test_only_a_waiting_task_can_be_claimed(state: str) -> None:
    given(*STATES[state]).when(c.ClaimTask(worker="w2"), NOW + 5 * SECOND).then_rejected()


def test_a_task_is_not_given_out_before_its_time() -> None:
    soon = SUBMITTED.model_copy(update={"not_before": NOW + SECOND})
    given(soon).when(c.ClaimTask(worker="w1")).then_rejected("not_due")
    given(soon).when(c.ClaimTask(worker="w1"), NOW + SECOND).then(f.TaskClaimed)
    given(*RUNNING, PLANNED).when(c.ClaimTask(worker="w1"), PLANNED.retry_at - SECOND).then_rejected("not_due")
    given(*RUNNING, PLANNED).when(c.ClaimTask(worker="w1"), PLANNED.retry_at).then(f.TaskClaimed)


def test_a_task_that_expired_unstarted_is_not_given_out_and_fails() -> None:
    brief = SUBMITTED.model_copy(update={"expires_at": NOW + SECOND})
    given(brief).when(c.CheckDeadlines()).then_nothing()
    given(brief).when(c.ClaimTask(worker="w1"), NOW + SECOND).then_rejected("not_due")
    failed = given(brief).when(c.CheckDeadlines(), NOW + SECOND).then(f.TaskFailed)
    assert isinstance(failed, f.TaskFailed)
    assert failed.error_type == "expired"
    given(brief, CLAIMED).when(c.CheckDeadlines(), NOW + SECOND).then_nothing()


def test_a_start_opens_the_attempt_and_a_second_one_is_already_true() -> None:
    given(*HELD).when(START).then(STARTED)
    given(*RUNNING).when(START).then_nothing()
    given(*RUNNING, DIRECTED).when(START).then_rejected()


def test_a_later_attempt_keeps_the_offset_of_the_first_step() -> None:
    second = CLAIMED.model_copy(update={"lease_epoch": 2, "attempt": 2})
    report = c.StartTask(worker="w1", lease_epoch=2, steps_offset=99)
    given(*RUNNING, PLANNED, second).when(report).then(STARTED.model_copy(update={"lease_epoch": 2}))


@pytest.mark.parametrize("state", ["claimed", "running", "recovered", "recovery in the open page"])
def test_the_holder_renews_its_lease(state: str) -> None:
    renewed = f.LeaseRenewed(lease_epoch=1, lease_until=NOW + POLICY.lease, step_number=3, cost=0.25)
    given(*STATES[state]).when(RENEW).then(renewed)


@pytest.mark.parametrize("state", ["claimed", "running", "recovered", "recovery in the open page"])
def test_the_holder_gives_the_task_back(state: str) -> None:
    back = given(*STATES[state]).when(c.ReleaseTask(worker="w1", lease_epoch=1, reason="shutdown"))
    back.then(f.TaskReleased(lease_epoch=1, reason="shutdown"))
    assert isinstance(back.task, Pending)


def test_a_task_given_back_while_it_was_asked_to_stop_stops() -> None:
    given(*RUNNING, PAUSING).when(c.ReleaseTask(worker="w1", lease_epoch=1)).then(f.TaskPaused)
    given(*RUNNING, CANCELLING).when(c.ReleaseTask(worker="w1", lease_epoch=1)).then(f.TaskCancelled)


def test_the_holder_completes_what_it_started() -> None:
    report = c.CompleteTask(worker="w1", lease_epoch=1, final_result="done", total_steps=4, evidence=["it says so"])
    expected = f.TaskCompleted(lease_epoch=1, final_result="done", total_steps=4, evidence=["it says so"])
    given(*RUNNING).when(report).then(expected)
    given(*RUNNING, DIRECTED).when(report).then(expected)
    given(*HELD).when(report).then_rejected()


def test_a_recovery_that_held_is_said_once() -> None:
    report = c.ReportRecovered(worker="w1", lease_epoch=1)
    given(*RUNNING, DIRECTED).when(report).then(RECOVERED)
    given(*STATES["recovered"]).when(report).then_nothing()
    given(*HELD).when(report).then_rejected()
    assert status_of(given(*STATES["recovered"]).task) is Status.RECOVERED


def reports(worker: str, epoch: int) -> list[c.TaskCommand]:
    held = {"worker": worker, "lease_epoch": epoch}
    return [
        c.StartTask(**held),
        c.RenewLease(**held),
        c.ReleaseTask(**held),
        c.CompleteTask(**held),
        c.FailAttempt(**held, error_message="timeout"),
        c.ReportRecovered(**held),
        c.YieldTask(**held),
    ]


@pytest.mark.parametrize("report", [*reports("w2", 2), *reports("w1", 3)])
def test_another_worker_and_another_epoch_are_fenced_off(report: c.TaskCommand) -> None:
    held_anew = CLAIMED.model_copy(update={"lease_epoch": 3, "worker": "w2", "attempt": 2})
    given(*RUNNING, PLANNED, held_anew).when(report).then_rejected("stale_epoch")
    given(*WAITING).when(report).then_rejected("stale_epoch")


@pytest.mark.parametrize("report", reports("w1", 1))
@pytest.mark.parametrize("state", ["pending", "recovery", "paused", "escalated"])
def test_who_lost_the_lease_reports_in_vain(state: str, report: c.TaskCommand) -> None:
    given(*STATES[state]).when(report).then_rejected("stale_epoch")


Expected = type[f.TaskFact] | str | None
PAUSE_CANCEL: dict[str, tuple[Expected, Expected]] = {
    "pending": (f.TaskPaused, f.TaskCancelled),
    "claimed": (f.TaskPaused, f.TaskCancelled),
    "running": (f.PauseRequested, f.CancelRequested),
    "running, asked to pause": (None, f.CancelRequested),
    "running, asked to cancel": ("refused", None),
    "recovered": (f.PauseRequested, f.CancelRequested),
    "recovery": (f.TaskPaused, f.TaskCancelled),
    "recovery in the open page": (f.TaskPaused, f.TaskCancelled),
    "paused": (None, f.TaskCancelled),
    "paused in recovery": (None, f.TaskCancelled),
    "escalated": ("refused", f.TaskCancelled),
}


@pytest.mark.parametrize("state", STATES)
def test_pause_and_cancel_do_what_the_matrix_says(state: str) -> None:
    commands: tuple[c.TaskCommand, ...] = (c.PauseTask(), c.CancelTask())
    for command, expected in zip(commands, PAUSE_CANCEL[state], strict=True):
        decided = given(*STATES[state]).when(command)
        if expected is None:
            decided.then_nothing()
        elif isinstance(expected, str):
            decided.then_rejected()
        else:
            decided.then(expected)


def test_a_worker_yields_only_when_asked_to() -> None:
    report = c.YieldTask(worker="w1", lease_epoch=1, checkpoint="abc")
    given(*RUNNING).when(report).then_rejected()
    paused = given(*RUNNING, PAUSING).when(report)
    paused.then(f.TaskPaused)
    assert isinstance(paused.task, Paused)
    assert paused.task.history.checkpoint == "abc"
    given(*RUNNING, CANCELLING).when(report).then(f.TaskCancelled)


def test_a_resumed_task_waits_again_or_recovers_when_it_is_due() -> None:
    waiting = given(*STATES["paused"]).when(c.ResumeTask())
    waiting.then(f.TaskResumed())
    assert isinstance(waiting.task, Pending)
    recovering = given(*STATES["paused in recovery"]).when(c.ResumeTask())
    assert isinstance(recovering.task, Recovery)
    assert recovering.task.retry_at == PLANNED.retry_at


@pytest.mark.parametrize("state", ["pending", "claimed", "running", "recovery"])
def test_resuming_what_does_not_rest_is_already_true(state: str) -> None:
    given(*STATES[state]).when(c.ResumeTask()).then_nothing()


@pytest.mark.parametrize("state", ["running, asked to pause", "running, asked to cancel", "escalated"])
def test_what_is_being_stopped_or_needs_a_human_cannot_be_resumed(state: str) -> None:
    given(*STATES[state]).when(c.ResumeTask()).then_rejected()


@pytest.mark.parametrize("final", FINALS)
def test_final_states_refuse_everything_but_a_second_cancel(final: str) -> None:
    over = given(*RUNNING, FINALS[final])
    for report in reports("w1", 1):
        over.when(report).then_rejected("stale_epoch")
    commands: list[c.TaskCommand] = [c.ClaimTask(worker="w1"), c.PauseTask(), c.ResumeTask()]
    for command in (*commands, c.ClaimEscalation(operator="ada")):
        over.when(command).then_rejected()
    over.when(c.ResolveEscalation(operator="ada", resolution="retry")).then_rejected()
    over.when(SUBMIT).then_rejected("conflict")
    over.when(c.CheckDeadlines(), NOW + timedelta(days=9)).then_nothing()
    if final == "cancelled":
        over.when(c.CancelTask()).then_nothing()
    else:
        over.when(c.CancelTask()).then_rejected()


def test_one_human_takes_an_escalation_on() -> None:
    taken = f.EscalationClaimed(operator="ada")
    given(*STATES["escalated"]).when(c.ClaimEscalation(operator="ada")).then(taken)
    given(*STATES["escalated"], taken).when(c.ClaimEscalation(operator="ada")).then_nothing()
    given(*STATES["escalated"], taken).when(c.ClaimEscalation(operator="bob")).then_rejected()
    given(*STATES["escalated"], taken).when(c.ResolveEscalation(operator="bob", resolution="retry")).then_rejected()
    given(*RUNNING).when(c.ClaimEscalation(operator="ada")).then_rejected()


@pytest.mark.parametrize(
    ("resolution", "status"), [("retry", "PENDING"), ("complete", "COMPLETED"), ("cancel", "CANCELLED")]
)
def test_a_human_decides_how_it_goes_on(resolution: f.Resolution, status: str) -> None:
    decided = given(*STATES["escalated"]).when(c.ResolveEscalation(operator="ada", resolution=resolution, hints="h"))
    decided.then(f.EscalationResolved(operator="ada", resolution=resolution, hints="h"))
    assert status_of(decided.task) == status


def test_a_retry_by_a_human_counts_anew_and_brings_hints() -> None:
    spent = PLANNED.model_copy(update={"attempt_number": 3})
    resolve = c.ResolveEscalation(operator="ada", resolution="retry", hints="use the side door")
    task = given(*RUNNING, spent, ESCALATED).when(resolve).task
    assert isinstance(task, Pending)
    assert task.history == History(NOW, epoch=1, attempts=1, started_at=NOW, steps_offset=7, error_type=ErrorType.TIMEOUT,
                                   hints="use the side door")  # fmt: skip


def test_a_human_may_not_resolve_what_is_not_escalated() -> None:
    given(*RUNNING).when(c.ResolveEscalation(operator="ada", resolution="complete")).then_rejected()
    assert isinstance(given(*RUNNING).task, InProgress)
    assert isinstance(given(*RUNNING, ESCALATED).task, Escalated)
