"""The desk at which outcomes are waited for: nothing missed, nothing left behind."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from events.commands import CancelTask, SubmitTask
from events.errors import BodyTooLarge, PublishFailed
from events.outcome import Outcome
from events.topics import Topics
from producers.commands import CommandSender
from producers.memory import InMemoryPublisher
from producers.outcomes import OutcomeDesk, ask
from producers.publisher import Placement

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def an_outcome(command_id: str) -> Outcome:
    return Outcome(command_id=command_id, task_id="t", result="accepted", decided_at=NOW)


@dataclass
class SilentPublisher:
    """Takes records and never says where they are."""

    sent: list[bytes] = field(default_factory=list)

    def send(self, topic: str, key: str, body: bytes) -> Future[Placement]:
        del topic, key
        self.sent.append(body)
        return Future()

    def flush(self, timeout_seconds: float) -> int:
        del timeout_seconds
        return len(self.sent)

    def close(self) -> None:
        pass


@pytest.fixture
def desk() -> OutcomeDesk:
    return OutcomeDesk()


@pytest.fixture
def sender() -> CommandSender:
    return CommandSender(InMemoryPublisher(), Topics(), "test")


def test_an_answer_reaches_who_asked_and_is_forgotten(desk: OutcomeDesk) -> None:
    mine, other = desk.expect("command-1"), desk.expect("command-2")

    desk.answer(an_outcome("command-1"))

    assert mine.result(0).command_id == "command-1"
    assert not other.done()
    assert len(desk) == 1


def test_an_answer_nobody_waits_for_is_dropped(desk: OutcomeDesk) -> None:
    desk.answer(an_outcome("command-1"))

    assert len(desk) == 0


def test_who_stops_waiting_leaves_nothing_and_a_late_answer_does_no_harm(desk: OutcomeDesk) -> None:
    future = desk.expect("command-1")
    assert future.cancel()

    desk.answer(an_outcome("command-1"))

    assert len(desk) == 0


def test_a_second_wait_for_one_command_survives_the_end_of_the_first(desk: OutcomeDesk) -> None:
    first, second = desk.expect("command-1"), desk.expect("command-1")
    first.cancel()

    desk.answer(an_outcome("command-1"))

    assert second.result(0).command_id == "command-1"


def test_the_outcome_is_expected_before_the_command_is_sent(desk: OutcomeDesk) -> None:
    class Instant(InMemoryPublisher):
        def send(self, topic: str, key: str, body: bytes) -> Future[Placement]:
            placed = super().send(topic, key, body)
            desk.answer(an_outcome("command-1"))
            return placed

    request = ask(CommandSender(Instant(), Topics(), "test"), desk, "t", CancelTask(), command_id="command-1")

    assert request.wait(0) is not None


def test_no_answer_in_time_is_none_and_leaves_nothing(desk: OutcomeDesk, sender: CommandSender) -> None:
    assert ask(sender, desk, "t", CancelTask()).wait(0.01) is None
    assert len(desk) == 0


def test_no_delivery_in_time_is_none_and_leaves_nothing(desk: OutcomeDesk) -> None:
    assert ask(CommandSender(SilentPublisher(), Topics(), "test"), desk, "t", CancelTask()).wait(0.01) is None
    assert len(desk) == 0


def test_a_broker_that_takes_nothing_is_said_and_leaves_nothing(desk: OutcomeDesk, sender: CommandSender) -> None:
    sender.publisher.close()

    with pytest.raises(PublishFailed):
        ask(sender, desk, "t", CancelTask()).wait(1)
    assert len(desk) == 0


def test_a_command_too_large_is_said_and_leaves_nothing(desk: OutcomeDesk, sender: CommandSender) -> None:
    large = SubmitTask(goal="x", site_url="https://a.example", submitted_by="x" * 300_000)

    with pytest.raises(BodyTooLarge):
        ask(sender, desk, "t", large)
    assert len(desk) == 0


def test_answers_and_cancels_from_many_threads_leave_nothing(desk: OutcomeDesk) -> None:
    def one(number: int) -> bool:
        future = desk.expect(f"command-{number}")
        with ThreadPoolExecutor(2) as pool:
            answered = pool.submit(desk.answer, an_outcome(f"command-{number}"))
            cancelled = pool.submit(future.cancel)
            answered.result(5)
            # Exactly one of the two wins: either the answer is there, or the wait was ended.
            return future.cancelled() if cancelled.result(5) else future.result(5) is not None

    assert all(one(number) for number in range(200))
    assert len(desk) == 0


def test_two_who_ask_for_one_command_are_both_told(desk: OutcomeDesk) -> None:
    first, second, gone = (desk.expect("command-1") for _ in range(3))
    gone.cancel()
    desk.answer(an_outcome("command-1"))

    assert first.result(0) == second.result(0) == an_outcome("command-1")
    assert len(desk) == 0


def test_what_was_heard_is_remembered_for_a_while(desk: OutcomeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.outcomes._REMEMBERED", 2)
    for number in range(3):
        desk.answer(an_outcome(f"command-{number}"))

    assert desk.recent("command-0") is None
    assert desk.recent("command-2") == an_outcome("command-2")
