"""What is owed to whom, read from facts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events import facts as f
from events.webhooks import WebhookAbandoned, WebhookDelivered, WebhookFailed
from processors.webhooks.rota import Rota
from processors.webhooks.tries import Answered, Refused, Unanswered
from tests.given import CLAIMED, ESCALATED, SECOND, STARTED, SUBMITTED
from tests.unit.processors.webhook_log import URL, WANTED, Agent, replayed

DONE = f.TaskCompleted(lease_epoch=1, final_result="registered", total_steps=4, total_cost=0.02)
FAILED = f.TaskFailed(lease_epoch=1, error_type=ESCALATED.error_type, error_message="no such page")
LATER = timedelta(hours=9)


@pytest.mark.parametrize("end", [DONE, FAILED, f.TaskCancelled(reason="enough")])
def test_a_task_that_ends_is_told_of_once(end: f.TaskFact) -> None:
    log = Agent()

    message = log.happens("task", WANTED, CLAIMED, STARTED, end)

    assert message is not None
    assert (message.task_id, message.url, message.submission, message.ending) == ("task", URL, 0, 3)
    assert log.book.lines == {}
    assert log.send() == [message]
    assert log.send() == []


def test_a_task_without_callback_is_not_looked_at() -> None:
    log = Agent()

    log.happens("task", SUBMITTED.model_copy(update={"goal": '"callback_url":"x"'}), CLAIMED, STARTED, DONE)

    assert log.book.lines == {}
    assert log.book.messages == {}


def test_an_escalation_is_told_of_and_the_end_after_it_too() -> None:
    log = Agent()

    first = log.happens("task", WANTED, CLAIMED, STARTED, ESCALATED)
    second = log.happens("task", f.EscalationResolved(operator="eden", resolution="complete", final_result="by hand"))

    assert first is not None
    assert second is not None
    assert first.about != second.about
    assert [m.about for m in log.send()] == [first.about, second.about]


def test_an_escalation_resolved_as_retry_leaves_the_task_open() -> None:
    log = Agent()

    log.happens("task", WANTED, CLAIMED, STARTED, ESCALATED)
    assert log.happens("task", f.EscalationResolved(operator="eden", resolution="retry")) is None

    assert len(log.book.lines) == 1


def test_facts_of_a_writer_that_was_replaced_fall_off() -> None:
    log = Agent()
    log.happens("task", WANTED, CLAIMED)
    late = log.fact("task", DONE)
    log.happens("task", STARTED)

    assert log.append(late) is None
    assert log.happens("task", f.TaskCancelled()) is not None
    # and its first fact, once the task is over, begins no second life
    again = log.fact("other", WANTED).model_copy(update={"task_id": "task", "event_id": "late", "command_offset": 0})
    log.append(again)
    assert log.book.lines == {}


def test_a_failed_try_is_followed_by_another_when_it_is_due() -> None:
    log = Agent()
    message = log.happens("task", WANTED, DONE)
    assert message is not None
    log.send()

    fact = log.lands(message, Unanswered("nobody there"))

    assert isinstance(fact, WebhookFailed)
    assert log.send() == []
    log.passes(fact.retry_at - log.now)
    assert log.send() == [message]
    assert isinstance(log.lands(message, Answered(200)), WebhookDelivered)
    assert log.book.messages == {}
    assert replayed(log).messages == {}


def test_tries_that_are_used_up_leave_one_letter_however_often_the_agent_starts() -> None:
    log = Agent()
    message = log.happens("task", WANTED, DONE)
    assert message is not None
    for _ in range(3):
        assert log.send() == [message]
        log.lands(message, Answered(500))
        log.passes(LATER)

    assert log.send() == []
    log.crash()
    log.crash()

    assert len(log.own_letters()) == 1
    assert log.own_letters()[0].offset == message.ending


def test_a_crash_between_giving_up_and_the_letter_loses_no_letter() -> None:
    log = Agent()
    message = log.happens("task", WANTED, DONE)
    assert message is not None
    log.lands(message, Refused("inside"))
    log.letters.clear()

    log.crash()

    assert len(log.own_letters()) == 1


def test_redriven_a_message_gets_all_its_tries_again_and_one_more_letter() -> None:
    log = Agent()
    message = log.happens("task", WANTED, DONE)
    assert message is not None
    assert log.lands(message, Refused("inside")) == WebhookAbandoned(attempt=0, error="inside")

    log.redrive(0)
    log.crash()
    for attempt in (1, 2, 3):
        (message,) = log.send()
        fact = log.lands(message, Answered(500))
        assert getattr(fact, "attempt", None) == attempt
        log.passes(LATER)

    assert isinstance(fact, WebhookAbandoned)
    assert len(log.own_letters()) == 2
    log.redrive(0)  # the first letter again: that was done
    assert log.send() == []
    log.redrive(len(log.letters) - 2)
    (message,) = log.send()
    assert log.lands(message, Answered(200)) == WebhookDelivered(attempt=4, http_status=200)


def test_a_discarded_message_is_forgotten_for_good() -> None:
    log = Agent()
    message = log.happens("task", WANTED, DONE)
    assert message is not None
    log.lands(message, Refused("inside"))

    log.discard(0)
    log.redrive(0)
    log.crash()

    assert log.book.messages == {}
    assert log.send() == []
    assert log.book.places == {}
    assert log.book.letters == {}


def test_two_agents_at_once_repeat_and_change_nothing() -> None:
    log = Agent()
    message = log.happens("task", WANTED, DONE)
    assert message is not None
    failed = log.lands(message, Unanswered("x"))
    before = message.tried.retry_at
    log.record(message, failed.model_copy(update={"retry_at": log.now + 99 * SECOND}))

    assert (message.tried.attempt, message.tried.retry_at) == (1, before)
    log.lands(message, Refused("inside"))
    log.record(message, WebhookAbandoned(attempt=1, error="inside"))
    assert len(log.own_letters()) == 1


def test_slow_hosts_and_retries_leave_room_for_others() -> None:
    log = Agent()
    log.rota = Rota(at_once=4, at_once_per_host=2)
    for number in range(5):
        log.happens(f"slow{number}", WANTED, DONE)
    assert len(log.send()) == 2

    other = log.happens("quick", WANTED.model_copy(update={"callback_url": "https://other.example.org/"}), DONE)

    assert log.send() == [other]


def test_retries_never_take_all_places() -> None:
    log = Agent()
    for number in range(8):
        url = f"https://dead{number}.example.org/"
        log.happens(f"dead{number}", WANTED.model_copy(update={"callback_url": url}), DONE)
    while messages := log.send():
        for message in messages:
            log.lands(message, Unanswered("x"))
    log.passes(LATER)

    assert len(log.send()) == 2
    fresh = log.happens("fresh", WANTED, DONE)
    assert log.send() == [fresh]
