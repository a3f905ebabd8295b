"""Compares a file with the log in parts, so that no more than one part of both is in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import duckdb

from events.topics import Topics
from projections.recount.compare import BY_TASK, KEYS, SUMMED, Difference, of_table, unknown_tables
from projections.recount.counted import Counted, Key, Place, Rows
from projections.recount.story import Cells

_OFFSETS = "projection_offsets"
_COUNTS = ("taken", "strays", "repeats", "unknown", "undecodable")


def parts_of(places: Collection[Place], topics: Topics) -> list[list[Place]]:
    """Partitions to be read together: those with the same tasks, one number after the other; then all others."""
    of_tasks = (topics.task_events, topics.step_events, topics.webhook_events)
    rest = [place for place in places if place[0] not in of_tasks]
    numbers = sorted({place[1] for place in places if place[0] in of_tasks})
    return [*([(t, n) for t in of_tasks if (t, n) in places] for n in numbers), rest]


def offsets_beyond(claimed: Mapping[Place, int], spans: Mapping[Place, tuple[int, int]]) -> Iterator[Difference]:
    """Partitions that the log does not have, or not so far."""
    for place, end in claimed.items():
        if place not in spans:
            yield Difference(_OFFSETS, _shown(place), None, None, "not on the log")
        elif end > spans[place][1]:
            yield Difference(_OFFSETS, _shown(place), "next_offset", spans[place][1], end)


class Comparison:
    """One file, held against a recount that comes in parts."""

    def __init__(self, stored: duckdb.DuckDBPyConnection) -> None:
        self._stored = stored
        self._stored.execute("SET enable_progress_bar = false")  # it draws over what the caller shows
        self._stored.execute("CREATE TEMP TABLE told (task_id UUID, part INTEGER)")
        self._parts = 0
        self._sums: dict[str, Rows] = {table: {} for table in SUMMED}
        self._others: dict[str, Rows] = {}
        self._others_told = {table for table in KEYS if table not in {*BY_TASK, *SUMMED, _OFFSETS}}
        self._silent = False
        self.rows = 0  #: that the log says there are

    def part(self, counted: Counted, places: Collection[Place], cut: Collection[Place]) -> Iterator[Difference]:
        """Every difference in what belongs to the partitions that were counted; offsets first."""
        tables = counted.tables()
        self.rows += sum(len(rows) for table, rows in tables.items() if table not in SUMMED)
        for table in SUMMED:
            _add(self._sums[table], tables[table], KEYS[table])
        for table in self._others_told:
            self._others[table] = {**self._others.get(table, {}), **tables[table]}
        self._silent |= any(place[0] == counted.topics.workers_alive for place in cut)
        blank = {place: _blank(place) for place in places}
        yield from self._offsets({**blank, **tables[_OFFSETS]}, counted.topics, cut)
        self._parts += 1
        self._stored.execute("INSERT INTO told SELECT unnest($1), $2", [list(counted.task_ids()), self._parts])
        for table in BY_TASK:
            of_part = f"task_id IN (SELECT task_id FROM told WHERE part = {self._parts})"  # noqa: S608 - a number
            yield from of_table(self._stored, table, tables[table], of_part)

    def rest(self) -> Iterator[Difference]:
        """What is of no partition alone: sums of days, and rows that nobody told of."""
        self.rows += sum(len(rows) for rows in self._sums.values())
        yield from unknown_tables(self._stored)
        if self._silent:
            self._believe_workers()
        for table, rows in {**self._others, **self._sums}.items():
            yield from of_table(self._stored, table, rows)
        for table in BY_TASK:
            yield from of_table(
                self._stored, table, {}, "NOT EXISTS (FROM told WHERE told.task_id = " + table + ".task_id)"
            )

    def _offsets(self, counted: Rows, topics: Topics, cut: Collection[Place]) -> Iterator[Difference]:
        """Topics that keep a week have forgotten what cannot be counted: there, the table is believed."""
        for key, cells in counted.items():
            place = (str(key[0]), int(key[1]))
            if place in cut:
                continue
            where = f"topic = '{place[0]}' AND \"partition\" = {place[1]}"
            found = list(of_table(self._stored, _OFFSETS, {key: cells}, where))
            yield from found
            if found:
                yield from self._accounted(place, where, topics)

    def _accounted(self, place: Place, where: str, topics: Topics) -> Iterator[Difference]:
        """A recount ends where `next_offset` says; that it says something else shows in the counts beside it."""
        names = [name for name in _COUNTS if name != "unknown" or place[0] != topics.task_events]  # those are taken
        query = f"SELECT {' + '.join(names)}, next_offset FROM {_OFFSETS} WHERE {where}"  # noqa: S608 - our own
        for sum_of_counts, end in self._stored.execute(query).fetchall():
            if sum_of_counts != end:
                yield Difference(_OFFSETS, _shown(place), "next_offset", sum_of_counts, end)

    def _believe_workers(self) -> None:
        silent = self._stored.execute("SELECT * FROM workers").fetchall()
        names = [str(name) for name, *_ in self._stored.description or []]
        for row in silent:
            cells = dict(zip(names, row, strict=True))
            self._others["workers"].setdefault((cells["worker"],), cells)


def _add(sums: dict[Key, Cells], more: Rows, keys: Collection[str]) -> None:
    for key, cells in more.items():
        known = sums.setdefault(key, dict.fromkeys(cells, 0))
        sums[key] = {name: value if name in keys else known[name] + value for name, value in cells.items()}


def _blank(place: Place) -> Cells:
    return {"topic": place[0], "partition": place[1], "next_offset": 0, **dict.fromkeys(_COUNTS, 0)}


def _shown(place: Place) -> str:
    return f"{place[0]} {place[1]}"
