"""A snapshot is believed only when everything about it fits."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.envelope import Envelope
from events.facts import TaskSubmitted
from processors.fold import PartitionFold
from processors.snapshots import EVERY_FACTS, LogIdentity, Snapshots

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOG = LogIdentity("cluster-1", "topic-1")


def _fold() -> PartitionFold:
    fold = PartitionFold(3)
    fact = Envelope(
        event_id="e1",
        task_id="t1",
        version=1,
        command_offset=7,
        recorded_at=NOW,
        causation_id="command-1",
        event=TaskSubmitted(goal="Register Eden", site_url="https://example.org"),
    )
    assert fold.apply(fact, 0)
    return fold


def test_a_saved_fold_comes_back_whole(tmp_path: Path) -> None:
    Snapshots(tmp_path, LOG).save(_fold())

    assert Snapshots(tmp_path, LOG).load(3) == _fold()


@pytest.mark.parametrize("other", [LogIdentity("cluster-2", "topic-1"), LogIdentity("cluster-1", "topic-2")])
def test_a_fold_of_another_log_is_discarded(tmp_path: Path, other: LogIdentity) -> None:
    Snapshots(tmp_path, LOG).save(_fold())

    assert Snapshots(tmp_path, other).load(3) == PartitionFold(3)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"x", lambda _: b"", lambda _: b"{}\nrest"])
def test_a_damaged_file_is_discarded(tmp_path: Path, damage: object) -> None:
    Snapshots(tmp_path, LOG).save(_fold())
    (path,) = tmp_path.iterdir()
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))

    assert Snapshots(tmp_path, LOG).load(3) == PartitionFold(3)


def test_a_snapshot_is_wanted_once_enough_was_added(tmp_path: Path) -> None:
    snapshots, fold = Snapshots(tmp_path, LOG), _fold()
    assert not snapshots.wanted(fold)

    fold.next_offset = EVERY_FACTS
    assert snapshots.wanted(fold)

    snapshots.save(fold)
    assert not snapshots.wanted(fold)
