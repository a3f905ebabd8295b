"""Falsifies cells of a file at random, and says whether a recount named them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from projections.recount.compare import KEYS, SUMMED, Difference

_OTHER = {
    "VARCHAR": "coalesce({0}, '') || 'x'", "INTEGER": "coalesce({0}, 0) + 1000", "BIGINT": "coalesce({0}, 0) + 1",
    "TINYINT": "coalesce({0}, 0) + 1", "DOUBLE": "coalesce({0}, 0) + 0.001", "BOOLEAN": "NOT coalesce({0}, false)",
    "DECIMAL(18,9)": "coalesce({0}, 0) + 0.000000001", "JSON": '\'{{"falsified": 1}}\'',
    "TIMESTAMP": "coalesce({0}, '2001-01-01') + INTERVAL 1 MICROSECOND", "DATE": "{0} + 1000",
    "UUID": "uuid()",
}  # fmt: skip
#: Where the recount ends: false ones make everything else differ. tests/integration/test_projector_killed.py has them.
_APART = {("projection_offsets", name) for name in ("topic", "partition", "next_offset")}


@dataclass(frozen=True, slots=True)
class Cell:
    """One that says something else now."""

    table: str
    key: str  #: before
    column: str


def falsify(path: Path, number: int, chance: random.Random) -> list[Cell]:
    """Change so many cells, and at least one of every column; no two in one row while rows suffice."""
    with duckdb.connect(str(path)) as stored:
        columns = [
            (table, str(name), str(kind))
            for table in KEYS
            for name, kind, *_ in stored.execute(f'DESCRIBE "{table}"').fetchall()
            if (table, name) not in _APART
        ]
        drawn = columns + chance.choices(columns, k=max(0, number - len(columns)))
        spare = {table: _rows(stored, table, chance) for table in KEYS}
        cells = []
        for table, column, kind in drawn:
            if spare[table]:
                cells.append(_falsified(stored, (table, column, kind), spare[table].pop()))
        return cells


def _rows(stored: duckdb.DuckDBPyConnection, table: str, chance: random.Random) -> list[tuple[int, str]]:
    """Row and key, in random order; of rows that share a key, one."""
    shown = ", ".join(f'"{name}"::VARCHAR' for name in KEYS[table])
    keys: dict[tuple[str, ...], int] = {}
    for row, *key in stored.execute(f'SELECT rowid, {shown} FROM "{table}" USING SAMPLE 2000').fetchall():  # noqa: S608
        keys[tuple(map(str, key))] = row
    rows = [(row, " ".join(key)) for key, row in keys.items()]
    chance.shuffle(rows)
    return rows


def _falsified(stored: duckdb.DuckDBPyConnection, column: tuple[str, str, str], row: tuple[int, str]) -> Cell:
    table, name, kind = column
    value = _OTHER[kind].format(f'"{name}"')
    stored.execute(f'UPDATE "{table}" SET "{name}" = {value} WHERE rowid = {row[0]}')  # noqa: S608 - our own names
    return Cell(table, row[1], name)


def named(cell: Cell, found: Iterable[Difference]) -> bool:
    """Whether a difference names that cell; of a key, or of rows that are summed, the row it was in."""
    whole = cell.column in KEYS[cell.table] or cell.table in SUMMED
    return any(
        each.table == cell.table and each.key == cell.key and (whole or each.column == cell.column) for each in found
    )
