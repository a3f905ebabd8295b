"""Every table, view and column says what it means; snapshots carry it; the page is current."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from projections.data_dictionary import PAGE, columns_of_a_new_file, page
from projections.described import EVERYWHERE, comment_of, relations
from projections.snapshot_writer import publish
from projections.store import Store

COLUMNS = columns_of_a_new_file()
#: A comment is read beside its column alone, far from the lines around it.
LEANS_ON_ITS_NEIGHBOURS = re.compile(r"\b(likewise|as above|as below|see above|ditto)\b")


def test_every_relation_is_described() -> None:
    assert COLUMNS.keys() == relations().keys(), "a `CREATE` that described.py does not find"
    bare = [name for name, one in relations().items() if not one.comment]
    assert bare == [], "say what it holds in `-- ...` lines right above its `CREATE`, in projections/*.sql"


@pytest.mark.parametrize("relation", COLUMNS)
def test_every_column_is_described(relation: str) -> None:
    bare = [column for column, _ in COLUMNS[relation] if not comment_of(relation, column)]
    assert bare == [], (
        f"say what it means behind its line: `column TYPE, -- meaning`, in {relation} in projections/*.sql"
    )


@pytest.mark.parametrize("relation", COLUMNS)
def test_no_comment_is_about_a_column_that_is_not_there(relation: str) -> None:
    assert relations()[relation].own.keys() - {column for column, _ in COLUMNS[relation]} == set()


def test_what_holds_everywhere_holds_somewhere() -> None:
    assert EVERYWHERE.keys() - {column for columns in COLUMNS.values() for column, _ in columns} == set()


@pytest.mark.parametrize("relation", COLUMNS)
def test_a_comment_can_be_read_alone(relation: str) -> None:
    said = {column: comment_of(relation, column) or "" for column, _ in COLUMNS[relation]}
    assert {column: text for column, text in said.items() if LEANS_ON_ITS_NEIGHBOURS.search(text)} == {}


def test_a_column_has_the_comment_of_the_relation_it_comes_from() -> None:
    assert comment_of("daily_tasks", "day") == "UTC, of the end"
    assert comment_of("v_tasks", "worker") == relations()["tasks"].own["worker"]
    assert comment_of("v_steps", "model") == EVERYWHERE["model"]
    assert comment_of("v_tasks", "nothing") is None


def test_a_snapshot_says_it_all_itself(tmp_path: Path) -> None:
    Store(tmp_path / "live.duckdb").close()
    snapshot = publish(tmp_path / "live.duckdb", tmp_path / "published")
    with duckdb.connect(str(snapshot), read_only=True) as reading:
        said = reading.execute("SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal")
        columns = {(relation, column): comment for relation, column, comment in said.fetchall()}
        tables = dict(reading.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
        views = dict(reading.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall())
        keys = reading.execute(
            "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    assert columns == {(name, column): comment_of(name, column) for name in COLUMNS for column, _ in COLUMNS[name]}
    assert tables | views == {name: one.comment for name, one in relations().items()}
    assert keys == [(0,)], "DuckDB 1.0 cannot read the keys of 2.0"


def test_the_page_is_current() -> None:
    assert page() == PAGE.read_text(), "run `python -m projections.data_dictionary`"
