"""The queries that analysts begin with are answered, as the API answers them, on a week of tasks."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from projections.described import relations
from projections.examples import EXAMPLES, Example
from projections.sql_limits import SqlLimits
from projections.sql_worker import answer
from tests.unit.projections.week import snapshot_of_a_week

#: What a week has none of.
MAY_BE_EMPTY = {"v_navigation_paths", "v_recoveries"}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return snapshot_of_a_week(tmp_path_factory.mktemp("week"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.question)
def test_an_example_is_answered(snapshot: Path, example: Example) -> None:
    limits = SqlLimits()
    with duckdb.connect(str(snapshot), read_only=True, config=limits.duckdb_config()) as connection:
        reply = answer(connection, example.sql, limits)
    assert reply.refused is None
    assert reply.result is not None
    assert example.view in example.sql
    assert reply.result.rows or example.view in MAY_BE_EMPTY or "came_after_lease" in example.sql


def test_every_view_has_one() -> None:
    assert {example.view for example in EXAMPLES} == {name for name, one in relations().items() if one.kind == "VIEW"}
