"""Writes a snapshot's tables as Parquet files, one folder per table and day, for tools that read no DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

#: The column whose UTC day a table is divided by; what has none is one file.
_DAY_OF = {"tasks": "created_at", "execution_log": "created_at", "costs": "created_at", "dead_letters": "recorded_at"}
_OURS = frozenset({"meta", "projection_offsets"})


@dataclass(frozen=True, slots=True)
class Exported:
    """One table as it was written."""

    table: str
    rows: int
    folder: Path


def export_parquet(snapshot: Path, target: Path) -> list[Exported]:
    """Write every table of a snapshot below `target`; files of an earlier export there are replaced."""
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        names = [str(name) for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return [_table(connection, name, target / name) for name in sorted(set(names) - _OURS)]


def _table(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> Exported:
    folder.mkdir(parents=True, exist_ok=True)
    day = _DAY_OF.get(table)
    described = connection.execute(f'DESCRIBE "{table}"').fetchall()
    columns = {str(name) for name, *_ in described}
    if day in columns:
        source = f'(SELECT *, strftime({day}, \'%Y-%m-%d\') AS "day" FROM "{table}")'  # noqa: S608 - our own names
        how, place = 'PARTITION_BY ("day"), OVERWRITE', str(folder)
    else:
        source, how, place = f'"{table}"', "", str(folder / "all.parquet")
    options = ", ".join(part for part in ("FORMAT parquet", "COMPRESSION zstd", how) if part)
    quoted = place.replace("'", "''")
    written = connection.execute(f"COPY {source} TO '{quoted}' ({options})").fetchone()
    return Exported(table, 0 if written is None else int(written[0]), folder)
