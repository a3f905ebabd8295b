"""Golden rule: processors without a snapshot go on with a log that was cut as if nothing were missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from events.commands import PauseTask
from events.errors import LogConflict
from local.kafka_server import Broker
from processors.faults import Faults
from processors.fold import Entry, PartitionFold
from processors.ledger import Ledger
from processors.reader import Reader
from processors.webhooks.log import WebhookLog
from producers.beginnings import delete_before
from tests.integration.archiving import LIFE, ArchiveScene, archived
from tests.integration.processing import PARTITIONS, Watched, Worker
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def log(broker: Broker, tmp_path: Path) -> Iterator[Watched]:
    with Watched(broker.bootstrap, tmp_path) as watched:
        yield watched


@pytest.fixture
def scene(broker: Broker, tmp_path: Path) -> Iterator[ArchiveScene]:
    made = ArchiveScene(broker.bootstrap, tmp_path)
    yield made
    made.close()


def test_processors_with_nothing_but_the_log_go_on_behind_the_cut(log: Watched, tmp_path: Path) -> None:
    old, worker = log.processor("old"), Worker(log, capacity=4)
    gone = [_completed(log, worker) for _ in range(4)]
    old.stop()
    facts = {task: log.kinds(task) for task in gone}
    plan = archived(log.connection, log.topics, str(tmp_path / "archive"))
    _decide_from_the_beginning(log)

    log.processor("new", GOALTRAIL_HOME=str(tmp_path / "another machine"))
    answer = log.ask(gone[0], PauseTask(reason="too late"))
    after = _completed(log, worker)
    worker.die()

    assert sum(part.tasks for part in plan.going if part.place.topic == log.topics.task_events) == len(gone)
    assert (answer.result, answer.code) == ("refused", "unknown_task")
    assert log.kinds(after)[-1] == "task.completed"
    assert {task: log.kinds(task) for task in gone} == facts
    assert log.dead == []


def test_a_fold_from_before_the_cut_is_read_anew_and_settles_what_was_decided(scene: ArchiveScene) -> None:
    waiting = scene.history()
    plan = scene.archive()
    cut = {part.place.partition: part.cut for part in plan.going if part.place.topic == scene.topics.task_events}
    ledger = Ledger(scene.connection, scene.topics, Faults({}))
    stale, empty = PartitionFold(1, {"gone": Entry()}, next_offset=1), PartitionFold(0)
    ledger.catch_up(stale)
    ledger.catch_up(empty)
    reader = Reader(scene.connection, scene.topics)
    with pytest.raises(LogConflict, match="reaches from"):
        reader.begin({0: cut[0] - 1}, 0)
    begun = reader.begin({}, 0)
    webhooks = WebhookLog(scene.connection, scene.topics)
    with pytest.raises(LogConflict, match="reaches from"):
        next(webhooks.to_the_end(scene.topics.task_events, {(scene.topics.task_events, 0): cut[0] - 1}))

    assert waiting.task_id in stale.entries
    assert "gone" not in stale.entries
    assert (empty.next_offset, empty.entries, begun) == (cut[0], {}, cut)
    assert empty.is_decided(0)
    for part in (ledger, reader, webhooks):
        part.close()


def test_records_deleted_by_somebody_else_are_missed(scene: ArchiveScene) -> None:
    for _ in range(2):
        scene.live(scene.task(0), *LIFE)
    scene.settle()
    delete_before(scene.connection, {(scene.topics.task_events, 0): len(LIFE)})
    ledger = Ledger(scene.connection, scene.topics, Faults({}))

    with pytest.raises(LogConflict, match=r"log\.beginnings"):
        ledger.catch_up(PartitionFold(0))
    assert [part.reason for part in scene.plan().partitions if part.place == (scene.topics.task_events, 0)] == [
        f"what was before {len(LIFE)} is not in this archive: name the one that holds it"
    ]
    ledger.close()


def _completed(log: Watched, worker: Worker) -> str:
    task = log.submit()
    epoch = worker.assignment(task).lease_epoch
    worker.start(task, epoch)
    log.send(task, worker.completion(epoch))
    log.await_fact(task, "task.completed")
    return task


def _decide_from_the_beginning(log: Watched) -> None:
    """As after a week without processors: the broker has forgotten how far commands are decided."""
    group = Consumer({**log.connection, "group.id": log.topics.processors, "enable.auto.commit": False})
    places = [TopicPartition(log.topics.task_commands, p, 0) for p in range(PARTITIONS)]
    until(lambda: group.commit(offsets=places, asynchronous=False), what="a group without members")
    group.close()
