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
            return f"{place}: {'not in the table' if self.stored is None else 'not on the log'}"
        return f"{place}: the log says {self.counted!r}, the table {self.stored!r}"


def differences(
    connection: duckdb.DuckDBPyConnection, counted: Mapping[str, Rows], *, only: Collection[str] = KEYS.keys()
) -> Iterator[Difference]:
    """Every difference in the tables asked for; a table that nobody counts is one, too."""
    known = {str(name) for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for table in sorted(known - KEYS.keys() - NOT_COUNTED):
        yield Difference(table, "*", "*", "nothing, as it is not recounted", "a table")
    for table in only:
        yield from _of_table(connection, table, counted.get(table, {}))


def _of_table(connection: duckdb.DuckDBPyConnection, table: str, counted: Rows) -> Iterator[Difference]:
    stored = _stored(connection, table)
    expected = {_plain_key(key): cells for key, cells in counted.items()}
    for key in expected.keys() | stored.keys():
        shown = " ".join(str(part) for part in key)
        if key not in stored or key not in expected:
            there = stored.get(key)
            yield Difference(table, shown, None, expected.get(key), None if there is None else "a row")
            continue
        yield from _of_row(table, shown, expected[key], stored[key])


def _of_row(table: str, key: str, counted: Cells, stored: Cells) -> Iterator[Difference]:
    for column in stored:
        if column not in counted:
            yield Difference(table, key, column, "nothing, as it is not recounted", stored[column])
        elif not _same(counted[column], stored[column]):
            yield Difference(table, key, column, counted[column], stored[column])


def _stored(connection: duckdb.DuckDBPyConnection, table: str) -> dict[Key, Cells]:
    columns = [(str(name), str(kind)) for name, kind, *_ in connection.execute(f'DESCRIBE "{table}"').fetchall()]
    keys = KEYS[table]
    if table in SUMMED:
        sums = ", ".join(name if name in keys else f"sum({name}) AS {name}" for name, _ in columns)
        query = f'SELECT {sums} FROM "{table}" GROUP BY {", ".join(keys)}'  # noqa: S608 - our own names
    else:
        query = f'SELECT * FROM "{table}"'  # noqa: S608 - our own names
    rows: dict[Key, Cells] = {}
    cursor = connection.execute(query)
    while chunk := cursor.fetchmany(10_000):
        for row in chunk:
            cells = {
                name: from_json(value) if kind == "JSON" and value is not None else value
                for (name, kind), value in zip(columns, row, strict=True)
            }
            rows[_plain_key(tuple(cells[name] for name in keys))] = cells
    return rows


def _plain_key(key: Key) -> Key:
    return tuple(str(part) if isinstance(part, UUID) else part for part in key)


def _same(counted: Any, stored: Any) -> bool:
    if isinstance(stored, UUID):
        stored = str(stored)
    if isinstance(stored, Decimal) and counted is not None:
        counted = Decimal(counted)
    if isinstance(counted, dict | list):
        # As the store writes JSON: what is no number there is null.
        counted = from_json(to_json(counted, inf_nan_mode="null"))
    same: bool = counted == stored
    return same
