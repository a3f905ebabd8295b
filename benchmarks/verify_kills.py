"""Kills a projector at random moments, and looks after each whether offsets and rows agree."""

from __future__ import annotations

import math
import os
import random
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from benchmarks.verify_log import Expected, LogWriter
from events.topics import Topics

_LOOK_SECONDS = 0.2
_END_SECONDS = 60.0
_STALL_SECONDS = 120.0
_MOMENT_SECONDS = 0.3  # into the batches that follow, a kill comes after a random part of this
_GROWING = ("facts", "execution_log", "costs", "dead_letters", "dead_letter_acts", "navigation_path_events")

#: Each counts what must not be there.
_AGREEMENT = {
    "tasks that do not stand where their newest fact does": """
        SELECT count(*) FROM tasks AS t FULL JOIN (
            SELECT task_id, count(*) AS facts, max(version) AS version, arg_max(event_id, version) AS event
            FROM facts GROUP BY task_id
        ) AS f USING (task_id)
        WHERE (t.version, t.version, t.last_event_id) IS DISTINCT FROM (f.version, f.facts, f.event)
    """,
    "partitions whose facts are not as many as were taken": """
        SELECT count(*) FROM projection_offsets AS o LEFT JOIN (
            SELECT "partition", count(*) AS facts, max("offset") AS last FROM facts GROUP BY "partition"
        ) AS f USING ("partition")
        WHERE o.topic LIKE '%tasks.events' AND (coalesce(f.facts, 0) <> o.taken OR f.last >= o.next_offset)
    """,
    "partitions whose counts do not add up to their offset": """
        SELECT count(*) FROM projection_offsets
        WHERE taken + strays + repeats + undecodable + if(topic LIKE '%tasks.events', 0, unknown) <> next_offset
    """,
    "steps counted twice": "SELECT count(*) - count(DISTINCT (task_id, event_id)) FROM execution_log",
    "costs counted twice": "SELECT count(*) - count(DISTINCT (task_id, event_id)) FROM costs",
    "tasks whose sums are not those of their steps": """
        SELECT count(*) FROM task_totals AS t FULL JOIN (
            SELECT task_id, sum(step) AS steps, sum(cost) AS cost FROM (
                SELECT task_id, 1 AS step, cost FROM execution_log UNION ALL SELECT task_id, 0, cost FROM costs
            ) GROUP BY task_id
        ) AS s USING (task_id)
        WHERE (t.total_steps, t.step_cost + t.reported_cost) IS DISTINCT FROM (s.steps, s.cost)
    """,
    "ended tasks that no day counts": """
        SELECT abs((SELECT coalesce(sum(tasks), 0) FROM daily_tasks)
            - (SELECT count(*) FROM tasks WHERE status IN ('COMPLETED', 'FAILED', 'CANCELLED')))
    """,
}


def disagreements(path: Path, expected: Expected) -> list[str]:
    """What offsets and rows of a file say of each other that is not so; the file is left as it was found."""
    with duckdb.connect(str(path), read_only=True) as stored:
        stored.execute("SET enable_progress_bar = false")
        rows = stored.execute('SELECT topic, "partition", next_offset FROM projection_offsets').fetchall()
        wanted = expected.rows({(str(topic), int(partition)): int(end) for topic, partition, end in rows})
        found = []
        for table in _GROWING:
            there = _count(stored, f'SELECT count(*) FROM "{table}"')  # noqa: S608 - our own names
            if there != wanted[table]:
                found.append(f"{table} has {there} rows, its offsets mean {wanted[table]}")
        for said, query in _AGREEMENT.items():
            if number := _count(stored, query):
                found.append(f"{number} {said}")
        return found


def _count(stored: duckdb.DuckDBPyConnection, query: str) -> int:
    row = stored.execute(query).fetchone()
    return 0 if row is None else int(row[0])


class Life:
    """One projector process and how far it says it is."""

    def __init__(self, bootstrap: str, topics: Topics, path: Path) -> None:
        line = [sys.executable, "-m", "benchmarks.verify_projector", bootstrap, topics.prefix, str(topics.partitions)]
        self.process = subprocess.Popen(
            [*line, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent, bufsize=0
        )
        self.visible = -1
        self._rest = b""

    def look(self) -> None:
        """Hear what it has said meanwhile, or wait a moment."""
        pipe = self.process.stdout
        if pipe is None or not select.select([pipe], [], [], _LOOK_SECONDS)[0]:
            return
        heard = os.read(pipe.fileno(), 65_536)
        if not heard:
            raise SystemExit(f"the projector ended by itself, with {self.process.wait(_END_SECONDS)}")
        *lines, self._rest = (self._rest + heard).split(b"\n")
        if lines:
            self.visible = int(lines[-1])


@contextmanager
def living(bootstrap: str, topics: Topics, path: Path) -> Iterator[Life]:
    """A projector that is killed at the end of the block, unless it has ended."""
    life = Life(bootstrap, topics, path)
    try:
        yield life
    finally:
        life.process.kill()
        life.process.communicate()


class Killer:
    """Lets a projector read on a little again and again."""

    def __init__(self, bootstrap: str, topics: Topics, path: Path, seed: int) -> None:
        self._place = (bootstrap, topics, path)
        self._random = random.Random(seed)
        self.kills = 0
        self.found: Counter[str] = Counter()
        self.visible = 0

    def run(self, kills: int, records: int, writer: LogWriter, report: Callable[[str], None]) -> None:
        """Kill it so often on its way through so many records, at random distances."""
        for number in range(1, kills + 1):
            stretch = self._random.uniform(0, 2 * max(0, records - self.visible) / (kills - number + 1))
            with living(*self._place) as life:
                self._follow(life, self.visible + stretch, writer)
                time.sleep(self._random.uniform(0, _MOMENT_SECONDS))
            self.kills += 1
            self._examine(number, life, writer, report)

    def finish(self, writer: LogWriter, report: Callable[[str], None]) -> None:
        """Let it read all there is, and end it in peace."""
        with living(*self._place) as life:
            self._follow(life, math.inf, writer)
            life.process.terminate()
            life.process.wait(_END_SECONDS)
        self._examine(None, life, writer, report)

    def _examine(self, number: int | None, life: Life, writer: LogWriter, report: Callable[[str], None]) -> None:
        found = disagreements(self._place[2], writer.expected)
        if life.visible < self.visible:
            found.append(f"{life.visible} records are visible, before the kill {self.visible} were")
        self.visible = max(life.visible, self.visible)
        self.found.update(found)
        name = "all read" if number is None else f"kill {number}"
        report(f"{name} at {self.visible:,} records: {'; '.join(found) or 'offsets and rows agree'}")

    def _follow(self, life: Life, enough: float, writer: LogWriter) -> None:
        """Until so many records are visible, or all of the log."""
        seen, moved = -2, time.monotonic()
        while life.visible < 0 or (life.visible < enough and not (writer.done and life.visible >= writer.records)):
            life.look()
            if life.visible != seen:
                seen, moved = life.visible, time.monotonic()
            if time.monotonic() - moved > _STALL_SECONDS:
                raise SystemExit(f"the projector stands at {seen} of {writer.records} records")
