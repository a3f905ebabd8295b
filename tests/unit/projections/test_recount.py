"""The tables against an independent recount of a made-up history: no difference, and every falsified cell is named."""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import get_args

import duckdb
import pytest

from benchmarks.generated_history import History, Written
from events.facts import TaskFact
from projections.records import Place, Record
from projections.recount.compare import KEYS, NOT_COUNTED, SUMMED, Difference, differences
from projections.recount.counted import Counted, Rows
from projections.store import Store
from tests.unit.projections.log import TOPICS, read

TASKS = 400


def interleaved(history: list[Written], seed: int) -> list[Record]:
    """Partitions in an order of their own each, as consumers see them: order holds within one alone."""
    lanes: dict[Place, list[Record]] = defaultdict(list)
    for written in history:
        place = Place(written.topic, written.partition)
        lanes[place].append(Record(place, len(lanes[place]), written.value, written.timestamp_ms))
    shuffled: list[Record] = []
    chance = random.Random(seed)
    places = sorted(lanes)
    ahead = {place: iter(lanes[place]) for place in places}
    while places:
        place = chance.choice(places)
        run = list(islice(ahead[place], chance.randint(1, 60)))
        shuffled += run
        if not run:
            places.remove(place)
    return shuffled


@pytest.fixture(scope="module")
def history() -> list[Written]:
    return list(History(TOPICS, seed=7).records(TASKS))


@pytest.fixture(scope="module")
def counted(history: list[Written]) -> dict[str, Rows]:
    recount = Counted(TOPICS)
    for record in interleaved(history, seed=1):
        recount.take(record.place, record.offset, record.at_ms or 0, record.value)
    return recount.tables()


@pytest.fixture(scope="module")
def folded(history: list[Written], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The readings of the same history, folded in another order, in batches of any size, some of them twice."""
    path = tmp_path_factory.mktemp("folded") / "readings.duckdb"
    store = Store(path)
    records, chance, at = interleaved(history, seed=2), random.Random(3), 0
    while at < len(records):
        size = chance.randint(1, 700)
        read(store, records[max(0, at - chance.choice((0, 0, 50))) : at + size])
        at += size
    store.close()
    return path


def compared(path: Path, counted: dict[str, Rows]) -> list[Difference]:
    with duckdb.connect(str(path)) as stored:
        return list(differences(stored, counted))


def test_the_history_holds_every_kind_of_fact(counted: dict[str, Rows]) -> None:
    assert {name for name, rows in counted.items() if not rows} == set()
    statuses = {cells["status"] for cells in counted["tasks"].values()}
    assert {"COMPLETED", "FAILED", "CANCELLED"} <= statuses
    types = {kind.model_fields["type"].default for kind in get_args(TaskFact)}
    assert types - {cells["type"] for cells in counted["facts"].values()} == set()


def test_the_tables_say_what_the_log_says(folded: Path, counted: dict[str, Rows]) -> None:
    assert [str(found) for found in compared(folded, counted)[:20]] == []


def columns(path: Path) -> Iterator[tuple[str, str, str]]:
    with duckdb.connect(str(path)) as stored:
        for table in KEYS:
            for name, kind, *_ in stored.execute(f'DESCRIBE "{table}"').fetchall():
                yield table, str(name), str(kind)


OTHER = {
    "VARCHAR": "'falsified'", "INTEGER": "coalesce({0}, 0) + 1000", "BIGINT": "coalesce({0}, 0) + 1",
    "TINYINT": "coalesce({0}, 0) + 1", "DOUBLE": "coalesce({0}, 0) + 0.001", "BOOLEAN": "NOT coalesce({0}, false)",
    "DECIMAL(18,9)": "coalesce({0}, 0) + 0.000000001", "JSON": '\'{{"falsified": 1}}\'',
    "TIMESTAMP": "coalesce({0}, '2001-01-01') + INTERVAL 1 MICROSECOND", "DATE": "{0} + 1000",
    "UUID": "uuid()",
}  # fmt: skip


def test_every_falsified_cell_is_named(folded: Path, counted: dict[str, Rows], tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(folded, copy)
    missed: list[str] = []
    for table, column, kind in columns(copy):
        if table == "projection_offsets" and column == "next_offset":
            continue  # how far the file is read is where the recount ends
        with duckdb.connect(str(copy)) as stored:
            stored.execute("BEGIN")
            value = OTHER[kind].format(f'"{column}"')
            first = f'(SELECT min(rowid) FROM "{table}")'
            stored.execute(f'UPDATE "{table}" SET "{column}" = {value} WHERE rowid = {first}')
            found = list(differences(stored, counted, only={table}))
            stored.execute("ROLLBACK")
        named = any(each.table == table and (each.column in {column, None}) for each in found)
        if not named:
            missed.append(f"{table}.{column}: {[str(each) for each in found[:3]]}")
    assert missed == []


def test_rows_too_many_and_too_few_are_named(folded: Path, counted: dict[str, Rows], tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    for table in sorted(KEYS.keys() - SUMMED):
        shutil.copyfile(folded, copy)
        with duckdb.connect(str(copy)) as stored:
            stored.execute(f'DELETE FROM "{table}" WHERE rowid = (SELECT min(rowid) FROM "{table}")')
            assert any(
                each.table == table and each.column is None for each in differences(stored, counted, only={table})
            ), table


def test_rows_there_twice_are_named(folded: Path, counted: dict[str, Rows], tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(folded, copy)
    with duckdb.connect(str(copy)) as stored:
        keyed = {name for (name,) in stored.execute("SELECT DISTINCT table_name FROM duckdb_indexes()").fetchall()}
        keyed |= {
            name
            for (name,) in stored.execute(
                "SELECT DISTINCT table_name FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
            ).fetchall()
        }
        for table in sorted(KEYS.keys() - keyed):
            stored.execute(
                f'INSERT INTO "{table}" SELECT * FROM "{table}" WHERE rowid = (SELECT min(rowid) FROM "{table}")'
            )
            assert [each.table for each in differences(stored, counted, only={table})][:1] == [table]


def test_every_table_is_counted(folded: Path) -> None:
    with duckdb.connect(str(folded)) as stored:
        stored.execute("CREATE TABLE new_one (a INTEGER)")
        known = {name for (name,) in stored.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        assert known - KEYS.keys() - NOT_COUNTED == {"new_one"}
        assert "new_one" in {each.table for each in differences(stored, {})}
        stored.execute("DROP TABLE new_one")
