"""Recounts the log up to where a file has read it, and names every cell that says something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from events.topics import Topics
from projections.recount.compare import Difference, differences
from projections.recount.counted import Counted, Place, Rows
from projections.recount.log import Raw, RawLog, Shelved

_REPORT_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class Verified:
    """What a recount found."""

    records: int
    rows: int  #: that the log says there are, in all tables
    found: list[Difference]  #: at most as many as were asked for

    @property
    def good(self) -> bool:
        """Whether the tables say what the log says."""
        return not self.found


def verify(
    connection: Mapping[str, Any],
    topics: Topics,
    path: Path,
    report: Callable[[int, int], None],
    *,
    most: int = 100,
    shelved: Shelved | None = None,
) -> Verified:
    """Compare the file at `path` (a snapshot, or readings nobody has open) with the log.

    Args:
        connection: librdkafka settings.
        topics: of the log.
        path: of a DuckDB file; only read.
        report: told the records read so far and those in all.
        most: differences to name.
        shelved: what left the log, if anything did.

    Raises:
        BrokerUnreachable: Kafka does not answer.
    """
    with duckdb.connect(str(path), read_only=True) as stored:
        ends = read_up_to(stored)
        log = RawLog(connection, shelved)
        try:
            counted, records = recount(log.read(ends), topics, sum(ends.values()), report)
        finally:
            log.close()
        tables = _forgiving(counted.tables(), log.cut, stored)
        found = list(islice(differences(stored, tables), most))
    return Verified(records, sum(len(rows) for rows in tables.values()), found)


def read_up_to(stored: duckdb.DuckDBPyConnection) -> dict[Place, int]:
    """How far the file has read each partition."""
    rows = stored.execute('SELECT topic, "partition", next_offset FROM projection_offsets').fetchall()
    return {(str(topic), int(partition)): int(end) for topic, partition, end in rows}


def topic_ids(path: Path) -> dict[str, str]:
    """Which topics, by the ids their cluster gave them, the file was read from."""
    with duckdb.connect(str(path), read_only=True) as stored:
        rows = stored.execute("SELECT key, value FROM meta WHERE key LIKE 'topic_id:%'").fetchall()
    return {str(key).removeprefix("topic_id:"): str(value) for key, value in rows}


def recount(
    records: Iterable[Raw], topics: Topics, ahead: int, report: Callable[[int, int], None]
) -> tuple[Counted, int]:
    """Everything the records add up to, and how many there were."""
    counted, number = Counted(topics), 0
    for number, record in enumerate(records, start=1):
        counted.take(record.place, record.offset, record.timestamp_ms, record.value)
        if number % _REPORT_EVERY == 0:
            report(number, ahead)
    return counted, number


def _forgiving(tables: dict[str, Rows], cut: set[Place], stored: duckdb.DuckDBPyConnection) -> dict[str, Rows]:
    """What topics that keep a week have forgotten cannot be counted: there, the tables are believed."""
    kept = stored.execute("SELECT * FROM projection_offsets").fetchall()
    names = [str(name) for name, *_ in stored.description or []]
    tables["projection_offsets"] = {
        (row[0], row[1]): dict(zip(names, row, strict=True))
        if (row[0], row[1]) in cut or row[2] == 0
        else tables["projection_offsets"].get((row[0], row[1]), {})
        for row in kept
    }
    if any(place[0].endswith("workers.alive") for place in cut):
        silent = stored.execute("SELECT * FROM workers").fetchall()
        columns = [str(name) for name, *_ in stored.description or []]
        for row in silent:
            cells = dict(zip(columns, row, strict=True))
            tables["workers"].setdefault((cells["worker"],), cells)
    return tables
