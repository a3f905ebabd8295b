"""What the writer reads back: rows of the subjects of a batch, and how far the log is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb

from events.paths import PathEnvelope
from events.task import Status
from projections.desk_rows import OrderRow, WebhookRow
from projections.path_fold import PathRow
from projections.records import Place, Tally
from projections.task_row import STATE_COLUMNS, Row, TaskRow, utc

STATE = ", ".join(STATE_COLUMNS)


class Loads:
    """The reading half of the writer's side of the tables."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def load_tasks(self, task_ids: Collection[str]) -> dict[str, TaskRow]:
        """The stored rows of these tasks."""
        if not task_ids:
            return {}
        sql = f"SELECT {STATE} FROM tasks JOIN (SELECT unnest(?::UUID[]) AS task_id) AS d USING (task_id)"  # noqa: S608
        rows = self._connection.execute(sql, [list(task_ids)]).fetchall()
        return {str(row[0]): _loaded(row) for row in rows}

    def known_steps(self, events: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the (task, event) pairs that are stored already.

        A sender that saw no answer sends again; task ids grow with time, so this looks at the newest rows only.
        """
        if not events:
            return set()
        rows = self._connection.execute(_KNOWN_STEPS, [list(ids) for ids in zip(*events, strict=True)]).fetchall()
        return {(str(task_id), event_id) for task_id, event_id in rows}

    def newest_task(self) -> str:
        """The highest id of all tasks that have a row anywhere; empty without one."""
        ((newest,),) = self._connection.execute(_NEWEST_TASK).fetchall()
        return "" if newest is None else str(newest)

    def load_orders(self, subjects: Collection[str]) -> dict[str, OrderRow]:
        """What was ordered of these queues and workers so far."""
        if not subjects:
            return {}
        sql = "SELECT * FROM orders WHERE list_contains(?, subject)"
        rows = self._connection.execute(sql, [list(subjects)]).fetchall()
        return {row[0]: OrderRow(*row) for row in rows}

    def load_webhooks(self, messages: Collection[str]) -> dict[str, WebhookRow]:
        """How these messages fared so far."""
        if not messages:
            return {}
        sql = "SELECT * FROM webhooks JOIN (SELECT unnest(?) AS message_id) AS d USING (message_id)"
        rows = self._connection.execute(sql, [list(messages)]).fetchall()
        return {row[0]: WebhookRow(row[0], str(row[1]), *row[2:]) for row in rows}

    def load_paths(self, facts: Sequence[PathEnvelope]) -> tuple[dict[str, PathRow], set[tuple[str, str]]]:
        """The rows of the paths these facts are about, and (path key, event) of the facts that are stored already."""
        if not facts:
            return {}, set()
        keys = sorted({fact.path_key for fact in facts})
        sql = "SELECT * FROM navigation_paths JOIN (SELECT unnest(?) AS path_key) AS d USING (path_key)"
        rows = self._connection.execute(sql, [keys]).fetchall()
        events = [[fact.path_key for fact in facts], [fact.event_id for fact in facts]]
        times = [utc(fact.recorded_at) for fact in facts]
        known = self._connection.execute(_KNOWN_PATH_EVENTS, [*events, times]).fetchall()
        return {row[0]: PathRow(*row) for row in rows}, {(key, event_id) for key, event_id in known}

    def load_tallies(self) -> dict[Place, Tally]:
        """How far each partition is read."""
        rows = self._connection.execute("SELECT * FROM projection_offsets").fetchall()
        return {Place(row[0], row[1]): Tally(*row[2:]) for row in rows}


_NEWEST_TASK = """
SELECT max(task_id) FROM (
    SELECT max(task_id) AS task_id FROM tasks
    UNION ALL SELECT max(task_id) FROM execution_log
    UNION ALL SELECT max(task_id) FROM costs
)
"""
_KNOWN_STEPS = """
WITH batch AS (SELECT unnest($1::UUID[]) AS task_id, unnest($2) AS event_id)
SELECT task_id, event_id FROM execution_log JOIN batch USING (task_id, event_id)
UNION ALL
SELECT task_id, event_id FROM costs JOIN batch USING (task_id, event_id)
"""
#: Who sends again sends the same record; its time leads to the few rows it might be among.
_KNOWN_PATH_EVENTS = """
WITH batch AS (
    SELECT unnest($1) AS path_key, unnest($2) AS event_id, unnest($3::TIMESTAMP[]) AS recorded_at
)
SELECT path_key, event_id FROM navigation_path_events JOIN batch USING (path_key, event_id, recorded_at)
"""


def _loaded(row: Row) -> TaskRow:
    task_id, status, *rest = row
    return TaskRow(str(task_id), None if status is None else Status(status), *rest)
