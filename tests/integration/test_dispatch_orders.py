"""Operators' orders on a real broker: obeyed, answered, kept through kill -9; nothing decided twice, nothing lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events import queues as q
from events.codec import encode
from local.kafka_server import Broker
from tests.integration.dispatch_scene import Orders
from tests.integration.processing import Watched, Worker
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

QUICK = {"GOALTRAIL_KAFKA__SESSION_TIMEOUT_SECONDS": "6"}


@pytest.fixture
def log(broker: Broker, tmp_path: Path) -> Iterator[Watched]:
    with Watched(broker.bootstrap, tmp_path) as watched:
        yield watched


@pytest.fixture
def orders(log: Watched) -> Iterator[Orders]:
    desk = Orders(log)
    yield desk
    desk.close()


def test_a_queue_at_rest_and_a_drained_worker_stay_so_through_kill(log: Watched, orders: Orders) -> None:
    first = log.processor("a", **QUICK)
    resting, busy = Worker(log), Worker(log)
    assert orders.give("default", q.PauseQueue(reason="night")) == "accepted"
    assert orders.give("default", q.PauseQueue()) == "already_true"
    assert orders.give(resting.name, q.DrainWorker()) == "accepted"
    task = log.submit()
    log.await_fact(task, "task.submitted")
    first.stop(signal.SIGKILL)
    # What is asked while nobody is in charge waits for who comes next.
    limits = q.SetCeilings(ceilings=q.Ceilings(running=1))
    asked = orders.send("default", limits)

    log.processor("b", **QUICK)
    until(lambda: asked in log.outcomes, 60, what="the order given while nobody was in charge")
    other = log.submit()
    log.await_fact(other, "task.submitted")
    assert log.kinds(task) == ["task.submitted"]
    assert orders.give("default", q.ResumeQueue()) == "accepted"
    assigned = busy.assignment(task)
    assert log.kinds(other) == ["task.submitted"]
    busy.start(task, assigned.lease_epoch)
    log.send(task, busy.completion(assigned.lease_epoch))
    busy.assignment(other)
    # The same command once more is answered with what it led to, and undoes nothing.
    again = log.outcomes.pop(asked)
    orders.send("default", limits, command_id=asked)
    repeated = until(lambda: log.outcomes.get(asked), 20)

    assert repeated is not None
    assert not resting.told(task, type(assigned.message))
    assert (repeated.result, repeated.fact) == (again.result, again.fact)
    assert orders.kinds("default") == ["queue.paused", "queue.ceilings_set", "queue.resumed"]
    assert orders.kinds(resting.name) == ["worker.drained"]
    resting.die()
    busy.die()


def test_what_others_write_falls_off_and_what_nobody_can_read_is_buried_once(log: Watched, orders: Orders) -> None:
    first = log.processor("a", **QUICK)
    assert orders.give("default", q.PauseQueue()) == "accepted"
    paused = orders.facts[0]
    # A dispatcher that was replaced: its late fact follows what is no longer the newest, and lies where ours would.
    late = paused.model_copy(update={"event_id": "late", "event": q.QueuePaused(reason="late")})
    log.publisher.send(log.topics.queue_events, "default", encode(late)).result(10)
    for broken in (b"no order at all", encode(_stranger())):
        log.publisher.send(log.topics.queue_commands, "default", broken).result(10)

    assert orders.give("default", q.ResumeQueue()) == "accepted"
    until(lambda: len(log.dead) == 2, 20, what="both are dead letters")
    first.stop(signal.SIGKILL)
    log.processor("b", **QUICK)
    assert orders.give("default", q.PauseQueue(reason="again")) == "accepted"
    assert orders.give("default", q.ResumeQueue()) == "accepted"

    chain = [fact for fact in orders.facts if fact.event_id != "late"]
    taken = _followed(chain)
    assert [fact.event.type for fact in taken] == ["queue.paused", "queue.resumed", "queue.paused", "queue.resumed"]
    assert len({fact.command_offset for fact in taken}) == 4
    assert [(letter.reader, letter.offset) for letter in log.dead] == [("dispatch", 1), ("dispatch", 2)]


def _stranger() -> q.DispatchCommandEnvelope:
    """An order whose key does not name its subject."""
    command = q.PauseQueue()
    return q.DispatchCommandEnvelope(command_id="c" * 8, subject="other", issued_at=datetime.now(UTC), command=command)


def _followed(facts: list[q.DispatchEnvelope]) -> list[q.DispatchEnvelope]:
    """What a reader takes: each follows the one before."""
    taken: list[q.DispatchEnvelope] = []
    for fact in facts:
        if fact.follows == (taken[-1].event_id if taken else None):
            taken.append(fact)
    return taken
