"""`goaltrail query | snapshot | export`: the readings for analysts, from the newest snapshot in the data folder."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from api.cli.client import TASKS, Json, Key, Url, api, fail, out, print_json
from api.cli.installation import Installation
from projections.export import export_parquet
from projections.snapshot_writer import newest
from projections.sql_limits import SqlLimits
from projections.sql_worker import answer
from projections.store import SNAPSHOTS

app = typer.Typer()

_WITHOUT_END = 365 * 24 * 3600.0
_ALL_ROWS = sys.maxsize

From = Annotated[
    Path | None, typer.Option("--snapshot", help="Snapshot to read; else the newest of the data folder.", exists=True)
]


class Form(StrEnum):
    """How a result is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help='One query, such as "FROM v_tasks LIMIT 5" or "SHOW TABLES".')],
    form: Annotated[Form, typer.Option("--format", "-f", help="How the result is written.")] = Form.TABLE,
    to: Annotated[Path | None, typer.Option("--to", help="File to write; parquet needs one.")] = None,
    snapshot: From = None,
) -> None:
    """Answer one SQL query from the newest snapshot of the readings.

    The snapshot is a DuckDB file that nothing writes to any more: any DuckDB from 1.0 on opens it as well.
    `goaltrail snapshot` makes a new one.
    """
    path = snapshot or _newest()
    limits = SqlLimits(seconds=_WITHOUT_END, memory_mb=2_048, threads=2, rows=_ALL_ROWS, result_bytes=_ALL_ROWS)
    if form is Form.PARQUET:
        if to is None:
            fail("parquet is written to a file: name it with --to")
        _write_parquet(path, sql, to)
        return
    with duckdb.connect(str(path), read_only=True, config=limits.duckdb_config()) as connection:
        reply = answer(connection, sql, limits)
    if reply.result is None:
        fail(reply.refused or "the query has no result")
    names = [column.name for column in reply.result.columns]
    rows = reply.result.rows
    if form is Form.JSON:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif form is Form.CSV or to is not None:
        with ExitStack() as closing:
            target = closing.enter_context(to.open("w", newline="")) if to is not None else sys.stdout
            csv.writer(target).writerows([names, *rows])
    else:
        out.print(_drawn(names, rows))


@app.command()
def snapshot(url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Have the running API publish a snapshot of the readings now; it does so regularly by itself."""
    with api(url, key) as door:
        made = door.data("POST", f"{TASKS}/snapshots")
    print_json(made) if as_json else out.print(made["snapshot"], highlight=False)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write to; each table gets a folder in it.")],
    snapshot: From = None,
) -> None:
    """Write the newest snapshot as Parquet files, divided by day."""
    for made in export_parquet(snapshot or _newest(), folder):
        out.print(f"{made.table:<24} {made.rows:>10} rows  {made.folder}", highlight=False, soft_wrap=True)


def _newest() -> Path:
    found = newest(Installation.found().home.root / SNAPSHOTS)
    if found is None:
        fail("there is no snapshot yet: `goaltrail snapshot` makes one while the API runs")
    return found


def _write_parquet(path: Path, sql: str, to: Path) -> None:
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.sql(sql).write_parquet(str(to), compression="zstd")
    except (duckdb.Error, AttributeError) as error:
        fail(f"not written: {error}")


def _drawn(names: list[str], rows: Sequence[Sequence[object]]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    return table
