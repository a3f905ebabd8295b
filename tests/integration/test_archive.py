"""Golden rule: no fact is lost and none counted twice, whatever left the log, and whenever archiving was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.errors import StoreMismatch
from local.kafka_server import Broker
from projections.projector import Projector
from projections.recount.shelf import ParquetShelf
from projections.recount.verify import topic_ids, verify
from tests.integration.archiving import LIFE, ArchiveScene, tables_of

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def scene(broker: Broker, tmp_path: Path) -> Iterator[ArchiveScene]:
    made = ArchiveScene(broker.bootstrap, tmp_path)
    yield made
    made.close()


def test_archive_and_log_give_the_readings_that_the_log_gave(scene: ArchiveScene) -> None:
    waiting = scene.history()
    before = tables_of(scene.rebuilt("before"))

    plan = scene.archive()
    after = scene.rebuilt("after")

    facts = {part.place.partition: part for part in plan.partitions if part.place.topic == scene.topics.task_events}
    assert (facts[0].cut, facts[0].reason) == (plan.log.ends[facts[0].place], "")
    assert waiting.task_id in facts[1].reason
    assert facts[1].waiting == 3 + 4  # its own, and those of a task that is over
    assert scene.plan().log.beginnings[facts[1].place] == facts[1].cut > 0
    assert tables_of(after) == before
    judged = verify(
        scene.connection, scene.topics, after, lambda *_: None, shelved=ParquetShelf(scene.url, topic_ids(after))
    )
    assert judged.found == []
    assert judged.records == sum(plan.log.ends.values())
    assert not scene.plan().going


def test_readings_that_lack_what_left_the_log_are_refused_with_the_command_that_reads_it(scene: ArchiveScene) -> None:
    scene.live(scene.task(0), *LIFE[:2])
    behind = scene.rebuilt("behind")
    scene.history()
    scene.archive()

    for path in (behind, scene.folder / "new.duckdb"):
        with pytest.raises(StoreMismatch, match="goaltrail rebuild"):
            Projector(scene.connection, scene.topics, path).start()
    with pytest.raises(StoreMismatch, match="GOALTRAIL_ARCHIVE"):
        scene.rebuilt("without", archive=False)


def test_killed_again_and_again_it_is_run_again(scene: ArchiveScene) -> None:
    scene.history()
    before = tables_of(scene.rebuilt("before"))

    # Each run goes on where the last one was killed; of four partitions, one is cut when the last one is.
    for step, count in (("manifest", 1), ("prove", 1), ("publish", 1), ("cut", 1), ("cut", 2)):
        assert _run_and_kill(scene, step, count) == -signal.SIGKILL, step
    between = tables_of(scene.rebuilt("between"))
    scene.archive()

    assert between == before
    assert tables_of(scene.rebuilt("after")) == before
    assert not scene.plan().going


def test_what_was_written_wrong_is_written_again_before_anything_is_cut(scene: ArchiveScene) -> None:
    scene.history()
    before = tables_of(scene.rebuilt("before"))
    told: list[str] = []

    def tell(line: str) -> None:
        if line.startswith("prove") and not any(said.startswith("prove") for said in told):
            spoiled = next(scene.folder.glob("archive/*/records/*/*/*.parquet"))
            spoiled.write_bytes(spoiled.read_bytes()[:-1] + b"?")
        told.append(line)

    scene.archive(tell)

    assert sum(line.startswith("write") for line in told) == sum(line.startswith("cut") for line in told) + 1
    assert tables_of(scene.rebuilt("after")) == before


def _run_and_kill(scene: ArchiveScene, step: str, count: int) -> int:
    words = [scene.bootstrap, scene.topics.prefix, str(scene.folder), step, str(count)]
    command = [sys.executable, "-m", "tests.integration.archiving", *words]
    return subprocess.run(command, timeout=60, check=False).returncode
