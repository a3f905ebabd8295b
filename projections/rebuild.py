"""Folds the log anew into a file beside the old one, and swaps them once it has caught up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb

from events.errors import StoreMismatch
from events.topics import Topics
from projections.follower import Follower

_ROUNDS = 3  # catching up moves the goal less each time; the projector does the rest


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    path: Path
    kept: Path | None  #: the file that was there before
    records: int
    seconds: float


def rebuild(connection: Mapping[str, Any], topics: Topics, path: Path, report: Callable[[int, int], None]) -> Rebuilt:
    """Make the file at `path` anew from the log; the old one is kept beside it as `*.old`.

    Args:
        connection: librdkafka settings.
        topics: of the log to read.
        path: of the store.
        report: told the records read so far and those still ahead, after each batch.

    Raises:
        StoreMismatch: the store is open in another process, or the log cannot be read to its end.
        BrokerUnreachable: Kafka does not answer.
    """
    started = monotonic()
    _refuse_if_open(path)
    fresh = path.with_name(path.name + ".new")
    _remove(fresh)
    records = _fold(connection, topics, fresh, report)
    _refuse_if_open(path)
    return Rebuilt(path, _swap(fresh, path), records, monotonic() - started)


def _fold(connection: Mapping[str, Any], topics: Topics, fresh: Path, report: Callable[[int, int], None]) -> int:
    follower = Follower(connection, topics, fresh)
    never = threading.Event()
    records, ends = 0, follower.shape.ends
    try:
        for _ in range(_ROUNDS):
            while behind := follower.behind(ends):
                records += follower.step(never)
                report(records, behind)
            ends = follower.reader.ends(follower.tallies)
        if follower.stopped:
            raise StoreMismatch("; ".join(follower.stopped.values()))
    finally:
        follower.close()
    return records


def _refuse_if_open(path: Path) -> None:
    """Opening tells: DuckDB locks the file for the process that writes. A file it cannot read is nobody's."""
    if not path.exists():
        return
    try:
        duckdb.connect(str(path)).close()
    except duckdb.Error as error:
        if "lock" in str(error):
            raise StoreMismatch(
                f"{path} is open in another process; stop it (`goaltrail down`), then rebuild"
            ) from error


def _swap(fresh: Path, path: Path) -> Path | None:
    kept = path.with_name(path.name + ".old") if path.exists() else None
    if kept is not None:
        _remove(kept)
        _rename(path, kept)
    _rename(fresh, path)
    return kept


def _rename(source: Path, target: Path) -> None:
    """A database and, where it was not closed in order, its log of changes; the log first, it is nothing alone."""
    for suffix in (".wal", ""):
        part = source.with_name(source.name + suffix)
        if part.exists():
            part.replace(target.with_name(target.name + suffix))


def _remove(path: Path) -> None:
    for suffix in (".wal", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
