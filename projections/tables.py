"""Bulk writing: one statement per table and batch, through DuckDB's appenders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

import duckdb

from events.task import Status
from projections.batch import Changes, Decoded
from projections.records import Place, Tally
from projections.task_row import NO_GOAL, STATE_COLUMNS, Row, TaskRow, state_columns

_STATE = ", ".join(STATE_COLUMNS)
_SET_STATE = ", ".join(f"{name} = d.{name}" for name in STATE_COLUMNS if name != "task_id")

#: `appender_data` is DuckDB's name for the buffered rows. A key twice in one ON CONFLICT keeps the first in silence, so
#: every batch is folded to one row per key before.
_UPDATE_TASKS = f"UPDATE tasks SET {_SET_STATE} FROM appender_data AS d WHERE tasks.task_id = d.task_id"  # noqa: S608
_ADD_TOTALS = """
INSERT INTO task_totals SELECT * FROM appender_data ON CONFLICT (task_id) DO UPDATE SET
    total_steps = task_totals.total_steps + excluded.total_steps,
    step_cost = task_totals.step_cost + excluded.step_cost,
    reported_cost = task_totals.reported_cost + excluded.reported_cost,
    input_tokens = task_totals.input_tokens + excluded.input_tokens,
    output_tokens = task_totals.output_tokens + excluded.output_tokens
"""
_KEEP_WORKERS = """
INSERT INTO workers SELECT * FROM appender_data ON CONFLICT (worker) DO UPDATE SET
    capacity = excluded.capacity, queues = excluded.queues, software = excluded.software, host = excluded.host,
    last_seen = excluded.last_seen
"""
_KEEP_OFFSETS = """
INSERT INTO projection_offsets SELECT * FROM appender_data ON CONFLICT (topic, "partition") DO UPDATE SET
    next_offset = excluded.next_offset, taken = excluded.taken, strays = excluded.strays, repeats = excluded.repeats,
    unknown = excluded.unknown, undecodable = excluded.undecodable
"""


class _Appender(Protocol):
    """What we use of DuckDB's appenders, which ship no types."""

    def append_rows(self, rows: Sequence[Row]) -> object: ...
    def flush(self) -> object: ...
    def clear(self) -> object: ...


class Tables:
    """The writer's side of the tables; one thread, one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._new_tasks: _Appender = connection.appender("tasks")
        self._tasks = self._query(_UPDATE_TASKS, "tasks", STATE_COLUMNS)
        self._steps: _Appender = connection.appender("execution_log")
        self._costs: _Appender = connection.appender("costs")
        self._totals = self._query(_ADD_TOTALS, "task_totals")
        self._workers = self._query(_KEEP_WORKERS, "workers")
        self._dead_letters: _Appender = connection.appender("dead_letters")
        self._offsets = self._query(_KEEP_OFFSETS, "projection_offsets")

    def write(self, decoded: Decoded, changes: Changes) -> None:
        """Everything one batch changes, in one transaction; on an error nothing of it remains."""
        self._connection.execute("BEGIN")
        try:
            self._write(decoded, changes)
            self._connection.execute("COMMIT")
        except BaseException:
            self._discard()
            raise

    def load_tasks(self, task_ids: Collection[str]) -> dict[str, TaskRow]:
        """The stored rows of these tasks."""
        if not task_ids:
            return {}
        sql = f"SELECT {_STATE} FROM tasks JOIN (SELECT unnest(?::UUID[]) AS task_id) AS d USING (task_id)"  # noqa: S608
        rows = self._connection.execute(sql, [list(task_ids)]).fetchall()
        return {str(row[0]): _loaded(row) for row in rows}

    def known_steps(self, events: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the (task, event) pairs that are stored already.

        A sender that saw no answer sends again; task ids grow with time, so this looks at the newest rows only.
        """
        if not events:
            return set()
        rows = self._connection.execute(_KNOWN_STEPS, [list({task for task, _ in events}), [e for _, e in events]])
        return {(str(task_id), event_id) for task_id, event_id in rows.fetchall()}

    def load_tallies(self) -> dict[Place, Tally]:
        """How far each partition is read."""
        rows = self._connection.execute("SELECT * FROM projection_offsets").fetchall()
        return {Place(row[0], row[1]): Tally(*row[2:]) for row in rows}

    def _write(self, decoded: Decoded, changes: Changes) -> None:
        tasks = changes.tasks
        for task_id in changes.goals.keys() - changes.unstored:
            # A chain that began with a fact of an unknown type; hardly ever.
            self._connection.execute("DELETE FROM tasks WHERE task_id = ?", [task_id])
        new = changes.unstored | changes.goals.keys()
        _append(
            self._new_tasks,
            [_task(row, changes.goals.get(task_id, NO_GOAL)) for task_id, row in tasks.items() if task_id in new],
        )
        _append(self._tasks, [state_columns(row) for task_id, row in tasks.items() if task_id not in new])
        _append(self._steps, changes.steps)
        _append(self._costs, changes.costs)
        _append(self._totals, [totals.row(task_id) for task_id, totals in changes.totals.items()])
        _append(self._workers, list(decoded.workers.values()))
        _append(self._dead_letters, decoded.dead_letters)
        _append(self._offsets, [_offset(place, tally) for place, tally in decoded.tallies.items()])

    def _discard(self) -> None:
        self._connection.execute("ROLLBACK")
        for appender in self._all():
            appender.clear()

    def _all(self) -> Iterable[_Appender]:
        yield from (self._new_tasks, self._tasks, self._steps, self._costs)
        yield from (self._totals, self._workers, self._dead_letters, self._offsets)

    def _query(self, sql: str, table: str, columns: Collection[str] | None = None) -> _Appender:
        """An appender that runs `sql` over rows of the table's columns."""
        described = self._connection.execute(f"DESCRIBE {table}").fetchall()
        types = {name: kind for name, kind, *_ in described if columns is None or name in columns}
        appender: _Appender = self._connection.query_appender(sql, types)
        return appender


_KNOWN_STEPS = """
WITH tasks_in_batch AS (SELECT unnest($1::UUID[]) AS task_id), events_in_batch AS (SELECT unnest($2) AS event_id)
SELECT task_id, event_id FROM execution_log
JOIN tasks_in_batch USING (task_id) JOIN events_in_batch USING (event_id)
UNION ALL
SELECT task_id, event_id FROM costs
JOIN tasks_in_batch USING (task_id) JOIN events_in_batch USING (event_id)
"""


def _append(appender: _Appender, rows: Sequence[Row]) -> None:
    if rows:
        appender.append_rows(rows)
        appender.flush()


def _task(row: TaskRow, goal: Row) -> Row:
    task_id, *state = state_columns(row)
    return (task_id, *goal, *state)


def _loaded(row: Row) -> TaskRow:
    task_id, status, *rest = row
    return TaskRow(str(task_id), None if status is None else Status(status), *rest)


def _offset(place: Place, tally: Tally) -> Row:
    counts = (tally.taken, tally.strays, tally.repeats, tally.unknown, tally.undecodable)
    return (*place, tally.next_offset, *counts)
