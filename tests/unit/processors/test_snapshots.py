"""A snapshot is believed only when everything about it fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.envelope import Envelope
from events.facts import TaskSubmitted
from processors.dispatch import Book
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
    Snapshots(tmp_path, LOG).save("fold-3", _fold(), 1)

    assert Snapshots(tmp_path, LOG).load("fold-3", PartitionFold) == _fold()


@pytest.mark.parametrize("other", [LogIdentity("cluster-2", "topic-1"), LogIdentity("cluster-1", "topic-2")])
def test_a_fold_of_another_log_is_discarded(tmp_path: Path, other: LogIdentity) -> None:
    Snapshots(tmp_path, LOG).save("fold-3", _fold(), 1)

    assert Snapshots(tmp_path, other).load("fold-3", PartitionFold) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"x", lambda _: b"", lambda _: b"{}\nrest"])
def test_a_damaged_file_is_discarded(tmp_path: Path, damage: object) -> None:
    Snapshots(tmp_path, LOG).save("fold-3", _fold(), 1)
    (path,) = tmp_path.iterdir()
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))

    assert Snapshots(tmp_path, LOG).load("fold-3", PartitionFold) is None


def test_another_kind_of_fold_is_discarded(tmp_path: Path) -> None:
    Snapshots(tmp_path, LOG).save("fold-3", Book(timedelta(minutes=1)), 1)

    assert Snapshots(tmp_path, LOG).load("fold-3", PartitionFold) is None


def test_a_snapshot_is_wanted_once_enough_was_added(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, LOG)
    assert not snapshots.wanted("fold-3", 1)
    assert snapshots.wanted("fold-3", EVERY_FACTS)

    snapshots.save("fold-3", _fold(), EVERY_FACTS)
    assert not snapshots.wanted("fold-3", EVERY_FACTS + 1)

    # A restart knows what its file holds.
    again = Snapshots(tmp_path, LOG)
    again.load("fold-3", PartitionFold)
    assert not again.wanted("fold-3", EVERY_FACTS + 1)
