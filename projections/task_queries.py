"""Answers about tasks: one, a page of them, their steps and recoveries."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from events.task import Status
from projections.answers import (
    ExecutionLog,
    RecoveryAnswer,
    StepAnswer,
    TaskAnswer,
    TaskPage,
    TaskSummary,
    progress_percent,
)
from projections.price_queries import PriceReadings
from projections.reading import MAX_PAGE, Row, filter_of, naive, uuid_of, values_of

_TASK_FIELDS = tuple(field.name for field in fields(TaskAnswer))
_STEP_FIELDS = tuple(field.name for field in fields(StepAnswer) if field.name != "priced_cost")
_RECOVERY_FIELDS = tuple(field.name for field in fields(RecoveryAnswer))
_TASK_COLUMNS = ", ".join("task_id" if name == "id" else name for name in _TASK_FIELDS)


class TaskReadings(PriceReadings):
    """What is known of tasks."""

    def get_task(self, task_id: str) -> TaskAnswer | None:
        """Everything known of the task; none if the reading has not seen it."""
        key = uuid_of(task_id)
        if key is None:
            return None
        rows = self._rows(
            f"SELECT {_TASK_COLUMNS} FROM v_tasks WHERE task_id = $id",  # noqa: S608 - columns are our own names
            {"id": key},
        )
        return TaskAnswer(**values_of(_TASK_FIELDS, rows[0])) if rows else None

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
        where, values = filter_of(
            [
                ("status = $status", "status", None if status is None else status.value),
                ("contains(lower(site_url), lower($site))", "site", site_url),
                ("created_at >= $after", "after", naive(created_after)),
                ("created_at <= $before", "before", naive(created_before)),
            ],
            "status IS NOT NULL",
        )
        return self._page(where, values, limit, offset)

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
        key = uuid_of(task_id)
        if key is None:
            return ExecutionLog(task_id, [], 0)
        where, values = filter_of(
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
        steps = [StepAnswer(**values_of(_STEP_FIELDS, row)) for row in rows]
        return ExecutionLog(str(key), self._priced(steps), total[0][0] if total else 0)

    def recoveries(self, task_id: str) -> list[RecoveryAnswer]:
        """Every attempt to recover the task, oldest first."""
        key = uuid_of(task_id)
        if key is None:
            return []
        columns = ", ".join(_RECOVERY_FIELDS)
        sql = f"SELECT {columns} FROM v_recoveries WHERE task_id = $id ORDER BY number"  # noqa: S608 - our own names
        return [RecoveryAnswer(**values_of(_RECOVERY_FIELDS, row)) for row in self._rows(sql, {"id": key})]

    def _page(self, where: str, values: dict[str, Any], limit: int, offset: int) -> TaskPage:
        """A page of the tasks for which `where` is true, and how many those are."""
        limit, offset = max(0, min(limit, MAX_PAGE)), max(0, offset)
        page = self._rows(_PAGE.format(where=where), {**values, "limit": limit, "offset": offset})
        total = self._rows(f"SELECT count(*) FROM tasks WHERE {where}", values)  # noqa: S608 - our own conditions
        return TaskPage([_summary(row) for row in page], total[0][0], limit, offset)

    def count_by_status(self) -> dict[Status, int]:
        """How many tasks are in each status; every status is named."""
        rows = self._rows("SELECT status, count(*) FROM tasks WHERE status IS NOT NULL GROUP BY status")
        return dict.fromkeys(Status, 0) | {Status(status): count for status, count in rows}


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
