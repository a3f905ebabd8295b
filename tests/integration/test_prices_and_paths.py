"""Prices and navigation paths through a real broker: looked up while the projector runs, kept over a restart."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from events.codec import decode
from events.paths import PathEnvelope
from local.kafka_server import Broker
from projections.projector import Projector
from tests.integration.log_writer import Writer
from tests.unit.projections.log import Log, TaskLog, claimed, step, submitted
from tests.wait import until

pytestmark = pytest.mark.kafka

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "navigation-path.jsonl"


def priced(projector: Projector, task: TaskLog) -> list[float | None]:
    return [each.priced_cost for each in projector.readings.execution_log(task.task_id).execution_log]


def test_tokens_are_priced_and_paths_are_read(broker: Broker, tmp_path: Path) -> None:
    writer = Writer(broker.bootstrap)
    task = Log().task()
    try:
        writer.facts(task, submitted(), claimed())
        writer.step(task, step(1, ai_used="claude", model="claude-sonnet-4-5", input_tokens=1_000, output_tokens=100))
        writer.step(task, step(2, ai_used="house", model="m", input_tokens=1_000_000))
        for line in GOLDEN.read_bytes().splitlines():
            token = writer.raw(writer.topics.path_events, decode(PathEnvelope, line).path_key, line)

        projector = writer.projector(tmp_path)
        projector.start()
        try:
            assert projector.wait_for(token, 30.0)
            until(lambda: priced(projector, task) == [0.0045, None], what="the list's price")
            until(lambda: {price.source for price in projector.readings.prices()} >= {"unknown"})
            readings = projector.readings
            page = readings.paths(state="expired", limit=5)
            assert (page.total, [path.successes for path in page.paths]) == (1, [2])
            assert readings.paths(state="usable").total == readings.paths(goal="nobody said so").total == 0
            [path] = readings.paths_named(page.paths[0].path_key[:6])
            editions = readings.path_editions(path.path_key)
            assert [edition.number for edition in editions] == [1, 2]
            assert path.edition == editions[-1].edition
            assert editions[0].steps[0]["action"]["op"]
        finally:
            projector.stop()

        file = tmp_path / "prices.toml"
        file.write_text("[[price]]\nprovider = 'house'\ninput = 0.7\noutput = 1")
        again = Projector(writer.connection, writer.topics, tmp_path / "readings.duckdb", prices_file=file)
        again.start()
        try:
            until(lambda: priced(again, task) == [0.0045, 0.7], what="the price of our own")
        finally:
            again.stop()
        with duckdb.connect(str(tmp_path / "readings.duckdb"), read_only=True) as stored:
            assert stored.execute("SELECT state, version, successes FROM v_navigation_paths").fetchall() == [
                ("expired", 2, 2)
            ]
    finally:
        writer.publisher.close()
