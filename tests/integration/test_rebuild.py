"""Readings made anew from a real log: the same answers, the old file kept, whatever happens on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from events.codec import encode
from events.errors import StoreMismatch
from local.kafka_server import Broker
from producers.admin import ensure_topics
from projections.bulk.run import Progress
from projections.rebuild import rebuild
from projections.store import FILE
from tests.integration.log_writer import Writer
from tests.unit.projections.log import Log, claimed, completed, started, step, submitted
from tests.wait import until

pytestmark = pytest.mark.kafka


@pytest.fixture
def writer(broker: Broker) -> Iterator[Writer]:
    made = Writer(broker.bootstrap)
    yield made
    made.publisher.close()


def test_a_topic_made_anew_is_refused_until_the_readings_are_rebuilt(writer: Writer, tmp_path: Path) -> None:
    first = writer.projector(tmp_path)
    first.start()
    assert first.wait_for(writer.facts(Log().task(), submitted()), 10)
    first.stop()
    admin = AdminClient(writer.connection)
    for future in admin.delete_topics([writer.topics.task_events]).values():
        future.result(10)
    until(lambda: writer.topics.task_events not in admin.list_topics(timeout=5).topics)
    ensure_topics(writer.connection, writer.topics)
    with pytest.raises(StoreMismatch, match="goaltrail rebuild"):
        writer.projector(tmp_path).start()
    rebuild(writer.connection, writer.topics, tmp_path / "readings.duckdb", lambda *_: None)
    again = writer.projector(tmp_path)
    again.start()
    total = again.readings.list_tasks().total
    again.stop()

    assert total == 0


def test_a_rebuild_gives_the_same_answers_and_keeps_the_old_file(writer: Writer, tmp_path: Path) -> None:
    log, path = Log(), tmp_path / "readings.duckdb"
    tasks = [log.task() for _ in range(50)]
    for task in tasks:
        writer.step(task, step(1, cost=0.1))
        token = writer.facts(task, submitted(), claimed(), started(), completed())
    live = writer.projector(tmp_path)
    live.start()
    assert live.wait_for(token, 10)
    until(lambda: sum(lag.behind for lag in live.lag()) == 0)
    before = [live.readings.get_task(task.task_id) for task in tasks]
    live.stop()
    told: list[Progress] = []
    done = rebuild(writer.connection, writer.topics, path, told.append)
    again = writer.projector(tmp_path)
    again.start()
    after = [again.readings.get_task(task.task_id) for task in tasks]
    again.stop()

    assert None not in before
    assert after == before
    assert (done.records, told[-1].records, told[-1].done) == (250, 250, 1.0)
    assert (told[0].records, told[0].ahead) == (0, 250)
    assert done.kept == tmp_path / "readings.duckdb.old"
    assert done.kept.exists()


def test_a_rebuild_that_ends_badly_leaves_the_old_file(writer: Writer, tmp_path: Path) -> None:
    path, task = tmp_path / "readings.duckdb", Log().task()
    writer.facts(task, submitted(), claimed())
    rebuild(writer.connection, writer.topics, path, lambda _: None)
    before = path.read_bytes()
    left = tmp_path / "readings.duckdb.new.wal"
    left.write_bytes(b"half a database")
    newer = encode(task.link(started())).replace(b'"schema_version":1', b'"schema_version":99')
    writer.raw(writer.topics.task_events, task.task_id, newer)
    with pytest.raises(StoreMismatch, match="schema version 99"):
        rebuild(writer.connection, writer.topics, path, lambda _: None)

    assert path.read_bytes() == before
    assert not left.exists() or b"half a database" not in left.read_bytes()


def test_the_command_rebuilds_what_the_settings_name(writer: Writer, tmp_path: Path) -> None:
    writer.facts(Log().task(), submitted(), claimed())
    environment = {
        **os.environ,
        "GOALTRAIL_HOME": str(tmp_path),
        "GOALTRAIL_KAFKA__PREFIX": writer.topics.prefix,
        "KAFKA_BOOTSTRAP_SERVERS": writer.connection["bootstrap.servers"],
    }
    line = [sys.executable, "-m", "projections", "rebuild"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "2 records" in done.stdout
    assert (tmp_path / FILE).exists()


def test_a_rebuild_waits_for_nobody_who_has_the_file_open(writer: Writer, tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    line = [sys.executable, "-m", "tests.integration.projector_process", writer.connection["bootstrap.servers"]]
    process = subprocess.Popen([*line, writer.topics.prefix, "3", str(path)], stdout=subprocess.PIPE)
    try:
        writer.facts(Log().task(), submitted())
        assert process.stdout is not None
        assert process.stdout.readline()
        with pytest.raises(StoreMismatch, match="goaltrail down"):
            rebuild(writer.connection, writer.topics, path, lambda *_: None)
        with pytest.raises(StoreMismatch, match="goaltrail down"):
            writer.projector(tmp_path).start()
    finally:
        process.kill()
        process.communicate()
