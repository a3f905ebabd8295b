"""Where tasks wait for a worker, best first; what a ceiling holds back stands aside until there is room. Pure.

A task that reaches the head of its queue and may not run is parked under the site or account that blocks it, so a
thousand of one site cost nothing while they wait. The rule that keeps the order exact: as long as there is room under
a key, the best task parked under it stands in the queue again. So whenever room appears, or such a task leaves the
queue for any reason, the next one is called.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from events.queues import Ceilings
from processors.ceilings import Occupancy

#: A claim that comes before its moment is refused and costs a second; one that comes a little late costs just that.
_LATENESS = timedelta(milliseconds=20)


@dataclass(slots=True, eq=False)
class Line:
    """One unfinished task as the dispatcher sees it."""

    task_id: str
    queue: str
    keys: tuple[str, ...]  #: account if it has one, and site
    rank: float  #: lower goes first
    last_event: str
    version: int
    ready_at: datetime | None = None  #: not before this moment
    holder: str | None = None  #: worker that the log shows with it
    waiting: bool = True
    counted: bool = False  #: whether it takes room under the ceilings
    ticket: int = 0  #: of its place in a queue; older places are void

    def row(self) -> tuple[Any, ...]:
        """All that facts say of it."""
        return (
            self.task_id,
            self.queue,
            self.keys,
            self.rank,
            self.last_event,
            self.version,
            self.ready_at,
            self.holder,
            self.waiting,
        )


Place = tuple[float, int, Line]


@dataclass(slots=True)
class Parking:
    """All places of waiting tasks, and the ceilings they wait under."""

    occupancy: Occupancy = field(default_factory=Occupancy)
    _queues: dict[str, list[Place]] = field(default_factory=dict)
    _later: list[tuple[datetime, int, Line]] = field(default_factory=list)
    _parked: dict[str, dict[str, list[Place]]] = field(default_factory=dict)  #: by blocking key, by queue
    _tickets: int = 0

    def enter(self, line: Line) -> None:
        """The task waits, from its moment on if it has one."""
        self._tickets += 1
        line.waiting, line.ticket = True, self._tickets
        if line.ready_at is not None:
            heapq.heappush(self._later, (line.ready_at, line.ticket, line))
        else:
            heapq.heappush(self._queues.setdefault(line.queue, []), (line.rank, line.ticket, line))

    def leave(self, line: Line) -> None:
        """The task waits no more; its place is void."""
        line.waiting = False
        if line.ticket:
            line.ticket = 0
            self._call_behind(line)

    def first(self, queues: Iterable[str]) -> Line | None:
        """Take out the task that goes first among those of `queues` that may run, and count it as running."""
        heads = [head for queue in queues if (head := self._head(queue)) is not None]
        if not heads:
            return None
        line = min(heads)[2]
        heapq.heappop(self._queues[line.queue])
        line.ticket = 0
        self.count(line, running=True)
        self._call_behind(line)
        return line

    def count(self, line: Line, *, running: bool) -> None:
        """Whether the task takes room under its ceilings from now on."""
        if line.counted == running:
            return
        line.counted = running
        if running:
            self.occupancy.enter(line.queue, line.keys)
            return
        self.occupancy.leave(line.queue, line.keys)
        for key in line.keys:
            for queue in list(self._parked.get(key, ())):
                if self.occupancy.room(queue, key) == 1:  # there was none before
                    self._call(key, queue)

    def ripen(self, now: datetime) -> None:
        """Tasks whose moment has come stand in their queues."""
        while self._later and self._later[0][0] + _LATENESS <= now:
            _, ticket, line = heapq.heappop(self._later)
            if line.ticket == ticket:
                heapq.heappush(self._queues.setdefault(line.queue, []), (line.rank, ticket, line))

    def next_ripe(self) -> datetime | None:
        """When the next task that waits for a moment becomes ready."""
        return self._later[0][0] if self._later else None

    def limit_all(self, default: Ceilings, by_queue: dict[str, Ceilings], paused: set[str]) -> None:
        """Other ceilings and pauses; where there is room now, the best of those parked is called."""
        self.occupancy.default, self.occupancy.by_queue, self.occupancy.paused = default, by_queue, paused
        for key, queues in list(self._parked.items()):
            for queue in list(queues):
                if self.occupancy.room(queue, key) > 0:
                    self._call(key, queue)

    def _head(self, queue: str) -> Place | None:
        """The queue's first task that may run now; those before it are parked."""
        if not self.occupancy.is_open(queue):
            return None
        places = self._queues.get(queue, [])
        while places:
            place = places[0]
            line = place[2]
            if line.ticket == place[1]:
                blocking = self.occupancy.blocking(queue, line.keys)
                if blocking is None:
                    return place
                heapq.heappop(places)
                heapq.heappush(self._parked.setdefault(blocking, {}).setdefault(queue, []), place)
                self._call_behind(line)
            else:
                heapq.heappop(places)
        return None

    def _call_behind(self, line: Line) -> None:
        """Call who is parked behind a task that left its queue, under each of its keys that has room."""
        for key in line.keys:
            if key in self._parked and self.occupancy.room(line.queue, key) > 0:
                self._call(key, line.queue)

    def _call(self, key: str, queue: str) -> None:
        """The best task parked under the key stands in the queue again."""
        queues = self._parked[key]
        places = queues.get(queue, [])
        while places:
            place = heapq.heappop(places)
            if place[2].ticket == place[1]:
                heapq.heappush(self._queues.setdefault(queue, []), place)
                break
        if not places:
            queues.pop(queue, None)
            if not queues:
                del self._parked[key]
