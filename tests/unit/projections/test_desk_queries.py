"""What the desk is answered: escalations, dead letters, webhooks, over a real DuckDB."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.dead_letter import DeadLetter, DeadLetterDiscarded, DeadLetterRedriven
from events.facts import EscalationClaimed, EscalationResolved, TaskCancelled, TaskEscalated
from events.failure import ErrorType
from events.steps import Artifact
from events.webhooks import (
    WebhookAbandoned,
    WebhookDelivered,
    WebhookEnvelope,
    WebhookFact,
    WebhookFailed,
    WebhookRedriven,
)
from projections.queries import Readings
from projections.records import Record
from projections.store import Store
from tests.unit.projections.log import TOPICS, Log, TaskLog, at, claimed, cost, read, started, step, submitted

FAILED_AGAIN = TaskEscalated(error_type=ErrorType.TIMEOUT, error_message="slow", evidence={"url": "/pay"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "a.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def readings(store: Store) -> Readings:
    return Readings(store.cursor)


def escalated(log: Log, **goal: Any) -> tuple[TaskLog, list[Record]]:
    task = log.task()
    return task, task.facts(submitted(**goal), claimed(), started(), FAILED_AGAIN)


def test_an_open_escalation_with_its_last_steps(store: Store, readings: Readings) -> None:
    task, records = escalated(Log(), priority=9, queue="swim")
    picture = Artifact(kind="screenshot", sha256="ab", media_type="image/png", size_bytes=7)
    steps = [step(number, url=f"https://x/{number}") for number in range(1, 7)]
    failed = step(7, result="error", error_details="no button", url="https://x/pay", artifacts=[picture])
    read(store, records + task.steps(*steps, failed) + task.steps(cost(0.1)))
    [found] = readings.escalations().escalations

    assert (found.task_id, found.goal, found.priority, found.queue) == (task.task_id, "Register Eden", 9, "swim")
    assert (found.error_type, found.error_message, found.evidence) == ("timeout", "slow", {"url": "/pay"})
    assert (found.escalated_at, found.attempts, found.recovery_attempts) == (at(4), 1, 0)
    assert (found.operator, found.claimed_at, found.resolution, found.resolved_at) == (None, None, None, None)
    assert ([one.number for one in found.last_steps], found.last_url) == ([3, 4, 5, 6, 7], "https://x/pay")
    last = found.last_steps[-1]
    assert (last.result, last.error_details) == ("error", "no button")
    assert last.artifacts == [{"kind": "screenshot", "sha256": "ab"}]


def test_the_urgent_first_and_who_took_them_on(store: Store, readings: Readings) -> None:
    log = Log()
    (old, first), (urgent, second), (taken, third) = (escalated(log, priority=p) for p in (5, 9, 5))
    claim = taken.facts(EscalationClaimed(operator="ada"))
    read(store, first + second + third)
    read(store, claim)
    everyone = readings.escalations()

    assert ([e.task_id for e in everyone.escalations], everyone.total) == (
        [urgent.task_id, old.task_id, taken.task_id],
        3,
    )
    assert [e.task_id for e in readings.escalations(limit=1, offset=1).escalations] == [old.task_id]
    assert [e.task_id for e in readings.escalations(unclaimed=True).escalations] == [urgent.task_id, old.task_id]
    mine = readings.escalations(operator="ada")
    assert [(e.task_id, e.operator, e.claimed_at) for e in mine.escalations] == [(taken.task_id, "ada", at(5))]
    assert (mine.total, readings.escalations(operator="bo").total) == (1, 0)


def test_a_resolved_one_is_still_told(store: Store, readings: Readings) -> None:
    task, records = escalated(Log())
    retry = EscalationResolved(operator="bo", resolution="retry", note="site was down", hints="use the menu")
    read(store, records + task.facts(EscalationClaimed(operator="ada"), retry, claimed(2)))
    found = readings.escalation(task.task_id)

    assert found is not None
    assert (found.operator, found.claimed_at, found.resolved_at) == ("bo", at(5), at(6))
    assert (found.resolution, found.note, found.hints) == ("retry", "site was down", "use the menu")
    assert readings.escalations().total == 0

    read(store, task.facts(FAILED_AGAIN))
    again = readings.escalation(task.task_id)
    assert again is not None
    assert (again.escalated_at, again.operator, again.resolution) == (at(8), None, None)
    assert readings.escalations(unclaimed=True).total == 1


def test_one_that_was_cancelled(store: Store, readings: Readings) -> None:
    task, records = escalated(Log())
    read(store, records + task.facts(TaskCancelled(reason="not needed")))
    found = readings.escalation(task.task_id)

    assert found is not None
    assert (found.resolution, found.note, found.resolved_at) == ("cancel", "not needed", at(5))


def test_a_task_that_never_needed_a_human(store: Store, readings: Readings) -> None:
    task = Log().task()
    read(store, task.facts(submitted()))

    assert readings.escalation(task.task_id) is None
    assert readings.escalation("no id") is None


def letter(value: bytes | None, reader: str = "lifecycle", seconds: float = 0, whole: int | None = None) -> DeadLetter:
    encoded = None if value is None else base64.b64encode(value).decode()
    return DeadLetter(
        topic=TOPICS.task_commands,
        partition=3,
        offset=17,
        reason="no",
        error="UndecodableRecord",
        reader=reader,
        key_base64="aw==",
        value_base64=encoded,
        value_bytes=len(value or b"") if whole is None else whole,
        recorded_at=at(seconds),
    )


@pytest.mark.parametrize(
    ("value", "whole", "text"),
    [
        (b'{"a": "\xc3\xa9"}', None, '{"a": "é"}'),
        (b"\xff\x00", None, None),
        (b"not JSON", None, None),
        (b"[1]", 300_000, None),
        (None, None, None),
    ],
)
def test_the_bytes_of_a_dead_letter(
    store: Store, readings: Readings, value: bytes | None, whole: int | None, text: str | None
) -> None:
    read(store, [Log().append(TOPICS.dead_letters, 1, letter(value, whole=whole))])
    found = readings.dead_letter(f"{TOPICS.dead_letters}:1:0")

    assert found is not None
    assert (found.topic, found.partition, found.offset, found.key) == (TOPICS.task_commands, 3, 17, "aw==")
    assert (None if found.value is None else base64.b64decode(found.value)) == value
    assert (found.text, found.state, found.acts) == (text, "open", [])
    assert readings.dead_letter(f"{TOPICS.dead_letters}:1:1") is None


def test_acts_may_be_read_before_their_letter(store: Store, readings: Readings) -> None:
    log = Log()
    letters = [f"{TOPICS.dead_letters}:0:{offset}" for offset in range(3)]
    redriven = DeadLetterRedriven(letter=letters[0], by="ada", redriven_to="t:1:2", recorded_at=at(10))
    discarded = DeadLetterDiscarded(letter=letters[1], by="bo", note="old", recorded_at=at(11))
    again = DeadLetterDiscarded(letter=letters[0], by="bo", recorded_at=at(12))
    read(store, [log.append(TOPICS.dead_letters, 1, act) for act in (redriven, discarded)])
    readers = ("lifecycle", "dispatcher", "lifecycle")
    read(store, [log.append(TOPICS.dead_letters, 0, letter(b"x", name, n)) for n, name in enumerate(readers)])
    page = readings.dead_letters()

    assert [one.letter for one in page.dead_letters] == letters[::-1]
    assert [one.state for one in page.dead_letters] == ["open", "discarded", "redriven"]
    assert [(act.by, act.redriven_to, act.at) for act in page.dead_letters[2].acts] == [("ada", "t:1:2", at(10))]
    assert ([one.letter for one in readings.dead_letters(state="open").dead_letters], page.total) == ([letters[2]], 3)
    assert readings.dead_letters(reader="lifecycle", limit=1).total == 2
    assert readings.dead_letters(topic="another").total == 0
    assert readings.dead_letter_count() == 1

    read(store, [log.append(TOPICS.dead_letters, 1, again)])
    found = readings.dead_letter(letters[0])
    assert found is not None
    assert (found.state, [act.type for act in found.acts]) == (
        "discarded",
        ["dead_letter.redriven", "dead_letter.discarded"],
    )


def call(log: Log, task: TaskLog, seconds: float, event: WebhookFact) -> Record:
    fact = WebhookEnvelope(
        event_id=f"e{seconds}",
        task_id=task.task_id,
        message_id="m1",
        about="done",
        url="https://caller.example/hook",
        recorded_at=at(seconds),
        event=event,
    )
    return log.append(TOPICS.webhook_events, 0, fact)


def test_a_webhook_from_try_to_try(store: Store, readings: Readings) -> None:
    log = Log()
    task = log.task()
    seen = []
    told: list[WebhookFact] = [
        WebhookFailed(attempt=1, error="refused", http_status=503, retry_at=at(60)),
        WebhookAbandoned(attempt=2, error="gave up"),
        WebhookRedriven(by="ada"),
        WebhookDelivered(attempt=3, http_status=204),
        WebhookFailed(attempt=2, error="an echo", retry_at=at(90)),
    ]
    for seconds, event in enumerate(told):
        read(store, [call(log, task, seconds, event)])
        [found] = readings.webhooks(task.task_id)
        seen.append((found.state, found.attempts, found.last_error, found.http_status, found.next_at))

    assert seen == [
        ("pending", 1, "refused", 503, at(60)),
        ("abandoned", 2, "gave up", None, None),
        ("pending", 2, "gave up", None, at(2)),
        ("delivered", 3, None, 204, None),
        ("delivered", 3, None, 204, None),
    ]
    assert (found.url, found.about, found.updated_at) == ("https://caller.example/hook", "done", at(3))
    assert readings.webhooks("no id") == []
