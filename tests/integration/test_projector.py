"""The projector on a real broker and a real DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import monotonic

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from events.codec import encode
from events.errors import BrokerUnreachable
from events.facts import UnknownFact
from events.queues import DispatchEnvelope, QueuePaused
from events.task import Status
from events.topics import Topics
from events.webhooks import WebhookDelivered, WebhookEnvelope
from local.kafka_server import Broker
from projections.projector import Projector
from tests.integration.log_writer import Writer
from tests.unit.projections.log import Log, at, claimed, completed, cost, started, step, submitted
from tests.wait import until

pytestmark = pytest.mark.kafka


@pytest.fixture
def writer(broker: Broker) -> Iterator[Writer]:
    made = Writer(broker.bootstrap)
    yield made
    made.publisher.close()


@pytest.fixture
def projector(writer: Writer, tmp_path: Path) -> Iterator[Projector]:
    running = writer.projector(tmp_path)
    running.start()
    yield running
    running.stop()


def test_orders_and_webhooks_are_read_too(writer: Writer, projector: Projector) -> None:
    task = Log().task()
    paused = DispatchEnvelope(
        event_id="o1",
        subject="swim",
        version=1,
        command_offset=0,
        recorded_at=at(0),
        causation_id="c1",
        event=QueuePaused(reason="site moves"),
    )
    called = WebhookEnvelope(
        event_id="h1",
        task_id=task.task_id,
        message_id="m1",
        about="e1",
        url="https://caller.example/hook",
        recorded_at=at(0),
        event=WebhookDelivered(attempt=1, http_status=200),
    )
    tokens = [
        writer.raw(writer.topics.queue_events, "swim", encode(paused)),
        writer.raw(writer.topics.webhook_events, task.task_id, encode(called)),
    ]

    assert all(projector.wait_for(token, 10.0) for token in tokens)
    assert [(queue.name, queue.paused) for queue in projector.readings.queue_status(at(1)).queues] == [("swim", True)]
    assert [call.state for call in projector.readings.webhooks(task.task_id)] == ["delivered"]


def test_a_fact_is_visible_once_it_was_waited_for(writer: Writer, projector: Projector) -> None:
    task = Log().task()
    writer.step(task, step(1, cost=0.25))
    costs = writer.step(task, cost(0.5))
    token = writer.facts(task, submitted(), claimed(), started(), completed())
    assert projector.wait_for(token, 10)
    assert projector.wait_for(costs, 10)
    answer = projector.readings.get_task(task.task_id)

    assert answer is not None
    assert (answer.status, answer.total_steps, answer.total_cost) == (Status.COMPLETED, 1, 0.75)
    topic, partition, offset = token.rsplit(":", 2)
    assert projector.position(topic, int(partition)) == int(offset) + 1
    assert sum(lag.behind for lag in projector.lag()) == 0
    assert projector.is_alive
    assert projector.failure is None


def test_what_does_not_come_is_not_waited_for_longer_than_asked(writer: Writer, projector: Projector) -> None:
    began = monotonic()

    assert not projector.wait_for(f"{writer.topics.task_events}:0:7", 0.2)
    assert monotonic() - began < 20


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "other.topic:0:1", "{topic}:99:0", "{topic}:0:-1", "{topic}:²:0"])
def test_a_token_that_names_nothing_of_ours(writer: Writer, projector: Projector, token: str) -> None:
    with pytest.raises(ValueError, match=r"is not|names"):
        projector.wait_for(token.format(topic=writer.topics.task_events), 0.1)


def test_poison_is_counted_and_work_goes_on(writer: Writer, projector: Projector) -> None:
    task = Log().task()
    writer.raw(writer.topics.task_events, task.task_id, b"\xff\x00 not a fact")
    writer.raw(writer.topics.step_events, task.task_id, b"[]")
    writer.step(task, step(2**40))  # decodes, but no column can hold it
    writer.step(task, step(1))
    writer.raw(writer.topics.workers_alive, "w1", b"{}")
    token = writer.facts(task, submitted(), UnknownFact(type="task.teleported"), claimed())
    assert projector.wait_for(token, 10)
    until(lambda: sum(lag.behind for lag in projector.lag()) == 0)
    counts = {count.topic: count for count in projector.readings.counts()}
    answer = projector.readings.get_task(task.task_id)

    assert answer is not None
    assert (answer.status, answer.total_steps) == (Status.CLAIMED, 1)
    assert (counts[writer.topics.task_events].undecodable, counts[writer.topics.task_events].unknown) == (1, 1)
    assert (counts[writer.topics.step_events].undecodable, counts[writer.topics.step_events].taken) == (2, 1)
    assert counts[writer.topics.workers_alive].undecodable == 1


def test_a_newer_schema_stops_its_partition_alone_and_shows(writer: Writer, projector: Projector) -> None:
    log = Log()
    stopped = log.task()
    newer = writer.raw(writer.topics.task_events, stopped.task_id, b'{"schema_version": 99}')
    writer.facts(stopped, submitted())
    place = newer.rsplit(":", 1)[0]
    tokens = [writer.facts(log.task(), submitted()) for _ in range(30)]
    elsewhere = [token for token in tokens if token.rsplit(":", 1)[0] != place]

    assert all(projector.wait_for(token, 10) for token in elsewhere)
    assert projector.readings.get_task(stopped.task_id) is None
    (lag,) = [lag for lag in projector.lag() if lag.stopped]
    assert f"{lag.topic}:{lag.partition}" == place
    assert "99" in str(lag.stopped)
    assert projector.stopped == (lag.stopped,)
    assert projector.is_alive


def test_it_goes_on_after_a_restart(writer: Writer, tmp_path: Path) -> None:
    task = Log().task()
    first = writer.projector(tmp_path)
    first.start()
    assert first.wait_for(writer.facts(task, submitted(), claimed()), 10)
    first.stop()
    writer.facts(task, started())
    second = writer.projector(tmp_path)
    second.start()
    assert second.caught_up(10)
    answer = second.readings.get_task(task.task_id)
    taken = sum(count.taken for count in second.readings.counts())
    second.stop()

    assert answer is not None
    assert (answer.status, answer.version, taken) == (Status.IN_PROGRESS, 3, 3)


def test_heartbeats_thrown_away_by_age_are_not_waited_for(writer: Writer, tmp_path: Path) -> None:
    token = writer.raw(writer.topics.workers_alive, "w", b"{}")
    first = writer.projector(tmp_path)
    first.start()
    assert first.wait_for(token, 10)
    first.stop()
    place = writer.publisher.send(writer.topics.workers_alive, "w", b"{}").result(10)
    thrown_away = TopicPartition(place.topic, place.partition, place.offset + 1)
    admin = AdminClient(writer.connection)
    for done in admin.delete_records([thrown_away]).values():
        done.result(10)

    second = writer.projector(tmp_path)
    second.start()
    caught_up = second.caught_up(5)
    second.stop()

    assert caught_up


def test_a_fact_shows_soon_when_the_log_is_quiet(writer: Writer, projector: Projector) -> None:
    log = Log()
    projector.wait_for(writer.facts(log.task(), submitted()), 10)
    seconds = []
    for _ in range(20):
        token = writer.facts(log.task(), submitted())
        began = monotonic()
        assert projector.wait_for(token, 10)
        seconds.append(monotonic() - began)

    assert median(seconds) < 1.0


def test_it_reads_on_when_the_broker_is_back(own_broker: Broker, tmp_path: Path) -> None:
    log, writer = Log(), Writer(own_broker.bootstrap)
    projector = writer.projector(tmp_path)
    projector.start()
    try:
        assert projector.wait_for(writer.facts(log.task(), submitted()), 10)
        own_broker.restart()
        token = writer.facts(log.task(), submitted())

        assert projector.wait_for(token, 30)
        assert projector.failure is None
    finally:
        projector.stop()
        writer.publisher.close()


def test_no_kafka_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.consumer._CALL_SECONDS", 1.0)
    projector = Projector({"bootstrap.servers": "127.0.0.1:1"}, Topics(), tmp_path / "readings.duckdb")
    with pytest.raises(BrokerUnreachable, match="does not answer"):
        projector.start()
