"""Reads sources and folds them, the next chunk coming in while the last one is parsed."""

from __future__ import annotations

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
_RAW = 'CREATE OR REPLACE TABLE {} ("partition" INTEGER, "offset" BIGINT, value VARCHAR)'


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is."""

    records: int  #: taken in
    ahead: int  #: still to come
    folded: float  #: share of the work that follows once all are in


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
    fold = BulkFold(store, topics, starts, threads=threads)
    try:
        chunks = _Chunks(store.cursor(), sources, chunk)
        try:
            report(Progress(0, chunks.ahead(), 0.0))
            while (loaded := chunks.next()) is not None:
                records += loaded.records
                fold.take(chunks.current, loaded)
                report(Progress(records, chunks.ahead(), 0.0))
        finally:
            chunks.close()
        for share in fold.finish():
            report(Progress(records, 0, share))
    finally:
        fold.close()
    return records


class _Chunks:
    """Chunks in two pairs of tables by turns: one is filled by a thread while the other is read."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sources: Sequence[ChunkSource], size: int) -> None:
        self._connection, self._size = connection, size
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
