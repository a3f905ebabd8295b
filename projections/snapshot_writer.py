"""`python -m projections.snapshot_writer SOURCE FOLDER`: publishes a copy of the readings for analysts.

A process of its own, since opening the live file in the process that writes it would drop DuckDB's lock. Says `copied`
once the live file may change again. The copy is written in DuckDB's oldest storage format, so that older versions read it,
under a name of its own; `latest.duckdb` is then pointed at it. Whoever has an older one open keeps it.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from projections.described import comments_on, relations

LATEST = "latest.duckdb"
STORAGE_VERSION = "v1.0.0"  #: read by every DuckDB from 1.0 on
_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()
WHERE database_name = 'live' AND NOT internal ORDER BY table_oid, column_index
"""
_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'live' AND NOT internal ORDER BY table_oid"
_VIEWS = "SELECT view_name, sql FROM duckdb_views() WHERE database_name = 'live' AND NOT internal"
_KEPT = 2  # the newest, and the one that queries under way may still read


def main() -> int:
    """Copy, convert, publish; 0 when the new snapshot is in place."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    working = folder / f"working-{os.getpid()}.duckdb"
    try:
        shutil.copyfile(source, working)
        sys.stdout.write("copied\n")
        sys.stdout.flush()
        sys.stdout.write(f"{publish(working, folder)}\n")
    finally:
        working.unlink(missing_ok=True)
    return 0


def publish(source: Path, folder: Path) -> Path:
    """Write the database at `source` into `folder` as the newest snapshot; returns its path."""
    name = f"readings-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.duckdb"
    unfinished, finished = folder / f"{name}.tmp", folder / name
    folder.mkdir(parents=True, exist_ok=True)
    unfinished.unlink(missing_ok=True)
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        connection.execute(f"ATTACH {_quoted(source)} AS live (READ_ONLY)")
        connection.execute(f"ATTACH {_quoted(unfinished)} AS copy (STORAGE_VERSION '{STORAGE_VERSION}')")
        _copy(connection)
        connection.execute("CHECKPOINT copy")
        connection.execute("DETACH copy")
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
    unfinished.rename(finished)
    pointer = folder / f"{LATEST}.tmp"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(finished.name)
    pointer.replace(folder / LATEST)
    _prune(folder)
    return finished


def _copy(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables without keys, as DuckDB 1.0 cannot read those of 2.0; views; and what all of it means, which `live` lacks."""
    columns: dict[str, list[str]] = {}
    declared: dict[str, list[str]] = {}
    for table, column, kind, nullable in connection.execute(_COLUMNS).fetchall():
        columns.setdefault(table, []).append(column)
        declared.setdefault(table, []).append(f'"{column}" {kind}{"" if nullable else " NOT NULL"}')
    tables, views = connection.execute(_TABLES).fetchall(), dict(connection.execute(_VIEWS).fetchall())
    connection.execute("USE copy")
    connection.execute("BEGIN")
    for (table,) in tables:
        connection.execute(f'CREATE TABLE "{table}" ({", ".join(declared[table])})')
        connection.execute(f'INSERT INTO "{table}" FROM live."{table}"')
    for view in sorted(views, key=tuple(relations()).index):
        connection.execute(views[view])
    connection.execute(comments_on(columns) or "SELECT 1")
    connection.execute("COMMIT")
    connection.execute("USE memory")


def newest(folder: Path) -> Path | None:
    """The snapshot `latest.duckdb` points at, under its own name; none when nothing was published yet."""
    pointer = folder / LATEST
    return pointer.resolve() if pointer.exists() else None


def _prune(folder: Path) -> None:
    published = sorted(folder.glob("readings-*.duckdb"))
    for old in published[:-_KEPT]:
        old.unlink(missing_ok=True)
    for left in folder.glob("*.duckdb.tmp"):
        left.unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


if __name__ == "__main__":
    sys.exit(main())
