"""Analysts' queries in their worker processes: what is answered, what is refused, and that nothing gets out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TypeVar

import duckdb
import pytest

from events.errors import NoSnapshot, QueryRefused, TooManyQueries
from projections.snapshot_writer import newest, publish
from projections.sql_limits import SqlLimits
from projections.sql_pool import SqlPool

LIMITS = SqlLimits(seconds=1.0, rows=100, result_bytes=64 * 1024)
T = TypeVar("T")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a snapshot of a thousand rows."""
    home = tmp_path_factory.mktemp("snapshots")
    source = home / "live.duckdb"
    with duckdb.connect(str(source)) as live:
        live.execute(
            "CREATE TABLE numbers AS SELECT range AS n, uuid() AS id, 1.5::DECIMAL(18, 3) AS cost FROM range(1000)"
        )
        live.execute("COMMENT ON TABLE numbers IS 'for tests'")
    publish(source, home / "published")
    return home / "published"


def with_pool(folder: Path, ask: Callable[[SqlPool], Awaitable[T]], limits: SqlLimits = LIMITS) -> T:
    async def run() -> T:
        pool = SqlPool(lambda: newest(folder), limits, workers=1)
        try:
            return await ask(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*), max(n), sum(cost) FROM numbers",
        "WITH few AS (FROM numbers LIMIT 3) SELECT * FROM few ORDER BY n",
        "SHOW TABLES",
        "DESCRIBE numbers",
        "SUMMARIZE numbers",
        "EXPLAIN SELECT 1",
        "/* a ; in a comment */ SELECT ';' -- and here;",
        "SELECT 'inf'::DOUBLE, NULL, [1, 2], {'a': 1}, DATE '2026-11-23', INTERVAL 3 DAY, 'x'::BLOB",
    ],
)
def test_queries_are_answered(folder: Path, sql: str) -> None:
    result = with_pool(folder, lambda pool: pool.run(sql))
    assert result.row_count == len(result.rows) > 0
    assert all(len(row) == len(result.columns) for row in result.rows)


def test_money_is_spelled_out(folder: Path) -> None:
    sql = "SELECT 0::DECIMAL(18, 9), 0.000000015::DECIMAL(38, 15), 12::DECIMAL(4, 0)"
    assert with_pool(folder, lambda pool: pool.run(sql)).rows == [["0.000000000", "0.000000015000000", "12"]]


def test_an_answer_is_right(folder: Path) -> None:
    result = with_pool(folder, lambda pool: pool.run("SELECT count(*) AS c, max(n) AS m, sum(cost) AS s FROM numbers"))
    assert [(column.name, column.type) for column in result.columns][:2] == [("c", "BIGINT"), ("m", "BIGINT")]
    assert result.rows == [[1000, 999, "1500.000"]]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "out of reach"),
        ("SELECT * FROM read_text('/etc/hostname')", "out of reach"),
        ("SELECT * FROM '/etc/passwd'", "does not exist"),
        ("SELECT * FROM glob('/*')", "out of reach"),
        ("SELECT * FROM read_parquet('https://example.org/x.parquet')", "out of reach|not|disabled"),
        ("COPY numbers TO '/tmp/out.csv'", "no COPY"),
        ("EXPORT DATABASE '/tmp/out'", "no EXPORT"),
        ("ATTACH '/tmp/other.duckdb'", "no ATTACH"),
        ("INSTALL httpfs", "no LOAD"),
        ("LOAD httpfs", "no LOAD"),
        ("SET memory_limit = '10GB'", "no SET"),
        ("RESET memory_limit", "no (SET|RESET)"),
        ("PRAGMA enable_profiling", "no PRAGMA"),
        ("CALL pragma_version()", "no CALL"),
        ("CREATE TEMP TABLE t AS SELECT 1", "no CREATE"),
        ("DELETE FROM numbers", "no DELETE"),
        ("PREPARE q AS SELECT 1", "no PREPARE"),
        ("BEGIN", "no TRANSACTION"),
        ("SELECT 1; SELECT 2", "there are 2"),
        ("SELECT 1; ATTACH 'x'", "there are 2"),
        ("", "there are 0"),
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM nothing", "does not exist"),
        ("SELECT * FROM numbers", "more than 100 rows"),
        ("SELECT repeat('y', 2000) FROM range(90)", "larger than"),
        ("SELECT repeat('x', 2000000000)", "more memory|ended after"),
        ("SELECT list(range) FROM range(1000000000)", "more memory|ended after"),
        ("WITH RECURSIVE r AS (SELECT 1 i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r", "ended after 1 s"),
        ("SELECT count(*) FROM numbers a, numbers b, numbers c, numbers d", "ended after 1 s"),
        (f"SELECT '{'x' * 70_000}'", "longer than 64 KB"),
    ],
)
def test_everything_else_is_refused_with_a_reason(folder: Path, sql: str, said: str) -> None:
    async def ask(pool: SqlPool) -> int:
        with pytest.raises(QueryRefused, match=said):
            await pool.run(sql)
        return (await pool.run("SELECT 1")).row_count

    assert with_pool(folder, ask) == 1, "the next query is answered"


