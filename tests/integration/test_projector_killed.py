"""Golden rule: whenever the projector is killed, offsets and rows agree; compared with a recount of the log."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest
from confluent_kafka import Consumer, TopicPartition

from benchmarks.verify_kills import Killer, disagreements
from benchmarks.verify_log import LogWriter
from events.codec import encode
from events.facts import RecoveryPlanned, TaskCancelled, TaskFact, TaskFailed, UnknownFact
from events.failure import ErrorType, Strategy
from events.topics import Topics
from local.kafka_server import Broker
from producers.admin import ensure_topics
from producers.kafka import KafkaPublisher
from projections.projector import Projector
from projections.recount.compare import Difference
from projections.recount.verify import verify
from tests.unit.projections.log import Log, TaskLog, at, claimed, completed, cost, started, step, submitted
from tests.wait import until

pytestmark = pytest.mark.kafka

KILLS = 8
PARTITIONS = 3
SEED = random.randrange(10**9)

FAILURE = {"error_type": ErrorType.SITE_DOWN, "error_message": "no host"}
RECOVERY = RecoveryPlanned(
    lease_epoch=1,
    error_type=ErrorType.TIMEOUT,
    error_message="slow",
    strategy=Strategy.WAIT_AND_RETRY,
    attempt_number=1,
    retry_at=at(30),
)
LIVES: list[list[TaskFact | UnknownFact]] = [
    [submitted(), claimed(), started(), completed()],
    [submitted(), claimed(), started(), RECOVERY, claimed(2, attempt=2), started(2), completed()],
    [submitted(), UnknownFact(type="task.teleported"), claimed(), TaskFailed(**FAILURE)],
    [submitted(), TaskCancelled()],
    [submitted(), claimed(), started()],
]
#: The status a last fact leaves behind, in lives as simple as these.
STATUS = {
    "task.submitted": "PENDING",
    "task.claimed": "CLAIMED",
    "task.started": "IN_PROGRESS",
    "task.recovery_planned": "RECOVERY",
    "task.completed": "COMPLETED",
    "task.failed": "FAILED",
    "task.cancelled": "CANCELLED",
}


GENERATED, GENERATED_KILLS = 120, 3
#: What is set, and the line that must name it.
FALSE_OFFSETS = [
    ("topic = 'else'", "[else 1]: not on the log"),
    ('"partition" = 77', "[{topic} 77]: not on the log"),
    ("next_offset = next_offset + 1", "[{topic} 1].next_offset"),
    ("next_offset = next_offset - 1", "[{topic} 1].next_offset"),
    ("next_offset = 0", "[{topic} 1].next_offset"),
]


class Feeder(threading.Thread):
    """Writes lives in random order, late writers' facts and repeated steps among them, until told to stop."""

    def __init__(self, connection: dict[str, Any], topics: Topics) -> None:
        super().__init__(daemon=True)
        self.topics, self.enough = topics, threading.Event()
        self.publisher = KafkaPublisher(connection)
        self.random = random.Random(SEED)
        self.log = Log()

    def run(self) -> None:
        living: list[tuple[TaskLog, list[TaskFact | UnknownFact]]] = []
        while not self.enough.is_set():
            for _ in range(100):
                if len(living) < 100:
                    living.append((self.log.task(), list(self.random.choice(LIVES))))
                task, facts = living.pop(self.random.randrange(len(living)))
                self._live_on(task, facts)
                if facts:
                    living.append((task, facts))
            self.publisher.flush(10)
            self.enough.wait(0.1)
        self.publisher.close()

    def _live_on(self, task: TaskLog, facts: list[TaskFact | UnknownFact]) -> None:
        late = encode(task.link(claimed(epoch=99, worker="late")))
        task.facts(facts.pop(0))
        self._send(self.topics.task_events, task, encode(task.envelopes[-1]))
        if self.random.random() < 0.1:
            self._send(self.topics.task_events, task, late)
        for _ in range(self.random.randrange(3)):
            event = cost(0.001) if self.random.random() < 0.3 else step(self.random.randrange(1, 20), cost=0.0123)
            record = encode(task.step(event))
            for _ in range(2 if self.random.random() < 0.1 else 1):
                self._send(self.topics.step_events, task, record)

    def _send(self, topic: str, task: TaskLog, value: bytes) -> None:
        self.publisher.send(topic, task.task_id, value)


def test_killed_at_any_moment_it_neither_loses_nor_counts_twice(broker: Broker, tmp_path: Path) -> None:
    connection = {"bootstrap.servers": broker.bootstrap}
    topics = Topics(f"k{uuid4().hex[:8]}.", PARTITIONS)
    ensure_topics(connection, topics)
    path = tmp_path / "readings.duckdb"
    feeder = Feeder(connection, topics)
    feeder.start()
    visible = 0
    for _ in range(KILLS):
        visible = _run_and_kill(broker.bootstrap, topics, path, feeder.random, at_least=visible)
    feeder.enough.set()
    feeder.join()
    projector = Projector(connection, topics, path)
    projector.start()
    until(lambda: sum(lag.behind for lag in projector.lag()) == 0, 60)
    projector.stop()

    assert _rows(path) == _recount(connection, topics), f"seed {SEED}"


