"""The fold in SQL gives, row by row, what the follower's fold gives, however the log is cut into chunks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.generated_history import History
from events.topics import Topics
from projections.batch import Before, fold_batch
from projections.bulk.run import fold_all
from projections.bulk.source import RecordSource
from projections.intake import decode_batch
from projections.records import Place, Record, Tally
from projections.recount.compare import KEYS, SUMMED, differences
from projections.recount.counted import Counted
from projections.store import Store

TOPICS = Topics(partitions=4)


def bulk(path: Path, records: Sequence[Record], chunk: int) -> Store:
    store = Store(path)
    spans = {record.place: (0, record.offset + 1) for record in records}
    source = RecordSource(iter(records), TOPICS, spans)
    fold_all(store, TOPICS, [source], dict.fromkeys(spans, 0), lambda _: None, threads=2, chunk=chunk)
    return store


def followed(path: Path, records: Sequence[Record], batch: int = 500) -> Store:
    store = Store(path)
    tallies: dict[Place, Tally] = {}
    for first in range(0, len(records), batch):
        decoded = decode_batch(records[first : first + batch], tallies, TOPICS, {})
        tables = store.tables
        before = Before(
            tables.load_tasks(decoded.task_ids()),
            tables.known_steps(decoded.events_of_steps()),
            tables.load_orders(decoded.subjects()),
            tables.load_webhooks(decoded.messages()),
            *tables.load_paths([fact for _, fact in decoded.paths]),
        )
        tables.write(decoded, fold_batch(decoded, before))
        tallies |= decoded.tallies
    return store


def rows(store: Store, table: str) -> list[Any]:
    with store.cursor() as cursor:
        if table in SUMMED:
            keys = ", ".join(KEYS[table])
            columns = [name for name, *_ in cursor.execute(f"DESCRIBE {table}").fetchall()]
            sums = ", ".join(name if name in KEYS[table] else f"sum({name})" for name in columns)
            return sorted(cursor.execute(f"SELECT {sums} FROM {table} GROUP BY {keys}").fetchall(), key=repr)
        return sorted(cursor.execute(f"FROM {table}").fetchall(), key=repr)


def history(seed: int, tasks: int) -> list[Record]:
    """A generated history, its partitions interleaved anew."""
    ends: dict[Place, int] = {}
    streams: dict[Place, list[Record]] = {}
    for written in History(TOPICS, seed).records(tasks):
        place = Place(written.topic, written.partition)
        offset = ends.get(place, 0)
        ends[place] = offset + 1
        streams.setdefault(place, []).append(Record(place, offset, written.value, written.timestamp_ms))
    waiting = {place: iter(stream) for place, stream in streams.items()}
    order = [place for place, stream in streams.items() for _ in stream]
    Random(seed).shuffle(order)
    return [next(waiting[place]) for place in order]


@pytest.mark.parametrize(("seed", "chunk"), [(1, 700), (2, 1_900), (3, 100_000)])
def test_every_table_equals_the_follower_s(tmp_path: Path, seed: int, chunk: int) -> None:
    records = history(seed, 250)
    in_sql, in_python = (
        bulk(tmp_path / "a" / "r.duckdb", records, chunk),
        followed(tmp_path / "b" / "r.duckdb", records),
    )

    for table in KEYS:
        assert rows(in_sql, table) == rows(in_python, table), table
    counted = Counted(TOPICS)
    for record in records:
        counted.take(record.place, record.offset, record.at_ms or 0, record.value)
    with in_sql.cursor() as cursor:
        assert list(differences(cursor, counted.tables())) == []
