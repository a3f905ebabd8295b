"""One task under one lease, with the processor's part played by the test and a log in memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from events.commands import (
    CompleteTask,
    FailAttempt,
    ReleaseTask,
    RenewLease,
    StartTask,
    YieldTask,
)
from events.envelope import StepEnvelope
from events.facts import TaskSubmitted
from events.failure import ErrorType
from events.steps import StepExecuted, StepIntended
from events.worker import (
    Assignment,
    LeaseConfirmed,
    LeaseEnded,
    StopRequested,
)
from runner.history import Earlier
from runner.performer import Fell, Job, Reached, StepReporter, Verdict, Yielded
from tests.unit.runner.hall import TASK, Hall, eventually


def step(action: str = "act") -> StepExecuted:
    return StepExecuted(step_number=0, action=action, ai_used="rules", result="success")


async def at_once(job: Job, steps: StepReporter) -> Verdict:
    for _ in range(5):
        steps.executed(step())
    return Reached("done", ["seen"], {"task": job.task_id})


async def for_ever(_: Job, steps: StepReporter) -> Verdict:
    steps.executed(step())
    await asyncio.Event().wait()
    raise AssertionError


async def for_ever_after_intent(_: Job, steps: StepReporter) -> Verdict:
    await steps.intend("click Pay")
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_task_is_started_performed_and_completed() -> None:
    async with Hall(at_once) as hall:
        await hall.begin()
        done = await hall.heard(CompleteTask)
        assert (done.worker, done.lease_epoch, done.total_steps) == ("w", 1, 5)
        assert (done.final_result, done.evidence, done.result_data) == ("done", ["seen"], {"task": TASK})
        assert [
            (s.event.step_number, s.lease_epoch, s.worker) for s in hall.steps if isinstance(s.event, StepExecuted)
        ] == [(n, 1, "w") for n in range(1, 6)]
        assert (await hall.heard(StartTask)).steps_offset == 7
        await hall.idle()


async def test_nothing_is_done_before_the_start_is_confirmed() -> None:
    async with Hall(at_once) as hall:
        hall.assign(lease_ms=400)
        await hall.heard(StartTask)
        hall.say(LeaseConfirmed(), command_id="stranger")
        await eventually(lambda: len(hall.envelopes(StartTask)) > 1)  # asked once more, as nobody has answered
        assert not hall.steps
        hall.confirm_start()
        await hall.heard(CompleteTask)


async def test_a_lease_that_ends_stops_the_act_and_nothing_is_reported() -> None:
    async with Hall(for_ever) as hall:
        await hall.begin()
        await eventually(lambda: hall.steps)
        hall.say(LeaseEnded(reason="over"))
        await hall.idle()
        assert hall.cancelled
        assert not [*hall.envelopes(CompleteTask), *hall.envelopes(FailAttempt), *hall.envelopes(ReleaseTask)]


async def test_leases_are_renewed_and_renewals_keep_the_act_going() -> None:
    async with Hall(for_ever) as hall:
        await hall.begin(lease_ms=800)

        async def renewal(number: int) -> str:
            await eventually(lambda: len(hall.envelopes(RenewLease)) > number)
            return hall.envelopes(RenewLease)[number].command_id

        for number in range(9):  # a quarter of a lease each: more than two leases in all
            hall.say(LeaseConfirmed(), command_id=await renewal(number))
        assert not hall.cancelled
        assert (await hall.heard(RenewLease)).step_number == 1


async def test_without_confirmed_renewals_the_act_stops_in_time_and_the_task_is_given_back() -> None:
    async with Hall(for_ever) as hall:
        await hall.begin(lease_ms=500)
        released = await hall.heard(ReleaseTask)
        assert hall.cancelled
        assert "renewed" in released.reason
        assert hall.envelopes(RenewLease)


async def test_past_an_intent_a_lost_lease_is_unconfirmed_and_not_given_back() -> None:
    async with Hall(for_ever_after_intent) as hall:
        await hall.begin(lease_ms=500)
        failed = await hall.heard(FailAttempt)
        assert failed.error_type is ErrorType.UNCONFIRMED
        assert not hall.envelopes(ReleaseTask)
        assert isinstance(hall.steps[0].event, StepIntended)
        assert hall.steps[0].event.step_number == 1


async def test_the_time_of_a_task_ends_the_attempt() -> None:
    async with Hall(for_ever) as hall:
        await hall.begin(seconds=0.2)
        assert (await hall.heard(FailAttempt)).error_type is ErrorType.TASK_TIMEOUT


async def test_a_failure_is_reported_as_it_is() -> None:
    async def falls(_: Job, __: StepReporter) -> Verdict:
        return Fell(ErrorType.NO_PLAN, "no idea", recovery_needed=False)

    async with Hall(falls) as hall:
        await hall.begin()
        failed = await hall.heard(FailAttempt)
        assert (failed.error_type, failed.error_message, failed.recovery_needed) == (
            ErrorType.NO_PLAN,
            "no idea",
            False,
        )
        assert failed.session_alive is False


async def test_a_performer_that_breaks_fails_the_attempt() -> None:
    async def breaks(_: Job, __: StepReporter) -> Verdict:
        raise RuntimeError("boom")

    async with Hall(breaks) as hall:
        await hall.begin()
        assert "boom" in (await hall.heard(FailAttempt)).error_message


async def test_a_stop_is_passed_on_and_answered_with_a_yield() -> None:
    async def until_asked(_: Job, steps: StepReporter) -> Verdict:
        await eventually(lambda: steps.stop_asked)
        assert steps.stop_asked is not None
        return Yielded(steps.stop_asked)

    async with Hall(until_asked) as hall:
        await hall.begin()
        hall.say(StopRequested(why="pause"))
        assert (await hall.heard(YieldTask)).checkpoint == "pause"


async def test_old_messages_are_ignored() -> None:
    async with Hall(for_ever) as hall:
        await hall.begin(epoch=4, lease_ms=2_000)
        await eventually(lambda: hall.steps)
        hall.say(LeaseEnded(reason="an older epoch"), epoch=3)
        hall.say(LeaseEnded(reason="an older version"), epoch=4, version=1)
        await eventually(lambda: hall.envelopes(RenewLease))  # it goes on
        assert not hall.cancelled


async def test_an_assignment_sent_again_is_performed_once() -> None:
    async with Hall(at_once) as hall:
        await hall.begin()
        hall.assign()
        await hall.heard(CompleteTask)
        await hall.idle()
        hall.assign()
        hall.assign(epoch=2)
        # The worker takes them in order: had the repeat been performed, its start would stand before this one.
        await eventually(lambda: len(hall.envelopes(StartTask)) > 1)
        assert [e.command.model_dump()["lease_epoch"] for e in hall.envelopes(StartTask)] == [1, 2]
        assert len(hall.envelopes(CompleteTask)) == 1


@pytest.mark.parametrize("started", [True, False])
async def test_draining_gives_back_what_was_not_committed(started: bool) -> None:
    async with Hall(for_ever) as hall:
        if started:
            await hall.begin()
        else:
            hall.assign()
        await hall.worker.drain()
        assert "shutting down" in (await hall.heard(ReleaseTask)).reason
        assert (hall.worker.capacity, hall.worker.holds) == (0, 0)
        hall.assign(epoch=9)
        assert [e.command for e in hall.envelopes(ReleaseTask)][-1].model_dump()["lease_epoch"] == 9


async def test_draining_lets_a_committed_task_finish() -> None:
    async def finishes(_: Job, steps: StepReporter) -> Verdict:
        await steps.intend("click Pay")
        await asyncio.sleep(0.3)
        return Reached("done", [])

    async with Hall(finishes) as hall:
        await hall.begin()
        await eventually(lambda: hall.steps)
        await hall.worker.drain()
        await hall.heard(CompleteTask)
        assert not hall.envelopes(ReleaseTask)


def intent(number: int) -> StepEnvelope:
    return StepEnvelope(
        event_id="e",
        task_id=TASK,
        worker="before",
        lease_epoch=1,
        recorded_at=datetime.now(UTC),
        event=StepIntended(step_number=number, action="click Pay"),
    )


async def test_who_takes_over_learns_what_was_intended_and_numbers_on() -> None:
    seen: list[Earlier] = []

    async def looks(job: Job, steps: StepReporter) -> Verdict:
        seen.append(job.earlier)
        steps.executed(step())
        return Reached("", [])

    async with Hall(looks, earlier=[intent(4)], steps_offset=3) as hall:
        await hall.begin(epoch=2, error=ErrorType.RUNNER_LOST)
        done = await hall.heard(CompleteTask)
        assert seen == [Earlier(4, "click Pay")]
        assert done.total_steps == 5


async def test_history_that_cannot_be_read_gives_the_task_back() -> None:
    async with Hall(at_once, steps_offset=3) as hall:
        hall.unreadable = True
        await hall.begin(epoch=2)
        assert "no broker" in (await hall.heard(ReleaseTask)).reason


async def test_acts_wait_for_a_lease_that_outlasts_them() -> None:
    async def asks(_: Job, steps: StepReporter) -> Verdict:
        return Reached(str(await steps.may_act(1.0)), [])

    async with Hall(asks) as hall:
        hall.assign(lease_ms=1_000)
        await hall.heard(StartTask)
        await asyncio.sleep(0.7)  # the start is confirmed late: less than half a lease is left of it
        hall.confirm_start()
        await asyncio.sleep(0.05)
        assert not hall.envelopes(CompleteTask)
        while not hall.envelopes(CompleteTask):
            for envelope in hall.envelopes(RenewLease):
                hall.say(LeaseConfirmed(), command_id=envelope.command_id)
            await asyncio.sleep(0.01)
        assert float((await hall.heard(CompleteTask)).final_result) >= 0.5


async def test_secrets_never_reach_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "tweet-tweet")

    async def leaks(job: Job, steps: StepReporter) -> Verdict:
        value = job.secrets.value("s")
        steps.executed(step(f"fill {value}").model_copy(update={"error_details": value, "url": f"http://x/?q={value}"}))
        await steps.intend(value)
        return Reached(value, [value], {value: [value]})

    async with Hall(leaks) as hall:
        goal = TaskSubmitted(goal="x", site_url="http://127.0.0.1/", secrets={"s": "env:CANARY"})
        hall.say(Assignment(goal=goal, attempt=1, lease_ms=60_000, timeout_seconds=60))
        await hall.heard(StartTask)
        hall.confirm_start()
        await hall.heard(CompleteTask)
        for topic in (hall.topics.step_events, hall.topics.task_commands):
            assert all(b"tweet-tweet" not in record.body for record in hall.publisher.records(topic))
