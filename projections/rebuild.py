"""Folds the log anew into a file beside the old one, and swaps them once it has caught up.

What is there when it begins is folded in SQL (`projections.bulk`): first what an archive holds, if it is told of one, then
the log. Other stores of old records need no more than another `projections.bulk.source.ChunkSource` before that of the
log. What arrives meanwhile goes through the follower. A rebuild that dies leaves the old file as it was; the next one
removes what is left of the new one.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb

from events.errors import StoreMismatch
from events.topics import Topics
from projections.archive.reading import Archive
from projections.bulk.run import Progress, fold_all
from projections.bulk.source import ChunkSource, KafkaSource, RecordSource
from projections.follower import Follower
from projections.records import LogShape, Place, Record
from projections.store import Store

_ROUNDS = 3  # catching up moves the goal less each time; the projector does the rest

Opener = Callable[[LogShape], Archive]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    path: Path
    kept: Path | None  #: the file that was there before
    records: int
    seconds: float


def rebuild(
    connection: Mapping[str, Any],
    topics: Topics,
    path: Path,
    report: Callable[[Progress], None],
    *,
    archive: Opener | None = None,
) -> Rebuilt:
    """Make the file at `path` anew from the archive and the log; the old one is kept beside it as `*.old`.

    Args:
        connection: librdkafka settings.
        topics: of the log to read.
        path: of the store.
        report: told how far it is, from the beginning on and several times a minute.
        archive: opens what left the log, which is read first; none if nothing ever did.

    Raises:
        StoreMismatch: the store is open in another process, or the log cannot be read to its end.
        BrokerUnreachable: Kafka does not answer.
    """
    started = monotonic()
    _refuse_if_open(path)
    fresh = path.with_name(path.name + ".new")
    _remove(fresh)
    records = _fold_all(connection, topics, fresh, report, archive)
    records = _catch_up(Follower(connection, topics, fresh, archive=archive), records, report)
    _refuse_if_open(path)
    return Rebuilt(path, _swap(fresh, path), records, monotonic() - started)


def _fold_all(
    connection: Mapping[str, Any],
    topics: Topics,
    fresh: Path,
    report: Callable[[Progress], None],
    archive: Opener | None,
) -> int:
    """Everything the log holds now, in SQL; the follower only says what that is, and makes the file this log's."""
    follower = Follower(connection, topics, fresh, archive=archive)
    shape, starts = follower.shape, {place: tally.next_offset for place, tally in follower.tallies.items()}
    follower.close()
    store, sources = Store(fresh, logged=False), list[ChunkSource]()
    try:
        spans = {place: (start, shape.beginnings[place]) for place, start in starts.items()}
        spans = {place: (start, begin) for place, (start, begin) in spans.items() if start < begin}
        if spans and archive is not None:
            sources.append(RecordSource(_archived(archive(shape), spans), topics, spans))
        on_log = {place: max(start, shape.beginnings[place]) for place, start in starts.items()}
        sources.append(KafkaSource(connection, topics, starts=on_log, ends=shape.ends))
        return fold_all(store, topics, sources, starts, report, threads=len(os.sched_getaffinity(0)))
    finally:
        for source in sources:
            source.close()
        store.close()


def _archived(archive: Archive, spans: Mapping[Place, tuple[int, int]]) -> Iterator[Record]:
    for place, (start, stop) in sorted(spans.items()):
        for kept in archive.records(place, start, stop):
            yield Record(place, kept.offset, kept.value, kept.timestamp_ms)


def _catch_up(follower: Follower, records: int, report: Callable[[Progress], None]) -> int:
    """What has arrived since; the number of records in all."""
    never = threading.Event()
    try:
        for _ in range(_ROUNDS):
            ends = follower.reader.ends(follower.tallies)
            while behind := follower.behind(ends):
                records += follower.step(never)
                report(Progress(records, behind, folded=1.0))
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
    shutil.rmtree(path.with_name(path.name + ".tmp"), ignore_errors=True)  # what DuckDB could not hold in memory
    for suffix in (".wal", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
