"""Typed read answers over the tables; used by the API and by Python callers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb

from events.task import Status
from projections.answers import (
    DeadLetterAnswer,
    ExecutionLog,
    ReadingCounts,
    StepAnswer,
    TaskAnswer,
    TaskPage,
    TaskSummary,
    WorkerAnswer,
    progress_percent,
)

Row = tuple[Any, ...]
MAX_PAGE = 1_000

_TASK_FIELDS = tuple(field.name for field in fields(TaskAnswer))
_STEP_FIELDS = tuple(field.name for field in fields(StepAnswer))
_TASK_COLUMNS = ", ".join("task_id" if name == "id" else name for name in _TASK_FIELDS)
_JSON_FIELDS = frozenset(
    {"metadata", "inputs", "secrets", "success_indicators", "plan", "evidence", "result_data", "artifacts", "queues"}
)


class Readings:
    """Answers from one store; every call takes a cursor of its own, so any thread may ask."""

    def __init__(self, cursor: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        self._cursor = cursor

    def get_task(self, task_id: str) -> TaskAnswer | None:
        """Everything known of the task; none if the reading has not seen it."""
        key = _uuid(task_id)
        if key is None:
            return None
        rows = self._rows(
            f"SELECT {_TASK_COLUMNS} FROM v_tasks WHERE task_id = $id",  # noqa: S608 - columns are our own names
            {"id": key},
        )
        return TaskAnswer(**_values(_TASK_FIELDS, rows[0])) if rows else None

    def list_tasks(
        self,
        *,
        status: Status | None = None,
        site_url: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> TaskPage:
        """A page of tasks, newest first; `site_url` is a part of the address, times are inclusive."""
        where, values = _filter(
            [
                ("status = $status", "status", None if status is None else status.value),
                ("contains(lower(site_url), lower($site))", "site", site_url),
                ("created_at >= $after", "after", _naive(created_after)),
                ("created_at <= $before", "before", _naive(created_before)),
            ]
        )
        limit, offset = max(0, min(limit, MAX_PAGE)), max(0, offset)
        page = self._rows(_PAGE.format(where=where), {**values, "limit": limit, "offset": offset})
        total = self._rows(f"SELECT count(*) FROM tasks WHERE {where}", values)  # noqa: S608 - conditions above
        return TaskPage([_summary(row) for row in page], total[0][0], limit, offset)

    def execution_log(
        self,
        task_id: str,
        *,
        step_min: int | None = None,
        step_max: int | None = None,
        ai_level: int | None = None,
        ai_used: str | None = None,
        limit: int = MAX_PAGE,
    ) -> ExecutionLog:
        """The task's steps in order; `total_steps` counts all of them, whatever was asked for."""
        key = _uuid(task_id)
        if key is None:
            return ExecutionLog(task_id, [], 0)
        where, values = _filter(
            [
                ("task_id = $id", "id", key),
                ("step_number >= $first", "first", step_min),
                ("step_number <= $last", "last", step_max),
                ("ai_level = $level", "level", ai_level),
                ("ai_used = $used", "used", ai_used),
            ]
        )
        sql = f"SELECT {', '.join(_STEP_FIELDS)} FROM execution_log WHERE {where}"  # noqa: S608 - conditions above
        order = " ORDER BY step_number, created_at, lease_epoch, event_id LIMIT $limit"
        rows = self._rows(sql + order, {**values, "limit": max(0, limit)})
        total = self._rows("SELECT total_steps FROM task_totals WHERE task_id = $id", {"id": key})
        steps = [StepAnswer(**_values(_STEP_FIELDS, row)) for row in rows]
        return ExecutionLog(str(key), steps, total[0][0] if total else 0)

    def count_by_status(self) -> dict[Status, int]:
        """How many tasks are in each status; every status is named."""
        rows = self._rows("SELECT status, count(*) FROM tasks WHERE status IS NOT NULL GROUP BY status")
        return dict.fromkeys(Status, 0) | {Status(status): count for status, count in rows}

    def workers(self) -> list[WorkerAnswer]:
        """Every worker that spoke, the newest word first."""
        return [WorkerAnswer(**_values(_WORKER_FIELDS, row)) for row in self._rows(_WORKERS)]

    def dead_letters(self, limit: int = 100) -> list[DeadLetterAnswer]:
        """Records nobody could process, newest first."""
        rows = self._rows(_DEAD_LETTERS, {"limit": max(0, min(limit, MAX_PAGE))})
        return [DeadLetterAnswer(**_values(_DEAD_LETTER_FIELDS, row)) for row in rows]

    def dead_letter_count(self) -> int:
        """How many records nobody could process."""
        return int(self._rows("SELECT count(*) FROM dead_letters")[0][0])

    def counts(self) -> list[ReadingCounts]:
        """What the reading met, per topic."""
        return [ReadingCounts(row[0], *(int(value) for value in row[1:])) for row in self._rows(_COUNTS)]

    def _rows(self, sql: str, values: dict[str, Any] | None = None) -> list[Row]:
        with self._cursor() as cursor:
            return cursor.execute(sql, values or {}).fetchall()


