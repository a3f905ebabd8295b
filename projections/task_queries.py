"""Answers about tasks: one, a page of them, their steps and recoveries."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC
from typing import Any, Unpack

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
from projections.price_queries import PRICED, PriceReadings
from projections.reading import MAX_PAGE, Row, filter_of, uuid_of, values_of
from projections.task_filter import Cursor, TaskFilter, conditions

_TOTAL_FIELDS = ("total_steps", "total_cost")
_TASK_FIELDS = tuple(field.name for field in fields(TaskAnswer) if field.name not in {*PRICED, *_TOTAL_FIELDS})
_STEP_FIELDS = tuple(field.name for field in fields(StepAnswer) if field.name not in PRICED)
_RECOVERY_FIELDS = tuple(field.name for field in fields(RecoveryAnswer))
_TASK_COLUMNS = ", ".join("task_id" if name == "id" else name for name in _TASK_FIELDS)
#: Two looks by key take a third of the time of a join, as `v_tasks` has it: that reads its second table as a whole.
_TASK = f"SELECT {_TASK_COLUMNS} FROM tasks WHERE task_id = $id AND status IS NOT NULL"  # noqa: S608 - our own names
_TOTALS = "SELECT total_steps, step_cost + reported_cost FROM task_totals WHERE task_id = $id"


class TaskReadings(PriceReadings):
    """What is known of tasks."""

    def get_task(self, task_id: str) -> TaskAnswer | None:
        """Everything known of the task; none if the reading has not seen it."""
        key = uuid_of(task_id)
        if key is None:
            return None
        rows = self._rows(_TASK, {"id": key})
        if not rows:
            return None
        totals = self._rows(_TOTALS, {"id": key}) or [(0, 0)]
        known = values_of(_TASK_FIELDS, rows[0]) | values_of(_TOTAL_FIELDS, totals[0])
        return self._task_priced(TaskAnswer(**known))

    def list_tasks(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        cursor: str | None = None,
        total: bool = True,
        **wanted: Unpack[TaskFilter],
    ) -> TaskPage:
        """A page of tasks, newest first.

        Args:
            limit: at most so many, and at most a thousand.
            offset: pass over so many; the deeper the dearer.
            cursor: the `next_cursor` of the page before, instead of an offset: as fast at any depth, and nothing is
                shown twice or left out when tasks come in meanwhile.
            total: whether to count all that match.
            **wanted: which tasks, see `TaskFilter`.

        Raises:
            ValueError: the cursor is none of ours.
        """
        after = None if cursor is None else Cursor.decode(cursor)
        where, values = conditions(wanted)
        behind = None if after is None else conditions(wanted, after)
        return self._page(where, values, limit, offset, behind=behind, total=total)

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

    def _page(
        self,
        where: str,
        values: dict[str, Any],
        limit: int,
        offset: int,
        *,
        behind: tuple[str, dict[str, Any]] | None = None,
        total: bool = True,
    ) -> TaskPage:
        """A page of the tasks for which `where` is true, and how many those are; it begins `behind` a task."""
        limit, offset = max(0, min(limit, MAX_PAGE)), max(0, offset)
        shown, shown_values = behind or (where, values)
        page = self._rows(_PAGE.format(where=shown), {**shown_values, "limit": limit, "offset": offset})
        counted = self._rows(f"SELECT count(*) FROM tasks WHERE {where}", values)[0][0] if total else None  # noqa: S608
        following = Cursor(page[-1][7], page[-1][0]).encode() if page and len(page) == limit else None
        return TaskPage([_summary(row) for row in page], counted, limit, offset, following)

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