def _run_and_kill(bootstrap: str, topics: Topics, path: Path, chance: random.Random, *, at_least: int) -> int:
    """The records that were visible when it was killed; it never shows fewer than before."""
    line = [sys.executable, "-m", "tests.integration.projector_process", bootstrap, topics.prefix, str(PARTITIONS)]
    process = subprocess.Popen([*line, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    shown = at_least
    try:
        for _ in range(chance.randrange(1, 6)):
            now = int(process.stdout.readline())
            assert now > shown
            shown = now
        threading.Event().wait(chance.uniform(0, 0.15))  # any moment of the batches that follow will do
    finally:
        process.kill()
        process.communicate()
    return shown


def _recount(connection: dict[str, Any], topics: Topics) -> dict[str, Any]:
    """What the tables should say, from the records alone; shares no code with the folds."""
    facts, steps = (_values(connection, topic) for topic in (topics.task_events, topics.step_events))
    chains: dict[str, tuple[str, int, str]] = {}
    counts: Counter[str] = Counter()
    for record in facts:
        status, version, last = chains.get(record["task_id"], ("", 0, None))
        if record["follows"] != last:
            counts["strays"] += 1
            continue
        status = STATUS.get(record["event"]["type"], status)
        chains[record["task_id"]] = (status, version + 1, record["event_id"])
    once = {record["event_id"]: record for record in steps}
    counts["repeats"] = len(steps) - len(once)
    totals: dict[str, list[Any]] = {}
    for record in once.values():
        total = totals.setdefault(record["task_id"], [0, Decimal(0)])
        total[0] += record["event"]["type"] == "step.executed"
        total[1] += Decimal(str(record["event"]["cost"]))
    return {
        "tasks": chains,
        "totals": {task_id: (number, usd) for task_id, (number, usd) in totals.items()},
        "log": {r["event_id"] for r in once.values() if r["event"]["type"] == "step.executed"},
        "read": len(facts) + len(steps),
        "counts": (counts["strays"], counts["repeats"]),
    }


def _values(connection: dict[str, Any], topic: str) -> list[dict[str, Any]]:
    consumer = Consumer({**connection, "group.id": uuid4().hex, "enable.auto.commit": False})
    values = []
    for partition in range(PARTITIONS):
        place = TopicPartition(topic, partition, 0)
        end = consumer.get_watermark_offsets(place, timeout=10)[1]
        consumer.assign([place])
        taken = 0
        while taken < end:
            for message in consumer.consume(min(500, end - taken), timeout=5):
                assert message.error() is None
                values.append(json.loads(message.value() or b""))
                taken += 1
    consumer.close()
    return values


def _rows(path: Path) -> dict[str, Any]:
    with duckdb.connect(str(path)) as db:
        tasks = db.execute("SELECT task_id, status, version, last_event_id FROM tasks").fetchall()
        totals = db.execute("SELECT task_id, total_steps, step_cost + reported_cost FROM task_totals").fetchall()
        log = db.execute("SELECT event_id FROM execution_log").fetchall()
        counted = db.execute("SELECT sum(next_offset), sum(strays), sum(repeats) FROM projection_offsets").fetchall()
    assert len(log) == len(set(log))
    ((read, strays, repeats),) = counted
    return {
        "tasks": {str(task_id): (status, version, last) for task_id, status, version, last in tasks},
        "totals": {str(task_id): (steps, usd) for task_id, steps, usd in totals},
        "log": {event_id for (event_id,) in log},
        "read": int(read),
        "counts": (int(strays), int(repeats)),
    }


def test_a_generated_history_is_what_verify_counts_after_kills(broker: Broker, tmp_path: Path) -> None:
    connection = {"bootstrap.servers": broker.bootstrap, "log_level": 2}
    topics = Topics(f"v{uuid4().hex[:8]}.", PARTITIONS)
    ensure_topics(connection, topics)
    path = tmp_path / "readings.duckdb"
    writer, killer = LogWriter(connection, topics, SEED), Killer(broker.bootstrap, topics, path, SEED)
    writing = threading.Thread(target=writer.run, args=(GENERATED, lambda _: None))
    writing.start()
    killer.run(GENERATED_KILLS, 9 * GENERATED, writer, lambda _: None)
    killer.finish(writer, lambda _: None)
    writing.join()

    assert (killer.kills, dict(killer.found)) == (GENERATED_KILLS, {}), f"seed {SEED}"
    assert [str(each) for each in _verified(connection, topics, path)] == [], f"seed {SEED}"
    for number, (falsified, named) in enumerate(FALSE_OFFSETS):
        false = tmp_path / f"false{number}.duckdb"
        shutil.copyfile(path, false)
        with duckdb.connect(str(false)) as stored:
            place = 'topic = $1 AND "partition" = 1'
            stored.execute(f"UPDATE projection_offsets SET {falsified} WHERE {place}", [topics.task_events])
        found = [str(each) for each in _verified(connection, topics, false)]
        assert any(named.format(topic=topics.task_events) in each for each in found), found
        assert disagreements(false, writer.expected), falsified


def _verified(connection: dict[str, Any], topics: Topics, path: Path) -> list[Difference]:
    return verify(connection, topics, path, lambda _records, _ahead: None, most=10_000).found