_WORKER_FIELDS = tuple(field.name for field in fields(WorkerAnswer))
_DEAD_LETTER_FIELDS = tuple(field.name for field in fields(DeadLetterAnswer))

#: The page is cut before the totals are joined, so a deep table costs a page.
_PAGE = """
WITH page AS (
    SELECT task_id, goal, site_url, status, planned_steps, max_steps, cached_path_used, created_at
    FROM tasks WHERE {where} ORDER BY created_at DESC, task_id DESC LIMIT $limit OFFSET $offset
)
SELECT page.task_id, goal, site_url, status, planned_steps, max_steps, cached_path_used, created_at,
       coalesce(total_steps, 0), coalesce(step_cost, 0) + coalesce(reported_cost, 0)
FROM page LEFT JOIN task_totals AS s ON s.task_id = page.task_id
ORDER BY created_at DESC, page.task_id DESC
"""
_WORKERS = """
WITH held AS (SELECT worker, count(*) AS holds FROM tasks WHERE lease_until IS NOT NULL GROUP BY worker)
SELECT w.worker, capacity, queues, software, host, last_seen, coalesce(holds, 0)
FROM workers AS w LEFT JOIN held ON held.worker = w.worker ORDER BY last_seen DESC, w.worker
"""
_DEAD_LETTERS = """
SELECT topic, "partition", "offset", reason, error, reader, value_bytes, recorded_at
FROM dead_letters ORDER BY recorded_at DESC LIMIT $limit
"""
_COUNTS = """
SELECT topic, sum(taken), sum(strays), sum(repeats), sum(unknown), sum(undecodable)
FROM projection_offsets GROUP BY topic ORDER BY topic
"""


def _filter(conditions: Sequence[tuple[str, str, Any]]) -> tuple[str, dict[str, Any]]:
    """The conditions whose value is given, as SQL with its parameters."""
    used = [(sql, name, value) for sql, name, value in conditions if value is not None]
    where = " AND ".join(["TRUE", *(sql for sql, _, _ in used)]) if used else "status IS NOT NULL"
    return where, {name: value for _, name, value in used}


def _uuid(task_id: str) -> UUID | None:
    try:
        return UUID(task_id)
    except ValueError:
        return None


def _naive(moment: datetime | None) -> datetime | None:
    """The store keeps UTC without zone: DuckDB would need pytz to hand zoned times back."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _values(names: Sequence[str], row: Row) -> dict[str, Any]:
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


def _summary(row: Row) -> TaskSummary:
    task_id, goal, site_url, status, planned, ceiling, cache_hit, created_at, steps, cost = row
    return TaskSummary(
        id=str(task_id),
        goal=goal,
        site_url=site_url,
        status=Status(status),
        progress=progress_percent(status, steps, planned, ceiling),
        cost=float(cost),
        cache_hit=cache_hit,
        created_at=created_at.replace(tzinfo=UTC),
    )
