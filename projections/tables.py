"""Bulk writing: one statement per table and batch, through DuckDB's appenders."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

import duckdb

from projections.batch import Changes
from projections.desk_rows import order_columns, webhook_columns
from projections.intake import Decoded
from projections.loads import Loads
from projections.path_fold import path_columns
from projections.price_keys import INPUT_ABOVE, USED_AT
from projections.records import Place, Tally
from projections.task_row import NO_GOAL, STATE_COLUMNS, Row, TaskRow, state_columns

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
#: All that tasks had cost when they ended; runs after the batch's steps are in.
_SPEND_OF_ENDED = f"""
INSERT INTO daily_spend
SELECT day, status, ai_used, model, {USED_AT} AS used_at, {INPUT_ABOVE} AS input_above,
       count(*), sum(cost), sum(input_tokens), sum(output_tokens)
FROM (
    SELECT day, status, ai_used, model, cost, input_tokens, output_tokens, created_at
    FROM appender_data JOIN execution_log USING (task_id)
    UNION ALL
    SELECT day, status, ai_provider, model, cost, input_tokens, output_tokens, created_at
    FROM appender_data JOIN costs USING (task_id)
)
GROUP BY day, status, ai_used, model, used_at, input_above
"""  # noqa: S608 - our own names
_STEPS_OF_ESCALATED = """
INSERT INTO escalation_steps
SELECT task_id, step_number, action, result, error_details, artifacts, url, event_id, created_at
FROM appender_data JOIN execution_log USING (task_id)
"""
_REPLACE = "INSERT OR REPLACE INTO {table} SELECT * FROM appender_data"

#: Days get a row per batch; now and then they are added up, so that few remain.
_COMPACT = """
CREATE OR REPLACE TEMP TABLE compact AS {sums};
DELETE FROM {table};
INSERT INTO {table} SELECT * FROM compact;
"""
_SUMS_OF_TASKS = """
SELECT day, status, sum(tasks)::BIGINT, sum(timed)::BIGINT, sum(time_us)::BIGINT, sum(cached)::BIGINT,
       sum(recovery_attempts)::BIGINT, sum(recoveries_succeeded)::BIGINT
FROM daily_tasks GROUP BY day, status ORDER BY day, status
"""
_SUMS_OF_SPEND = """
SELECT day, status, ai_used, model, used_at, input_above,
       sum(items)::BIGINT, sum(cost)::DECIMAL(18, 9), sum(input_tokens)::BIGINT, sum(output_tokens)::BIGINT
FROM daily_spend GROUP BY ALL ORDER BY ALL
"""


class _Appender(Protocol):
    """What we use of DuckDB's appenders, which ship no types."""

    def append_rows(self, rows: Sequence[Row]) -> object: ...
    def flush(self) -> object: ...
    def clear(self) -> object: ...


