"""Who gets which task next: a reading of the facts, so nothing waiting can be forgotten. Pure.

Highest priority first, then oldest; waiting one `ageing` counts as one step of priority, which makes the order of two
tasks the same at every moment: it is the order of `submitted_at - priority * ageing`.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events import facts as f
from events.envelope import Envelope, UnknownEnvelope
from events.failure import ErrorType
from events.worker import WorkerAlive

#: A claim that comes before its moment is refused and costs a second; one that comes a little late costs just that.
_LATENESS = timedelta(milliseconds=20)


@dataclass(slots=True)
class Line:
    """One unfinished task as the dispatcher sees it."""

    queue: str
    rank: float  #: lower goes first
    last_event: str
    version: int
    ready_at: datetime | None = None  #: not before this moment
    waiting: bool = True
    holder: str | None = None  #: worker that the log shows with it
    ticket: int = 0  #: of its place in a queue; older places are void


@dataclass(frozen=True, slots=True)
class Grant:
    """A claim that was asked for and is not known to be decided yet."""

    worker: str
    partition: int
    offset: int | None  #: of the ClaimTask command; none until it is delivered


@dataclass(slots=True)
class Worker:
    """A runner as it last described itself."""

    capacity: int
    queues: frozenset[str]
    seen_at: datetime


@dataclass(slots=True)
class Book:
    """All waiting tasks, all slots in use, all open grants."""

    ageing: timedelta
    alive_for: timedelta = timedelta(seconds=15)  #: a runner silent for longer gets nothing
    remember: timedelta = timedelta(days=7)
    lines: dict[str, Line] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)
    over: dict[str, datetime] = field(default_factory=dict)  #: finished tasks, so that a late fact revives none
    doubted: dict[str, datetime] = field(default_factory=dict)  #: workers that lost a lease, and when that was noticed
    next_offsets: dict[int, int] = field(default_factory=dict)  #: by partition of `tasks.events`, what to read next
    _queues: dict[str, list[tuple[float, int, str]]] = field(default_factory=dict)
    _later: list[tuple[datetime, int, str]] = field(default_factory=list)
    _tickets: int = 0

    def take(self, fact: Envelope | UnknownEnvelope) -> bool:
        """Take one fact, if it follows; a fact of a task settles the open grant of that task."""
        line = self.lines.get(fact.task_id)
        if line is None:
            first = fact.version == 1 and fact.follows is None and fact.task_id not in self.over
            return first and self._open(fact)
        if fact.follows != line.last_event or fact.version != line.version + 1:
            return False
        line.last_event, line.version = fact.event_id, fact.version
        self.grants.pop(fact.task_id, None)
        if isinstance(fact, Envelope):
            self._move(fact.task_id, line, fact.event, fact.recorded_at)
        return True

    def hear(self, alive: WorkerAlive, at: datetime) -> None:
        """Take one worker's word of itself; `at` is the broker's time of it."""
        if alive.worker in self.doubted and at <= self.doubted[alive.worker]:
            return
        self.workers[alive.worker] = Worker(alive.capacity, frozenset(alive.queues), at)

    def plan(self, now: datetime) -> list[tuple[str, str]]:
        """(task id, worker) pairs to claim now; the caller records each with `grant`."""
        self._ripen(now)
        free = self._free_slots(now)
        pairs: list[tuple[str, str]] = []
        while free:
            best = self._first(free)
            if best is None:
                return pairs
            queue, task_id = best
            heapq.heappop(self._queues[queue])
            able = [worker for worker in free if queue in self.workers[worker].queues]
            worker = max(able, key=lambda name: (free[name], name))
            self.lines[task_id].ticket = 0
            pairs.append((task_id, worker))
            free[worker] -= 1
            if free[worker] <= 0:
                del free[worker]
        return pairs

    def grant(self, task_id: str, grant: Grant) -> None:
        """Record a claim that was asked for; unless its fact was seen meanwhile."""
        line = self.lines.get(task_id)
        if line is not None and line.waiting:
            self.grants[task_id] = grant

    def settle(self, committed: Callable[[int], int]) -> int:
        """Drop grants whose command was decided without a fact; their tasks wait again. Returns how many.

        Args:
            committed: by partition, the lifecycle group's committed offset of `tasks.commands`.
        """
        ended = [
            task_id
            for task_id, grant in self.grants.items()
            if grant.offset is not None and committed(grant.partition) > grant.offset
        ]
        for task_id in ended:
            self._void(task_id)
        return len(ended)

    def void_grants(self) -> None:
        """Forget all open grants; their tasks wait again. For a new term, once the last one's claims are decided."""
        for task_id in list(self.grants):
            self._void(task_id)

    def next_ripe(self) -> datetime | None:
        """When the next task that waits for a moment becomes ready."""
        return self._later[0][0] if self._later else None

    def waiting_count(self) -> int:
        """Tasks that wait for a worker, granted ones included."""
        return sum(1 for line in self.lines.values() if line.waiting)

    def _void(self, task_id: str) -> None:
        del self.grants[task_id]
        self._queue(task_id, self.lines[task_id])

    def _open(self, fact: Envelope | UnknownEnvelope) -> bool:
        if not isinstance(fact, Envelope) or not isinstance(fact.event, f.TaskSubmitted):
            return False
        goal = fact.event
        rank = fact.recorded_at.timestamp() - goal.priority * self.ageing.total_seconds()
        line = Line(goal.queue, rank, fact.event_id, fact.version, ready_at=goal.not_before)
        self.lines[fact.task_id] = line
        self._queue(fact.task_id, line)
        return True

    def _move(self, task_id: str, line: Line, event: f.TaskFact, at: datetime) -> None:
        match event:
            case f.TaskClaimed():
                self._hold(line, event.worker)
            case f.RecoveryPlanned(same_session=True):
                return
            case f.RecoveryPlanned():
                self._doubt(line.holder, event, at)
                self._hold(line, None)
                line.ready_at = event.retry_at
                self._queue(task_id, line)
            case f.TaskReleased() | f.TaskResumed():
                self._hold(line, None)
                self._queue(task_id, line)
            case f.EscalationResolved(resolution="retry"):
                line.ready_at = None
                self._queue(task_id, line)
            case f.TaskPaused() | f.TaskEscalated():
                if isinstance(event, f.TaskEscalated):
                    self._doubt(line.holder, event, at)
                self._hold(line, None)
            case f.EscalationResolved() | f.TaskCompleted() | f.TaskFailed() | f.TaskCancelled():
                self._close(task_id, line, at)
            case _:
                return

    def _doubt(self, worker: str | None, failure: f.RecoveryPlanned | f.TaskEscalated, at: datetime) -> None:
        """A worker that lost a lease gets nothing until it speaks after that, however short ago it was heard."""
        if worker is None or failure.error_type is not ErrorType.RUNNER_LOST:
            return
        self.workers.pop(worker, None)
        self.doubted = {name: since for name, since in self.doubted.items() if since > at - self.alive_for}
        self.doubted[worker] = at

    def _hold(self, line: Line, worker: str | None) -> None:
        """The log shows the task with `worker` now, or with nobody; either way it waits no more."""
        if line.holder is not None:
            self.held[line.holder] -= 1
            if self.held[line.holder] <= 0:
                del self.held[line.holder]
        line.holder = worker
        line.waiting = False
        line.ticket = 0
        if worker is not None:
            self.held[worker] += 1

    def _close(self, task_id: str, line: Line, at: datetime) -> None:
        self._hold(line, None)
        del self.lines[task_id]
        self.over[task_id] = at
        while self.over:
            oldest = next(iter(self.over))
            if self.over[oldest] >= at - self.remember:
                return
            del self.over[oldest]

    def _queue(self, task_id: str, line: Line) -> None:
        self._tickets += 1
        line.waiting, line.ticket = True, self._tickets
        if line.ready_at is not None:
            heapq.heappush(self._later, (line.ready_at, line.ticket, task_id))
        else:
            heapq.heappush(self._queues.setdefault(line.queue, []), (line.rank, line.ticket, task_id))

    def _ripen(self, now: datetime) -> None:
        while self._later and self._later[0][0] + _LATENESS <= now:
            _, ticket, task_id = heapq.heappop(self._later)
            line = self.lines.get(task_id)
            if line is not None and line.ticket == ticket:
                heapq.heappush(self._queues.setdefault(line.queue, []), (line.rank, ticket, task_id))

    def _free_slots(self, now: datetime) -> dict[str, int]:
        granted = Counter(grant.worker for grant in self.grants.values())
        free: dict[str, int] = {}
        for name, worker in list(self.workers.items()):
            if now - worker.seen_at > self.alive_for:
                if not self.held[name]:
                    del self.workers[name]
                continue
            slots = worker.capacity - self.held[name] - granted[name]
            if slots > 0:
                free[name] = slots
        return free

    def _first(self, free: dict[str, int]) -> tuple[str, str] | None:
        """The queue and task that go first among those some free worker serves; void places are dropped."""
        served = frozenset().union(*(self.workers[name].queues for name in free))
        best: tuple[float, str, str] | None = None
        for queue in served:
            places = self._queues.get(queue, [])
            while places and not self._valid(places[0]):
                heapq.heappop(places)
            if places and (best is None or places[0][0] < best[0]):
                best = (places[0][0], queue, places[0][2])
        return None if best is None else (best[1], best[2])

    def _valid(self, place: tuple[float, int, str]) -> bool:
        line = self.lines.get(place[2])
        return line is not None and line.ticket == place[1] and place[2] not in self.grants
