"""Reads sources and folds them, the next chunk coming in while the last one is parsed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import duckdb

from events.topics import Topics
from projections.bulk.bulk_fold import BulkFold
from projections.bulk.source import ChunkSource, Loaded, RawTables
from projections.records import Place
from projections.store import Store

CHUNK = 250_000  # records; two of them are in memory at once
_FIRST = 20  # the first chunk is so much smaller, so that progress shows early
_READING = 0.7  # of the work, roughly; the rest begins when all records are in
_RAW = 'CREATE OR REPLACE TABLE {} ("partition" INTEGER, "offset" BIGINT, lines VARCHAR)'


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is."""

    records: int  #: taken in
    ahead: int  #: still to come
    folded: float = 0.0  #: share that is done of what follows once all are in

    @property
    def done(self) -> float:
        """Share of the whole work, from 0 to 1."""
        read = self.records / max(1, self.records + self.ahead)
        return _READING * read + (1 - _READING) * self.folded

    def seconds_left(self, seconds: float) -> float | None:
        """How long it will take if it goes on as in the `seconds` so far; none before anything is done."""
        return seconds * (1 - self.done) / self.done if self.done else None


def fold_all(
    store: Store,
    topics: Topics,
    sources: Sequence[ChunkSource],
    starts: Mapping[Place, int],
    report: Callable[[Progress], None],
    *,
    threads: int,
    chunk: int = CHUNK,
) -> int:
    """Fold all records of the sources, one after the other, into an empty store; returns how many there were.

    Args:
        store: new, adopted for its log.
        topics: of the log.
        sources: each goes on where the one before ended.
        starts: every place that is read, and where it begins.
        report: told after each chunk, and now and then while chains are folded.
        threads: for DuckDB.
        chunk: records per chunk.

    Raises:
        StoreMismatch: the log cannot be read to its end by this version.
        BrokerUnreachable: Kafka does not answer.
    """
    records = 0
    collecting = gc.isenabled()
    gc.disable()  # a million short-lived tuples and not one cycle: looking for some would cost a tenth of the time
    fold = BulkFold(store, topics, starts, threads=threads)
    try:
        chunks = _Chunks(store.cursor(), sources, chunk)
        try:
            report(Progress(0, chunks.ahead()))
            while (loaded := chunks.next()) is not None:
                records += loaded.records
                fold.take(chunks.current, loaded)
                report(Progress(records, chunks.ahead()))
        finally:
            chunks.close()
        for share in fold.finish():
            report(Progress(records, 0, share))
    finally:
        fold.close()
        if collecting:
            gc.enable()
    return records


class _Chunks:
    """Chunks in two pairs of tables by turns: one is filled by a thread while the other is read."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sources: Sequence[ChunkSource], size: int) -> None:
        self._connection, self._size = connection, max(1, size // _FIRST)
        self._full_size = size
        self._sources = list(sources)
        self._connection.execute("ATTACH ':memory:' AS raw")
        self._pairs = [RawTables(f"raw.facts_{name}", f"raw.steps_{name}") for name in "ab"]
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rebuild-source")
        self._coming = self._thread.submit(self._load, self._pairs[0])

    @property
    def current(self) -> RawTables:
        """Where the chunk lies that was given last."""
        return self._pairs[1]

    def ahead(self) -> int:
        """Records still to come, roughly."""
        return sum(source.ahead() for source in self._sources)

    def next(self) -> Loaded | None:
        """Wait for the next chunk; none when all sources have ended."""
        loaded = self._coming.result()
        if not loaded.records:
            return None
        self._pairs.reverse()
        self._size = self._full_size
        self._coming = self._thread.submit(self._load, self._pairs[0])
        return loaded

    def close(self) -> None:
        """Wait for the thread, and free the memory."""
        self._thread.shutdown()
        self._connection.execute("DETACH raw")
        self._connection.close()

    def _load(self, tables: RawTables) -> Loaded:
        for table in (tables.facts, tables.steps):
            self._connection.execute(_RAW.format(table))
        for source in self._sources:
            loaded = source.load(self._connection, tables, self._size)
            if loaded.records:
                return loaded
        return Loaded()
