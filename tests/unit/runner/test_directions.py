"""Troubles with the page open: reported, answered, waited for, and dropped when the task goes another way."""

from __future__ import annotations

import asyncio
from time import monotonic

from events.commands import CompleteTask, FailAttempt, ReleaseTask, RenewLease, ReportRecovered
from events.failure import ErrorType, Strategy
from events.steps import Artifact
from events.worker import LeaseConfirmed, LeaseEnded, RecoveryDirected
from runner.performer import Fell, Job, Reached, StepReporter, Verdict
from tests.unit.runner.hall import Hall, eventually
from tests.unit.runner.test_attempt import step

TROUBLE = Fell(ErrorType.TIMEOUT, "too slow", {"url": "http://x/"})


async def troubled(_: Job, steps: StepReporter) -> Verdict:
    strategy = await steps.recourse(TROUBLE)
    await steps.recovered()
    return Reached(str(strategy), [])


def directed(delay_ms: int = 0) -> RecoveryDirected:
    return RecoveryDirected(strategy=Strategy.WAIT_AND_RETRY, attempt_number=1, delay_ms=delay_ms)


async def test_a_trouble_is_reported_with_the_page_open_and_the_directive_is_carried_out() -> None:
    async with Hall(troubled) as hall:
        await hall.begin()
        failed = await hall.heard(FailAttempt)
        assert (failed.session_alive, failed.error_type, failed.evidence) == (
            True,
            TROUBLE.error_type,
            TROUBLE.evidence,
        )
        began = monotonic()
        hall.say(directed(300), command_id=hall.envelopes(FailAttempt)[0].command_id)
        done = await hall.heard(CompleteTask)
        assert monotonic() - began >= 0.3
        assert done.final_result == "wait_and_retry"
        assert len(hall.envelopes(ReportRecovered)) == len(hall.envelopes(FailAttempt)) == 1


async def test_directives_for_other_reports_epochs_and_versions_are_ignored() -> None:
    async with Hall(troubled) as hall:
        await hall.begin(epoch=4)
        await hall.heard(FailAttempt)
        mine = hall.envelopes(FailAttempt)[0].command_id
        hall.say(directed(), epoch=4, command_id="another report")
        hall.say(directed(), epoch=3, command_id=mine)
        hall.version = 50
        hall.say(directed(), epoch=4, command_id=mine, version=1)
        await asyncio.sleep(0.05)
        assert not hall.envelopes(ReportRecovered)
        hall.say(directed(), epoch=4, command_id=mine, version=51)
        await hall.heard(CompleteTask)


async def test_the_lease_is_renewed_during_the_wait() -> None:
    async with Hall(troubled) as hall:
        await hall.begin(lease_ms=800)
        await hall.heard(FailAttempt)
        hall.say(directed(1_200), command_id=hall.envelopes(FailAttempt)[0].command_id)
        while not hall.envelopes(CompleteTask):
            for envelope in hall.envelopes(RenewLease):
                hall.say(LeaseConfirmed(), command_id=envelope.command_id)
            await asyncio.sleep(0.01)
        assert len(hall.envelopes(RenewLease)) >= 3
        assert not hall.envelopes(ReleaseTask)


async def test_an_ended_lease_ends_the_wait_and_nothing_more_is_said() -> None:
    async with Hall(troubled) as hall:
        await hall.begin()
        await hall.heard(FailAttempt)
        hall.say(LeaseEnded(reason="the task is PAUSED"))
        await hall.idle()
        assert hall.cancelled
        assert not [*hall.envelopes(ReportRecovered), *hall.envelopes(CompleteTask), *hall.envelopes(ReleaseTask)]


async def test_without_an_answer_the_task_is_given_back_when_the_lease_is_no_longer_sure() -> None:
    async with Hall(troubled) as hall:
        await hall.begin(lease_ms=500)
        await hall.heard(FailAttempt)
        assert "renewed" in (await hall.heard(ReleaseTask)).reason


async def test_a_checkpoint_behind_an_act_lets_the_task_be_given_back() -> None:
    async def goes_on(_: Job, steps: StepReporter) -> Verdict:
        await steps.intend("click Pay")
        steps.executed(step("click Pay").model_copy(update={"irreversible": True}))
        steps.checkpoint("http://x/", Artifact(kind="storage_state", sha256="0", media_type="x", size_bytes=1))
        await asyncio.Event().wait()
        raise AssertionError

    async with Hall(goes_on) as hall:
        await hall.begin()
        await eventually(lambda: len(hall.steps) == 3)
        assert hall.steps[-1].event.model_dump()["acts"] == 1
        await hall.worker.drain()
        assert "shutting down" in (await hall.heard(ReleaseTask)).reason