class Tables(Loads):
    """The writer's side of the tables; one thread, one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        appenders: dict[str, _Appender] = {name: connection.appender(name) for name in _APPENDED}
        appenders |= {name: self._query(_REPLACE.format(table=name), name) for name in _REPLACED}
        appenders["state"] = self._query(_UPDATE_TASKS, "tasks", STATE_COLUMNS)
        appenders["task_totals"] = self._query(_ADD_TOTALS, "task_totals")
        ended = {"task_id": "UUID", "day": "DATE", "status": "VARCHAR"}
        appenders["ended"] = connection.query_appender(_SPEND_OF_ENDED, ended)
        appenders["escalated"] = connection.query_appender(_STEPS_OF_ESCALATED, {"task_id": "UUID"})
        self._appenders = appenders

    def write(self, decoded: Decoded, changes: Changes) -> None:
        """Everything one batch changes, in one transaction; on an error nothing of it remains."""
        self._connection.execute("BEGIN")
        try:
            self._make_room(changes)
            for name, rows in _rows(decoded, changes):
                if rows:
                    self._appenders[name].append_rows(rows)
                    self._appenders[name].flush()
            self._connection.execute("COMMIT")
        except BaseException:
            self._discard()
            raise

    def compact(self) -> None:
        """Add up the rows of each day; what is answered stays the same."""
        self._connection.execute("BEGIN")
        try:
            self._connection.execute(_COMPACT.format(table="daily_tasks", sums=_SUMS_OF_TASKS))
            self._connection.execute(_COMPACT.format(table="daily_spend", sums=_SUMS_OF_SPEND))
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _make_room(self, changes: Changes) -> None:
        """For tasks whose chain began with a fact of an unknown type; hardly ever."""
        for task_id in changes.goals.keys() - changes.unstored:
            self._connection.execute("DELETE FROM tasks WHERE task_id = ?", [task_id])

    def _discard(self) -> None:
        self._connection.execute("ROLLBACK")
        for appender in self._appenders.values():
            appender.clear()

    def _query(self, sql: str, table: str, columns: Collection[str] | None = None) -> _Appender:
        """An appender that runs `sql` over rows of the table's columns."""
        described = self._connection.execute(f"DESCRIBE {table}").fetchall()
        types = {name: kind for name, kind, *_ in described if columns is None or name in columns}
        appender: _Appender = self._connection.query_appender(sql, types)
        return appender


#: Tables whose rows never change once they are there, `tasks` apart: its state is updated.
_APPENDED = (
    "tasks",
    "facts",
    "execution_log",
    "costs",
    "recoveries",
    "recovery_outcomes",
    "escalations",
    "escalation_acts",
    "escalation_steps",
    "daily_tasks",
    "daily_spend",
    "dead_letters",
    "dead_letter_acts",
    "navigation_path_editions",
    "navigation_path_events",
)
_REPLACED = ("orders", "workers", "webhooks", "navigation_paths", "projection_offsets")


def _rows(decoded: Decoded, changes: Changes) -> Iterator[tuple[str, Sequence[Row]]]:
    """What to write where, in this order."""
    tasks, history, daily = changes.tasks, changes.history, changes.daily
    new = changes.unstored | changes.goals.keys()
    yield "tasks", [_task(row, changes.goals.get(key, NO_GOAL)) for key, row in tasks.items() if key in new]
    yield "state", [state_columns(row) for key, row in tasks.items() if key not in new]
    yield "facts", changes.facts
    yield "recoveries", history.recoveries
    yield "recovery_outcomes", history.recovery_outcomes
    yield "escalations", history.escalations
    yield "escalation_acts", history.escalation_acts
    yield "execution_log", changes.steps
    yield "costs", changes.costs
    yield "escalation_steps", history.escalation_steps
    yield "escalated", [(task_id,) for task_id in history.first_escalated]
    yield "task_totals", [totals.row(task_id) for task_id, totals in changes.totals.items()]
    yield "daily_tasks", daily.task_rows()
    yield "ended", list(daily.ended_tasks.values())
    yield "daily_spend", daily.spend_rows()
    yield "orders", [order_columns(row) for row in changes.orders.values()]
    yield "workers", list(decoded.workers.values())
    yield "webhooks", [webhook_columns(row) for row in changes.webhooks.values()]
    yield "navigation_paths", [path_columns(row) for row in changes.paths.rows.values()]
    yield "navigation_path_editions", changes.paths.editions
    yield "navigation_path_events", changes.paths.events
    yield "dead_letters", decoded.dead_letters
    yield "dead_letter_acts", decoded.letter_acts
    yield "projection_offsets", [_offset(place, tally) for place, tally in decoded.tallies.items()]


def _task(row: TaskRow, goal: Row) -> Row:
    task_id, *state = state_columns(row)
    return (task_id, *goal, *state)


def _offset(place: Place, tally: Tally) -> Row:
    counts = (tally.taken, tally.strays, tally.repeats, tally.unknown, tally.undecodable)
    return (*place, tally.next_offset, *counts)
