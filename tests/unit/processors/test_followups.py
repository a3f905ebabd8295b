"""What a worker is told after a decision, and told again after a restart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events import commands as c
from events import facts as f
from events.chain import Stream
from events.commands import CommandEnvelope
from events.failure import Strategy
from events.task import Claimed
from events.worker import (
    Assignment,
    InboxEnvelope,
    LeaseConfirmed,
    LeaseEnded,
    RecoveryDirected,
    StartConfirmed,
    StopRequested,
)
from processors.followups import assignment, follow_up
from tests.given import CLAIMED, DIRECTED, HELD, NOW, PLANNED, POLICY, RUNNING, STARTED, WAITING, given

HOLDER = {"worker": "w1", "lease_epoch": 1}


def told(past: tuple[f.TaskFact, ...], command: c.TaskCommand, again: bool = False) -> InboxEnvelope | None:
    """Decide, and see what is said; `again` asks as after a restart, when only the state after it is known."""
    decided = given(*past).when(command)
    envelope = CommandEnvelope(command_id="command-1", task_id="t1", issued_at=NOW, command=command)
    before = decided.task if again else decided.before
    refusal = None if again or decided.refusal is None else decided.refusal.reason
    return follow_up(envelope, before, Stream(decided.task, 9, "e9"), POLICY, refusal)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("past", "command", "kind"),
    [
        (WAITING, c.ClaimTask(worker="w1"), Assignment),
        (HELD, c.StartTask.model_validate(HOLDER), StartConfirmed),
        (RUNNING, c.StartTask.model_validate(HOLDER), StartConfirmed),
        (RUNNING, c.RenewLease.model_validate(HOLDER), LeaseConfirmed),
        (
            RUNNING,
            c.FailAttempt.model_validate({**HOLDER, "error_message": "timeout", "session_alive": True}),
            RecoveryDirected,
        ),
        ((*RUNNING, DIRECTED), c.ReportRecovered.model_validate(HOLDER), LeaseConfirmed),
        (RUNNING, c.PauseTask(), StopRequested),
        (RUNNING, c.CancelTask(), StopRequested),
    ],
)
def test_the_holder_hears_it(past: tuple[f.TaskFact, ...], command: c.TaskCommand, kind: type, again: bool) -> None:
    message = told(past, command, again)

    assert message is not None
    assert isinstance(message.message, kind)
    assert (message.worker, message.lease_epoch, message.version) == ("w1", 1, 9)
    assert message.command_id == "command-1"


@pytest.mark.parametrize("command", [c.PauseTask(), c.CancelTask()])
@pytest.mark.parametrize("past", [HELD, (*RUNNING, DIRECTED)])
def test_who_loses_the_task_hears_it(past: tuple[f.TaskFact, ...], command: c.TaskCommand) -> None:
    message = told(past, command)
    assert message is not None
    assert isinstance(message.message, LeaseEnded)
    assert message.worker == "w1"


@pytest.mark.parametrize("past", [WAITING, HELD, RUNNING, (*RUNNING, PLANNED), (*RUNNING, f.TaskCancelled())])
def test_who_holds_nothing_is_told_so(past: tuple[f.TaskFact, ...]) -> None:
    message = told(past, c.RenewLease(worker="w0", lease_epoch=7))
    assert message is not None
    assert isinstance(message.message, LeaseEnded)
    assert (message.worker, message.lease_epoch) == ("w0", 7)


def test_whose_own_report_ended_it_is_told_nothing() -> None:
    assert told(RUNNING, c.CompleteTask.model_validate(HOLDER)) is None
    assert told(RUNNING, c.ReleaseTask.model_validate(HOLDER)) is None


def test_who_waits_with_its_page_open_is_told_that_there_is_nothing_to_wait_for() -> None:
    report = {**HOLDER, "error_type": "site_down", "error_message": "no answer", "session_alive": True}
    message = told(RUNNING, c.FailAttempt.model_validate(report))
    assert message is not None
    assert isinstance(message.message, LeaseEnded)
    assert told(RUNNING, c.FailAttempt.model_validate({**report, "session_alive": False})) is None


def test_nobody_hears_of_a_task_that_nobody_holds() -> None:
    assert told(WAITING, c.PauseTask()) is None
    assert told((*WAITING, f.TaskPaused()), c.ResumeTask()) is None
    assert told(HELD, c.ClaimTask(worker="w2")) is None


def test_a_directive_says_how_long_to_wait_and_not_until_when() -> None:
    failed = c.FailAttempt.model_validate({**HOLDER, "error_message": "timeout", "session_alive": True})
    message = told(RUNNING, failed)
    assert message is not None
    assert isinstance(message.message, RecoveryDirected)
    assert message.message.strategy is Strategy.WAIT_AND_RETRY
    assert 2_000 <= message.message.delay_ms <= 2_500


def test_an_assignment_brings_what_earlier_attempts_left() -> None:
    paused = f.TaskPaused(checkpoint="ab12")
    second = CLAIMED.model_copy(update={"attempt": 2, "lease_epoch": 2})
    task = given(*RUNNING, PLANNED, paused, f.TaskResumed(), second).task
    assert isinstance(task, Claimed)

    brought = assignment(task, POLICY)

    assert (brought.attempt, brought.checkpoint, brought.steps_offset) == (2, "ab12", STARTED.steps_offset)
    assert (brought.strategy, brought.error_type) == (PLANNED.strategy, PLANNED.error_type)
    assert timedelta(milliseconds=brought.lease_ms) == POLICY.lease
    assert brought.timeout_seconds == 600
