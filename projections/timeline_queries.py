"""What happened to one task, fact by fact, and what it was at any moment of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from events.codec import decode_fact
from events.envelope import Envelope
from events.facts import TaskSubmitted
from projections import task_fold
from projections.answers import TaskAnswer
from projections.price_queries import PRICED, PriceReadings
from projections.reading import naive, uuid_of, values_of
from projections.task_row import GOAL_COLUMNS, TaskRow, goal_columns, utc

_CAUSED = "SELECT 1 FROM facts WHERE task_id = $id AND causation_id = $command LIMIT 1"
_FIELDS = ("version", "event_id", "type", "recorded_at", "caused_by", "causation_id", "partition", "offset")
_ANSWERED = tuple(field.name for field in fields(TaskAnswer) if field.name not in PRICED)


@dataclass(frozen=True, slots=True)
class FactAnswer:
    """One fact of a task, in the order in which they were taken."""

    version: int
    event_id: str
    type: str
    recorded_at: datetime  #: the broker's time of the command it decides
    caused_by: str  #: who issued that command
    causation_id: str  #: the command's id
    partition: int
    offset: int
    event: dict[str, Any]  #: as it lies on the log


class TimelineReadings(PriceReadings):
    """Facts, and states told from them."""

    def timeline(self, task_id: str, *, after_version: int = 0, limit: int = 1_000) -> list[FactAnswer]:
        """The task's facts behind a version, oldest first."""
        key = uuid_of(task_id)
        if key is None:
            return []
        rows = self._rows(_TIMELINE, {"id": key, "after": after_version, "limit": max(0, limit)})
        return [FactAnswer(**values_of(_FIELDS, row[:-1]), event=from_json(row[-1])["event"]) for row in rows]

    def was_decided(self, task_id: str, command_id: str) -> bool:
        """Whether a fact that this command led to is read."""
        key = uuid_of(task_id)
        found = self._rows(_CAUSED, {"id": key, "command": command_id}) if key is not None else []
        return bool(found)

    def facts_read(self) -> list[int]:
        """By partition of the task facts, the offset behind the newest one taken."""
        rows = self._rows('SELECT "partition", max("offset") + 1 FROM facts GROUP BY "partition"')
        ends = {int(partition): int(end) for partition, end in rows}
        return [ends.get(partition, 0) for partition in range(max(ends, default=-1) + 1)]

    def facts_behind(self, reached: Sequence[int], *, limit: int = 500) -> list[tuple[str, FactAnswer]]:
        """Facts of all tasks at or behind these offsets, by partition; with their tasks, in the order they were read."""
        least = min(reached, default=0)  # said apart, it tells DuckDB which rows need not be looked at
        rows = self._rows(_BEHIND, {"reached": list(reached), "least": least, "limit": limit})
        return [
            (str(row[0]), FactAnswer(**values_of(_FIELDS, row[1:-1]), event=from_json(row[-1])["event"]))
            for row in rows
        ]

    def task_as_of(
        self, task_id: str, *, moment: datetime | None = None, version: int | None = None
    ) -> TaskAnswer | None:
        """The task as it was at a moment (inclusive) or after a fact; none if it was not there yet.

        Steps and costs count as far as their workers' clocks say that they were before the moment.
        """
        key = uuid_of(task_id)
        if key is None:
            return None
        until = naive(moment)
        rows = self._rows(_PAST, {"id": key, "until": until, "version": version})
        row, goal, recorded_at = TaskRow(str(key)), None, None
        for (record,) in rows:
            fact = decode_fact(record.encode())
            task_fold.take(row, fact)
            recorded_at = utc(fact.recorded_at)
            if goal is None and isinstance(fact, Envelope) and isinstance(fact.event, TaskSubmitted):
                goal = goal_columns(fact.event, recorded_at)
        if goal is None or recorded_at is None:
            return None
        steps, cost = self._rows(_TOTALS, {"id": key, "until": until or recorded_at})[0]
        known = {"id": str(key), "total_steps": steps, "total_cost": cost, **dict(zip(GOAL_COLUMNS, goal, strict=True))}
        known = {**asdict(row), **known}
        task = TaskAnswer(**values_of(_ANSWERED, tuple(known[name] for name in _ANSWERED)))
        return self._task_priced(task, until or recorded_at)


_TIMELINE = """
SELECT version, event_id, type, recorded_at, caused_by, causation_id, "partition", "offset", record
FROM facts WHERE task_id = $id AND version > $after ORDER BY version LIMIT $limit
"""
_BEHIND = """
SELECT task_id, version, event_id, type, recorded_at, caused_by, causation_id, "partition", "offset", record
FROM facts WHERE "offset" >= $least AND "offset" >= coalesce(list_extract($reached::BIGINT[], "partition" + 1), 0)
ORDER BY rowid LIMIT $limit
"""
_PAST = """
SELECT record FROM facts
WHERE task_id = $id AND recorded_at <= coalesce($until, 'infinity'::TIMESTAMP) AND version <= coalesce($version, 2147483647)
ORDER BY version
"""
_TOTALS = """
SELECT (SELECT count(*) FROM execution_log WHERE task_id = $id AND created_at <= $until),
       (SELECT coalesce(sum(cost), 0) FROM execution_log WHERE task_id = $id AND created_at <= $until)
       + (SELECT coalesce(sum(cost), 0) FROM costs WHERE task_id = $id AND created_at <= $until)
"""
