"""The whole of a log folded into a new store: chunks are parsed as they come, chains folded when all are there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from importlib.resources import files
from itertools import pairwise
from uuid import UUID

from events.envelope import Envelope, UnknownEnvelope
from events.facts import TaskSubmitted
from events.steps import CostReported, StepExecuted
from events.topics import Topics
from projections import step_fold
from projections.bulk import parse
from projections.bulk.slow_road import BAD_VALUE, SlowRoad
from projections.bulk.source import Loaded, RawTables
from projections.price_keys import INPUT_ABOVE, USED_AT
from projections.records import Place, Record, Tally
from projections.store import Store
from projections.task_row import Row, fact_row, goal_columns, utc

_SPAN_TASKS = 100_000  # folded at once; bounds the memory
_SLOW_TASKS = 2_000  # likewise, of those folded in Python
_MOST_BYTES = 4 << 30  # of memory, on a machine with twice as much; what is more goes to disk
_WRITE_EVERY = 2_500_000  # records; what of them does not fill a block of a column waits in memory
_MOST_VERSION = 2**31 - 1  # that a column holds
_NOTHING_MORE: Row = (None,) * parse.LINK_DETAILS


class BulkFold:
    """One rebuild; `store` is new and empty, and nobody else's."""

    def __init__(self, store: Store, topics: Topics, starts: Mapping[Place, int], *, threads: int) -> None:
        """Prepare the tables beside the store; `starts` are the places to read and where they begin."""
        self._topics = topics
        self._tallies = {place: Tally(next_offset=start) for place, start in starts.items()}
        self._slow = SlowRoad(store, topics, self._tallies)
        self._unwritten = 0
        self._connection, self._beside = store.cursor(), store.cursor()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rebuild-steps")
        self._connection.execute(f"SET threads = {threads}")
        half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        self._connection.execute(f"SET memory_limit = '{min(_MOST_BYTES, half)}B'")
        # What only the rebuild needs; DuckDB takes it to disk when it is much.
        self._connection.execute("ATTACH ':memory:' AS side")
        self._connection.execute(parse.SCHEMA)

    def take(self, raw: RawTables, loaded: Loaded) -> None:
        """Take one chunk in.

        Raises:
            StoreMismatch: a newer version wrote one of the records.
        """
        facts: list[Record] = []
        steps: list[Record] = []
        rare: list[Record] = []
        heaps = {self._topics.task_events: facts, self._topics.step_events: steps}
        for record in loaded.others:
            heaps.get(record.place.topic, rare).append(record)
        for place, end in loaded.ends.items():
            self._tallies.setdefault(place, Tally()).next_offset = end
        # The lines of a chunk come out of few rows, which DuckDB reads with one thread; so two read at once.
        parsed = self._thread.submit(parse.parse_steps, self._beside, raw.steps)
        try:
            self._take_facts(raw.facts, facts)
        finally:
            wait([parsed])
        self._take_steps(parsed.result(), steps)
        if rare:
            self._slow.fold(rare)
        self._unwritten += loaded.records
        if self._unwritten > _WRITE_EVERY:
            self._connection.execute("CHECKPOINT")
            self._unwritten = 0

    def finish(self) -> Iterator[float]:
        """Fold what was taken in; gives the share that is done, now and then, and has all written when it ends."""
        self._run("steps.sql")
        spans = self._spans()
        for number, span in enumerate(spans, start=1):
            self._run("chains.sql", span=span)
            yield number / (len(spans) + 1)
        self._fold_irregular()
        self._run("days.sql", used_at=USED_AT, input_above=INPUT_ABOVE)
        self._write_offsets()
        yield 1.0

    def close(self) -> None:
        """Free what only the rebuild needed, and let go of the store."""
        self._thread.shutdown()
        self._beside.close()
        self._connection.execute("DETACH side")
        self._connection.close()

    def _take_facts(self, table: str, others: Sequence[Record]) -> None:
        found = parse.parse_facts(self._connection, table)
        decoded = self._slow.decoded(self._in_order(self._topics.task_events, found, others))
        for place, tally in decoded.tallies.items():
            self._slow.count(place, undecodable=tally.undecodable)
        submitted = [found for found in decoded.facts if _is_submission(found[2])]
        self._append("facts", [fact_row(task_id, raw, fact) for raw, task_id, fact in submitted])
        self._append("side.links", [_link(task_id, raw, fact) for raw, task_id, fact in submitted])
        self._append("side.goals", [_goal(task_id, fact) for _, task_id, fact in submitted])
        rows = [
            (task_id, raw.place.partition, raw.offset, (raw.value or b"").decode())
            for raw, task_id, fact in decoded.facts
            if not _is_submission(fact)
        ]
        self._append("side.doubtful", rows)

    def _take_steps(self, found: Sequence[tuple[int, int, str]], others: Sequence[Record]) -> None:
        for partition, number in parse.passed_steps(self._beside):
            self._slow.count(Place(self._topics.step_events, partition), taken=number)
        for record in self._in_order(self._topics.step_events, found, others):
            decoded = self._slow.decoded([record])
            if not decoded.steps:
                self._slow.add(decoded.tallies)
                continue
            [(place, task_id, step)] = decoded.steps
            event, is_step = step.event, isinstance(step.event, StepExecuted)
            if isinstance(event, StepExecuted):
                row = step_fold.step_row(task_id, step, event)
            elif isinstance(event, CostReported):
                row = step_fold.cost_row(task_id, step, event)
            try:
                self._append("execution_log" if is_step else "costs", [row])
            except BAD_VALUE:
                self._slow.count(place, undecodable=1)
            else:
                known = (task_id, step.event_id, place.partition, record.offset, is_step)
                self._append("side.step_events", [known])

    def _in_order(self, topic: str, found: Sequence[tuple[int, int, str]], others: Sequence[Record]) -> list[Record]:
        texts = [Record(Place(topic, partition), offset, value.encode()) for partition, offset, value in found]
        return sorted([*texts, *others], key=lambda record: (record.place, record.offset))

    def _append(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            appender = self._connection.appender(table)
            appender.append_rows(rows)
            appender.flush()

    def _spans(self) -> list[str]:
        """The ids of all tasks in stretches of about equal length, as conditions."""
        marks = self._connection.execute(
            "SELECT task_id FROM side.goals QUALIFY row_number() OVER (ORDER BY task_id) % ? = 0 ORDER BY task_id",
            [_SPAN_TASKS],
        ).fetchall()
        bounds: list[UUID | None] = [None, *(mark for (mark,) in marks), None]
        return [_condition(low, high) for low, high in pairwise(bounds)]

    def _fold_irregular(self) -> None:
        """Chains that the SQL left; all their facts are gathered first."""
        self._run("irregular.sql")
        tasks = self._connection.execute("SELECT DISTINCT task_id FROM side.irregular ORDER BY 1").fetchall()
        for first in range(0, len(tasks), _SLOW_TASKS):
            ids = [task_id for (task_id,) in tasks[first : first + _SLOW_TASKS]]
            found = self._connection.execute(
                'SELECT "partition", "offset", value FROM side.doubtful'
                " WHERE task_id BETWEEN $1 AND $2 AND list_contains($3, task_id)",
                [ids[0], ids[-1], ids],
            ).fetchall()
            self._slow.fold(self._in_order(self._topics.task_events, found, []))

    def _write_offsets(self) -> None:
        facts, steps = self._topics.task_events, self._topics.step_events
        for partition, taken in self._connection.execute("FROM side.taken").fetchall():
            self._slow.count(Place(facts, partition), taken=taken)
        for partition, taken, repeats in self._connection.execute(_STEPS_MET).fetchall():
            self._slow.count(Place(steps, partition), taken=taken, repeats=repeats)
        self._connection.execute("DELETE FROM projection_offsets")
        self._append(
            "projection_offsets",
            [
                (*place, t.next_offset, t.taken, t.strays, t.repeats, t.unknown, t.undecodable)
                for place, t in self._tallies.items()
            ],
        )

    def _run(self, name: str, **values: str) -> None:
        text = files("projections.bulk").joinpath(name).read_text("utf-8")
        for key, value in values.items():
            text = text.replace("{" + key + "}", value)
        self._connection.execute(text)


_STEPS_MET = """
SELECT "partition", count(*) - coalesce(any_value(again), 0), coalesce(any_value(again), 0)
FROM side.step_events
LEFT JOIN (SELECT "partition", count(*) AS again FROM repeated WHERE n > 1 GROUP BY ALL) USING ("partition")
GROUP BY "partition"
"""


def _is_submission(fact: Envelope | UnknownEnvelope) -> bool:
    """Declared plans are models of their own, decoded in Python; what follows them is as plain as any."""
    return isinstance(fact, Envelope) and isinstance(fact.event, TaskSubmitted) and fact.version <= _MOST_VERSION


def _link(task_id: str, raw: Record, fact: Envelope | UnknownEnvelope) -> Row:
    told = (fact.version, fact.event_id, fact.follows, fact.event.type, utc(fact.recorded_at))
    return (task_id, raw.place.partition, raw.offset, *told, *_NOTHING_MORE)


def _goal(task_id: str, fact: Envelope | UnknownEnvelope) -> Row:
    if not isinstance(fact.event, TaskSubmitted):
        raise TypeError(fact.event.type)
    *goal, _ = goal_columns(fact.event, utc(fact.recorded_at))
    return (task_id, *goal)


def _condition(low: UUID | None, high: UUID | None) -> str:
    bounds = [f"task_id > '{low}'::UUID"] if low else []
    return " AND ".join([*bounds, *([f"task_id <= '{high}'::UUID"] if high else [])]) or "true"
