"""Recounts the log up to where a file has read it, and names every cell that says something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from events.topics import Topics
from projections.recount.compare import Difference
from projections.recount.counted import Counted, Place
from projections.recount.log import Raw, RawLog, Shelved
from projections.recount.parts import Comparison, offsets_beyond, parts_of

_REPORT_EVERY = 5_000


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
    """Compare the file at `path` (a snapshot, a rebuilt file, or readings nobody has open) with the log.

    It holds one partition of tasks in memory at a time: what belongs to a task lies in partitions of one number.

    Args:
        connection: librdkafka settings.
        topics: of the log.
        path: of a DuckDB file; only read.
        report: told the records read so far and those in all.
        most: differences to name; it stops when it has found them.
        shelved: what left the log, if anything did.

    Raises:
        BrokerUnreachable: Kafka does not answer.
    """
    with duckdb.connect(str(path), read_only=True) as stored, closing(RawLog(connection, shelved)) as log:
        claimed = read_up_to(stored)
        spans = log.spans(claimed)
        ends = {place: min(claimed[place], end) for place, (_, end) in spans.items()}
        ahead, records = sum(ends.values()), 0
        comparison = Comparison(stored)
        found = list(islice(offsets_beyond(claimed, spans), most))
        for part in parts_of(ends, topics):
            if len(found) == most:
                break
            before = records
            counted, number = recount(
                log.read({place: ends[place] for place in part}),
                topics,
                ahead,
                lambda now, of, before=before: report(before + now, of),  # type: ignore[misc]
            )
            records += number
            found += islice(comparison.part(counted, part, log.cut), most - len(found))
            del counted  # before the next one is built
        found += islice(comparison.rest(), most - len(found))
    return Verified(records, comparison.rows, found)


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
