"""A log of a test's own with tasks that are over and one that is not, and what archiving it takes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from events.codec import encode
from events.facts import TaskCancelled, TaskFact, UnknownFact
from events.partitioner import partition_of
from events.topics import Topics
from producers.admin import ensure_topics
from producers.beginnings import delete_before, publish_beginnings
from producers.kafka import KafkaPublisher
from projections.archive.log import ArchivableLog
from projections.archive.plan import Plan
from projections.archive.reading import archive_at
from projections.archive.run import Outside, carry_out
from projections.archive.shelf import Shelf
from projections.archive.survey import survey
from projections.rebuild import rebuild
from projections.store import Store
from tests.unit.projections.log import Log, TaskLog, claimed, completed, cost, started, step, submitted

PARTITIONS = 2
LIFE: tuple[TaskFact, ...] = (submitted(), claimed(), started(), completed())


class ArchiveScene:
    """Writes a log, archives it into a folder, rebuilds readings from both."""

    def __init__(self, bootstrap: str, folder: Path, prefix: str = "") -> None:
        self.bootstrap, self.folder = bootstrap, folder
        self.connection: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 2}
        self.topics = Topics(prefix or f"a{uuid4().hex[:8]}.", PARTITIONS)
        ensure_topics(self.connection, self.topics)
        self.url = str(folder / "archive")
        self.builder = Log()
        self._publisher: KafkaPublisher | None = None

    def task(self, partition: int) -> TaskLog:
        """A task of that partition, with no facts yet."""
        while True:
            task = self.builder.task()
            if partition_of(task.task_id, PARTITIONS) == partition:
                return task

    def live(self, task: TaskLog, *facts: TaskFact | UnknownFact) -> None:
        """Append the task's next facts."""
        for fact in facts:
            task.facts(fact)
            self.send(self.topics.task_events, task.task_id, encode(task.envelopes[-1]))

    def work(self, task: TaskLog, count: int) -> None:
        """Append steps and a cost of the task."""
        for number in range(1, count + 1):
            self.send(self.topics.step_events, task.task_id, encode(task.step(step(number, cost=0.01))))
        self.send(self.topics.step_events, task.task_id, encode(task.step(cost(0.002))))

    def send(self, topic: str, key: str, value: bytes) -> None:
        """Append one record."""
        self._publisher = self._publisher or KafkaPublisher(self.connection)
        self._publisher.send(topic, key, value)

    def history(self) -> TaskLog:
        """Finished tasks in both partitions, interleaved; in partition 1 an open one among them, which is returned."""
        for partition in range(PARTITIONS):
            first, second = self.task(partition), self.task(partition)
            self.live(first, *LIFE[:2])
            self.live(second, submitted())
            self.live(first, *LIFE[2:])
            self.work(first, 3)
            self.live(second, TaskCancelled())
            self.send(self.topics.task_events, second.task_id, b"not a fact")
        waiting = self.task(1)
        self.live(waiting, *LIFE[:3])
        self.work(waiting, 2)
        for partition in range(PARTITIONS):
            last = self.task(partition)
            self.live(last, *LIFE)
            self.work(last, 1)
        return waiting

    def plan(self, cutoff: datetime | None = None) -> Plan:
        """What may go; of any age when no moment is given."""
        self.settle()
        log = ArchivableLog(self.connection, self.topics)
        try:
            return survey(log, Shelf(self.url), cutoff or _tomorrow(), lambda _: None)
        finally:
            log.close()

    def archive(self, tell: Callable[[str], None] = lambda _: None) -> Plan:
        """Plan and carry it out."""
        self.settle()
        return archived(self.connection, self.topics, self.url, tell)

    def rebuilt(self, name: str, *, archive: bool = True) -> Path:
        """Readings made anew, from archive and log."""
        self.settle()
        path = self.folder / name / "readings.duckdb"
        opened = archive_at(self.url) if archive else None
        return rebuild(self.connection, self.topics, path, lambda *_: None, archive=opened).path

    def settle(self) -> None:
        """Wait until everything that was appended is there."""
        assert self._publisher is None or self._publisher.flush(10) == 0

    def close(self) -> None:
        """Leave the broker."""
        if self._publisher is not None:
            self._publisher.close()


def archived(
    connection: dict[str, Any], topics: Topics, url: str, tell: Callable[[str], None] = lambda _: None
) -> Plan:
    """Archive all that may go, whatever its age; what was planned."""
    log, shelf = ArchivableLog(connection, topics), Shelf(url)
    try:
        plan = survey(log, shelf, _tomorrow(), lambda _: None)
        outside = Outside(partial(publish_beginnings, connection, topics), partial(delete_before, connection))
        carry_out(plan, log, shelf, outside, tell)
        return plan
    finally:
        log.close()


def tables_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in an order of its own; sums of days added up."""
    store = Store(path)
    store.tables.compact()
    store.close()
    with duckdb.connect(str(path), read_only=True) as stored:
        names = [str(name) for (name,) in stored.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: sorted(stored.execute(f'FROM "{name}"').fetchall(), key=repr) for name in names}


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def main() -> None:
    """Archive, and die at the step whose line begins with a word and has a number."""
    bootstrap, prefix, folder, word, count = sys.argv[1:]
    scene, met = ArchiveScene(bootstrap, Path(folder), prefix), [0]

    def tell(line: str) -> None:
        met[0] += line.startswith(word)
        if met[0] == int(count):
            os.kill(os.getpid(), signal.SIGKILL)

    scene.archive(tell)


if __name__ == "__main__":
    main()
