"""How queries are asked and their rows become values: cursors, conditions, conversions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb

from events.task import Status

Row = tuple[Any, ...]
MAX_PAGE = 1_000

_JSON_FIELDS = frozenset(
    {
        "metadata",
        "inputs",
        "secrets",
        "success_indicators",
        "plan",
        "evidence",
        "result_data",
        "artifacts",
        "queues",
        "details",
    }
)


class Reading:
    """Answers from one store; every call takes a cursor of its own, so any thread may ask."""

    def __init__(self, cursor: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        self._cursor = cursor

    def _rows(self, sql: str, values: dict[str, Any] | None = None) -> list[Row]:
        with self._cursor() as cursor:
            return cursor.execute(sql, values or {}).fetchall()


def filter_of(conditions: Sequence[tuple[str, str, Any]], otherwise: str = "TRUE") -> tuple[str, dict[str, Any]]:
    """The conditions whose value is given, as SQL with its parameters; `otherwise` when none is."""
    used = [(sql, name, value) for sql, name, value in conditions if value is not None]
    where = " AND ".join(sql for sql, _, _ in used) or otherwise
    return where, {name: value for _, name, value in used}


def page_of(limit: int, offset: int) -> dict[str, int]:
    """Both within bounds, as parameters."""
    return {"limit": max(0, min(limit, MAX_PAGE)), "offset": max(0, offset)}


def uuid_of(task_id: str) -> UUID | None:
    """The id as the store keeps it; none when it is no id."""
    try:
        return UUID(task_id)
    except ValueError:
        return None


def naive(moment: datetime | None) -> datetime | None:
    """The store keeps UTC without zone: DuckDB would need pytz to hand zoned times back."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def values_of(names: Sequence[str], row: Row) -> dict[str, Any]:
    """A row as the fields of an answer."""
    return {name: _value(name, value) for name, value in zip(names, row, strict=True)}


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    convert = _CONVERT.get(name) or _CONVERT_TYPE.get(type(value))
    return value if convert is None else convert(value)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


_CONVERT: dict[str, Callable[[Any], Any]] = {**dict.fromkeys(_JSON_FIELDS, json.loads), "status": Status}
_CONVERT_TYPE: dict[type, Callable[[Any], Any]] = {datetime: _aware, UUID: str, Decimal: float}
