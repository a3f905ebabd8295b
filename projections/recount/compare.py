"""Holds the recount against the tables, cell by cell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
from pydantic_core import from_json, to_json

from projections.recount.counted import Key, Rows
from projections.recount.story import Cells

#: What tells the rows of a table apart; tables with several rows per key are summed first.
KEYS: Mapping[str, tuple[str, ...]] = {
    "tasks": ("task_id",),
    "facts": ("task_id", "version"),
    "recoveries": ("task_id", "number"),
    "recovery_outcomes": ("task_id", "number"),
    "escalations": ("task_id", "number"),
    "escalation_acts": ("task_id", "act"),
    "escalation_steps": ("task_id", "event_id"),
    "execution_log": ("task_id", "event_id"),
    "costs": ("task_id", "event_id"),
    "task_totals": ("task_id",),
    "daily_tasks": ("day", "status"),
    "daily_spend": ("day", "status", "ai_used", "model", "used_at", "input_above"),
    "orders": ("subject",),
    "workers": ("worker",),
    "webhooks": ("message_id",),
    "navigation_paths": ("path_key",),
    "navigation_path_editions": ("path_key", "number"),
    "navigation_path_events": ("path_key", "event_id"),
    "dead_letters": ("letter",),
    "dead_letter_acts": ("partition", "offset"),
    "projection_offsets": ("topic", "partition"),
}
SUMMED = frozenset({"daily_tasks", "daily_spend"})
#: Whose rows belong to one task each, and are counted with it.
BY_TASK = tuple(table for table in KEYS if KEYS[table][0] == "task_id")
_CHUNK = 10_000
#: Not what is on the log: which log the file belongs to and which version wrote it; what models cost elsewhere.
NOT_COUNTED = frozenset({"meta", "prices"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell, or one row when there is no column."""

    table: str
    key: str
    column: str | None
    counted: Any  #: what the log says
    stored: Any  #: what the table says

    def __str__(self) -> str:
        """One line for people."""
        place = f"{self.table}[{self.key}]" + (f".{self.column}" if self.column else "")
        if self.column is None:
            return f"{place}: {'not in the table' if self.stored is None else self.stored}"
        return f"{place}: the log says {self.counted!r}, the table {self.stored!r}"


def differences(
    connection: duckdb.DuckDBPyConnection, counted: Mapping[str, Rows], *, only: Collection[str] = KEYS.keys()
) -> Iterator[Difference]:
    """Every difference in the tables asked for; a table that nobody counts is one, too."""
    yield from unknown_tables(connection)
    for table in only:
        yield from of_table(connection, table, counted.get(table, {}))


def unknown_tables(connection: duckdb.DuckDBPyConnection) -> Iterator[Difference]:
    """Tables of the file that nobody counts."""
    names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    for table in sorted({str(name) for (name,) in names} - KEYS.keys() - NOT_COUNTED):
        yield Difference(table, "*", "*", "nothing, as it is not recounted", "a table")


def of_table(
    connection: duckdb.DuckDBPyConnection, table: str, counted: Rows, where: str = "true"
) -> Iterator[Difference]:
    """Every difference in one table, or in those of its rows that `where` (our own SQL) chooses."""
    expected = {_plain_key(key): cells for key, cells in counted.items()}
    seen: set[Key] = set()
    for key, cells in _stored(connection, table, where):
        shown = " ".join(str(part) for part in key)
        if key in seen:
            yield Difference(table, shown, None, "one row", "there more than once")
        elif key not in expected:
            yield Difference(table, shown, None, None, "not on the log")
        else:
            yield from _of_row(table, shown, expected[key], cells)
        seen.add(key)
    for key in expected.keys() - seen:
        yield Difference(table, " ".join(str(part) for part in key), None, expected[key], None)


def _of_row(table: str, key: str, counted: Cells, stored: Cells) -> Iterator[Difference]:
    for column in stored:
        if column not in counted:
            yield Difference(table, key, column, "nothing, as it is not recounted", stored[column])
        elif not _same(counted[column], stored[column]):
            yield Difference(table, key, column, counted[column], stored[column])


def _stored(connection: duckdb.DuckDBPyConnection, table: str, where: str) -> Iterator[tuple[Key, Cells]]:
    columns = [(str(name), str(kind)) for name, kind, *_ in connection.execute(f'DESCRIBE "{table}"').fetchall()]
    keys = KEYS[table]
    if table in SUMMED:
        sums = ", ".join(name if name in keys else f"sum({name}) AS {name}" for name, _ in columns)
        query = f'SELECT {sums} FROM "{table}" WHERE {where} GROUP BY {", ".join(keys)}'  # noqa: S608 - our own names
    else:
        query = f'SELECT * FROM "{table}" WHERE {where}'  # noqa: S608 - our own names
    json = {name for name, kind in columns if kind == "JSON"}
    names = [name for name, _ in columns]
    cursor = connection.execute(query)
    while chunk := cursor.fetchmany(_CHUNK):
        for row in chunk:
            cells = dict(zip(names, row, strict=True))
            for name in json:
                if cells[name] is not None:
                    cells[name] = from_json(cells[name])
            yield _plain_key(tuple(cells[name] for name in keys)), cells


def _plain_key(key: Key) -> Key:
    return tuple(str(part) if isinstance(part, UUID) else part for part in key)


def _same(counted: Any, stored: Any) -> bool:
    if counted is stored or (type(counted) is type(stored) and isinstance(stored, str | int)):
        return bool(counted == stored)
    if isinstance(stored, UUID):
        stored = str(stored)
    if isinstance(stored, Decimal) and counted is not None:
        counted = Decimal(counted)
    if isinstance(counted, dict | list):
        # As the store writes JSON: what is no number there is null.
        counted = from_json(to_json(counted, inf_nan_mode="null"))
    same: bool = counted == stored
    return same