def test_a_worker_that_does_not_end_its_query_is_killed(folder: Path) -> None:
    # DuckDB would let this one run for a minute; whoever waits gives it two seconds more than its limit.
    async def ask(pool: SqlPool) -> float:
        began = monotonic()
        pool._limits = replace(LIMITS, seconds=-1.5)
        with pytest.raises(QueryRefused, match="ended after"):
            await pool.run("SELECT count(*) FROM range(1000000) a, range(1000000) b")
        return monotonic() - began

    assert with_pool(folder, ask, replace(LIMITS, seconds=60.0)) < 30.0


def test_who_leaves_takes_the_query_along(folder: Path) -> None:
    async def ask(pool: SqlPool) -> int:
        query = asyncio.create_task(pool.run("SELECT count(*) FROM range(1000000) a, range(1000000) b"))
        done, _ = await asyncio.wait({query}, timeout=0.5)
        assert not done
        query.cancel()
        await asyncio.wait({query})
        return (await pool.run("SELECT 1")).row_count

    assert with_pool(folder, ask, replace(LIMITS, seconds=60.0)) == 1


def test_who_finds_every_worker_busy_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.sql_pool._WAIT_SECONDS", 0.1)

    async def ask(pool: SqlPool) -> None:
        query = asyncio.create_task(pool.run("SELECT count(*) FROM range(1000000) a, range(1000000) b"))
        await asyncio.wait({query}, timeout=0.3)
        with pytest.raises(TooManyQueries):
            await pool.run("SELECT 1")
        query.cancel()
        await asyncio.wait({query})

    with_pool(folder, ask, replace(LIMITS, seconds=60.0))


def test_without_a_snapshot_nothing_is_read(tmp_path: Path) -> None:
    async def ask(pool: SqlPool) -> None:
        with pytest.raises(NoSnapshot, match="goaltrail snapshot"):
            await pool.run("SELECT 1")

    with_pool(tmp_path, ask)


def test_a_new_snapshot_is_read_by_the_next_query(tmp_path: Path) -> None:
    source = tmp_path / "live.duckdb"

    def grow(rows: int) -> None:
        source.unlink(missing_ok=True)
        with duckdb.connect(str(source)) as live:
            live.execute(f"CREATE TABLE numbers AS SELECT range AS n FROM range({rows})")
        publish(source, tmp_path / "published")

    async def ask(pool: SqlPool) -> list[object]:
        counts: list[object] = []
        for rows in (1, 2, 3, 4):
            grow(rows)
            counts.append((await pool.run("SELECT count(*) FROM numbers")).rows[0][0])
        return counts

    assert with_pool(tmp_path / "published", ask) == [1, 2, 3, 4]
    assert len(list((tmp_path / "published").iterdir())) == 3, "two snapshots are kept, and the pointer"
