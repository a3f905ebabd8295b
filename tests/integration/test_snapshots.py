"""Snapshots of a projector that is at work: whole, of one moment, and published while it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest

from events.codec import encode
from events.errors import NoSnapshot
from events.topics import Topics
from local.kafka_server import Broker
from producers.admin import ensure_topics
from producers.kafka import KafkaPublisher
from projections.projector import Projector
from projections.publishing import SnapshotPublisher
from projections.snapshot_writer import newest
from tests.unit.projections.log import Log, claimed, completed, started, step, submitted
from tests.wait import until

pytestmark = pytest.mark.kafka


class Scene:
    """A projector with a publisher, and a log to write to."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        connection = {"bootstrap.servers": bootstrap}
        self.topics = Topics(f"s{uuid4().hex[:8]}.", 3)
        ensure_topics(connection, self.topics)
        self.sender = KafkaPublisher(connection)
        self.projector = Projector(connection, self.topics, folder / "readings.duckdb")
        self.projector.start()
        self.folder = folder / "snapshots"
        self.publisher = SnapshotPublisher(self.projector, folder / "readings.duckdb", self.folder)

    def finished_tasks(self, count: int) -> None:
        """Append tasks that were completed in one step each, and return once they are visible."""
        log, last = Log(), None
        for _ in range(count):
            task = log.task()
            self.sender.send(self.topics.step_events, task.task_id, encode(task.step(step(1, cost=0.25))))
            for fact in (submitted(), claimed(), started(), completed()):
                task.facts(fact)
                last = self.sender.send(self.topics.task_events, task.task_id, encode(task.envelopes[-1]))
        assert last is not None
        self.sender.flush(10)
        until(lambda: sum(place.behind for place in self.projector.lag()) == 0)

    def close(self) -> None:
        self.publisher.stop()
        self.projector.stop()
        self.sender.close()


@pytest.fixture
def scene(broker: Broker, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(broker.bootstrap, tmp_path)
    yield made
    made.close()


def counted(path: Path) -> tuple[int, int]:
    with duckdb.connect(str(path), read_only=True) as snapshot:
        rows = snapshot.execute("SELECT (SELECT count(*) FROM tasks), (SELECT count(*) FROM execution_log)").fetchall()
    return rows[0][0], rows[0][1]


def test_a_snapshot_holds_what_was_visible_and_the_readings_go_on(scene: Scene) -> None:
    scene.finished_tasks(20)
    first = scene.publisher.publish()
    scene.finished_tasks(5)
    second = scene.publisher.publish()
    assert counted(first) == (20, 20)
    assert counted(second) == (25, 25)
    assert newest(scene.folder) == second
    assert not list(scene.folder.glob("working-*")), "the working copy is removed"


def test_regular_snapshots_replace_each_other(scene: Scene) -> None:
    scene.finished_tasks(3)
    scene.publisher.start(every_seconds=0.1)
    first = until(lambda: newest(scene.folder))
    until(lambda: newest(scene.folder) != first)
    until(lambda: len(list(scene.folder.glob("readings-*.duckdb"))) <= 2)


def test_a_projector_that_ended_publishes_nothing(scene: Scene) -> None:
    scene.projector.stop()
    with pytest.raises(NoSnapshot, match="does not run"):
        scene.publisher.publish()
