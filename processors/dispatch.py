"""Who gets which task next: a reading of the facts, so nothing waiting can be forgotten. Pure.

Highest priority first, then oldest; waiting one `ageing` counts as one step of priority, which makes the order of two
tasks the same at every moment: it is the order of `submitted_at - priority * ageing`. Queues at rest and ceilings only
leave tasks out; they never change the order of those that may run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from events import facts as f
from events.envelope import Envelope, UnknownEnvelope
from events.failure import ErrorType
from events.queues import Ceilings
from events.worker import WorkerAlive
from processors.ceilings import keys_of
from processors.glance import Submission
from processors.parking import Line, Parking
from processors.queues import Rules


@dataclass(frozen=True, slots=True)
class Grant:
    """A claim that was asked for and is not known to be decided yet."""

    worker: str
    partition: int = -1
    offset: int | None = None  #: of the ClaimTask command; none until it is delivered


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
    forget_worker: timedelta = timedelta(hours=1)  #: a runner silent for longer is dead
    remember: timedelta = timedelta(days=7)
    lines: dict[str, Line] = field(default_factory=dict)
    waiting: Parking = field(default_factory=Parking)
    workers: dict[str, Worker] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)  #: by worker, tasks the log shows with it
    granted: Counter[str] = field(default_factory=Counter)  #: by worker, open grants
    drained: dict[str, datetime] = field(default_factory=dict)  #: workers that get nothing, and since when
    over: dict[str, datetime] = field(default_factory=dict)  #: finished tasks, so that a late fact revives none
    doubted: dict[str, datetime] = field(default_factory=dict)  #: workers that lost a lease, and when that was noticed
    next_offsets: dict[int, int] = field(default_factory=dict)  #: by partition of `tasks.events`, what to read next

    def take(self, fact: Envelope | UnknownEnvelope | Submission) -> bool:
        """Take one fact, if it follows; one that ends the waiting, or begins it anew, settles the open grant."""
        line = self.lines.get(fact.task_id)
        if line is None:
            first = fact.version == 1 and fact.follows is None and fact.task_id not in self.over
            return first and self._open(fact)
        if fact.follows != line.last_event or fact.version != line.version + 1:
            return False
        line.last_event, line.version = fact.event_id, fact.version
        if isinstance(fact, Envelope):
            self._move(line, fact.event, fact.recorded_at)
        if not line.waiting or line.ticket:
            self._drop_grant(line.task_id)
        self.waiting.count(line, running=line.holder is not None or line.task_id in self.grants)
        return True

    def hear(self, alive: WorkerAlive, at: datetime) -> None:
        """Take one worker's word of itself; `at` is the broker's time of it."""
        if alive.worker in self.doubted and at <= self.doubted[alive.worker]:
            return
        self.workers[alive.worker] = Worker(alive.capacity, frozenset(alive.queues), at)

    def obey(self, rules: Rules, default: Ceilings) -> None:
        """Take what operators decided, all of it; the rest of the book stays as it is."""
        self.waiting.limit_all(default, rules.ceilings, rules.paused)
        self.drained = dict(rules.drained)

    def plan(self, now: datetime) -> list[tuple[str, str]]:
        """(task id, worker) pairs to claim now, each an open grant from here on."""
        self.waiting.ripen(now)
        free = self._free_slots(now)
        serving: dict[str, list[str]] = {}  #: by queue, free workers that serve it
        for name in free:
            for queue in self.workers[name].queues:
                serving.setdefault(queue, []).append(name)
        pairs: list[tuple[str, str]] = []
        while serving and (line := self.waiting.first(serving)) is not None:
            worker = max(serving[line.queue], key=lambda name: (free[name], name))
            self.grants[line.task_id] = Grant(worker)
            self.granted[worker] += 1
            pairs.append((line.task_id, worker))
            free[worker] -= 1
            if free[worker] <= 0:
                serving = {queue: rest for queue, names in serving.items() if (rest := _without(names, worker))}
        return pairs

    def sent(self, task_id: str, partition: int, offset: int) -> None:
        """The claim of an open grant is on the log there; unless its fact was seen meanwhile."""
        grant = self.grants.get(task_id)
        if grant is not None:
            self.grants[task_id] = Grant(grant.worker, partition, offset)

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
        return self.waiting.next_ripe()

    def waiting_count(self) -> int:
        """Tasks that wait for a worker, granted ones included."""
        return sum(1 for line in self.lines.values() if line.waiting)

    def __getstate__(self) -> dict[str, Any]:
        """What facts and signs of life say, as plain rows: a million tasks stop the dispatcher for a second, not for five.

        Grants are left out: a new term voids them. What operators decided comes from their own log.
        """
        kept = ("ageing", "alive_for", "forget_worker", "remember", "workers", "over", "doubted", "next_offsets")
        return {name: getattr(self, name) for name in kept} | {"rows": [line.row() for line in self.lines.values()]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        rows = state.pop("rows")
        self.__init__(**state)  # type: ignore[misc]
        for row in rows:
            line = self.lines[row[0]] = Line(*row)
            if line.holder is not None:
                self.held[line.holder] += 1
                self.waiting.count(line, running=True)
            elif line.waiting:
                self.waiting.enter(line)

    def _void(self, task_id: str) -> None:
        self._drop_grant(task_id)
        line = self.lines[task_id]
        self.waiting.count(line, running=False)
        self.waiting.enter(line)

    def _drop_grant(self, task_id: str) -> None:
        grant = self.grants.pop(task_id, None)
        if grant is not None:
            self.granted[grant.worker] -= 1
            if self.granted[grant.worker] <= 0:
                del self.granted[grant.worker]

    def _open(self, fact: Envelope | UnknownEnvelope | Submission) -> bool:
        if isinstance(fact, Envelope) and isinstance(fact.event, f.TaskSubmitted):
            fact = Submission.of(fact, fact.event)
        if not isinstance(fact, Submission):
            return False
        rank = fact.recorded_at.timestamp() - fact.priority * self.ageing.total_seconds()
        keys = keys_of(fact.site_url, fact.account)
        line = Line(fact.task_id, fact.queue, keys, rank, fact.event_id, fact.version, ready_at=fact.not_before)
        self.lines[fact.task_id] = line
        self.waiting.enter(line)
        return True

    def _move(self, line: Line, event: f.TaskFact, at: datetime) -> None:
        match event:
            case f.TaskClaimed():
                self._hold(line, event.worker)
            case f.RecoveryPlanned(same_session=True):
                return
            case f.RecoveryPlanned():
                self._doubt(line.holder, event, at)
                self._hold(line, None)
                line.ready_at = event.retry_at
                self.waiting.enter(line)
            case f.TaskReleased() | f.TaskResumed():
                self._hold(line, None)
                self.waiting.enter(line)
            case f.EscalationResolved(resolution="retry"):
                line.ready_at = None
                self.waiting.enter(line)
            case f.TaskPaused() | f.TaskEscalated():
                if isinstance(event, f.TaskEscalated):
                    self._doubt(line.holder, event, at)
                self._hold(line, None)
            case f.EscalationResolved() | f.TaskCompleted() | f.TaskFailed() | f.TaskCancelled():
                self._close(line, at)
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
        self.waiting.leave(line)
        if worker is not None:
            self.held[worker] += 1

    def _close(self, line: Line, at: datetime) -> None:
        self._hold(line, None)
        del self.lines[line.task_id]
        self.over[line.task_id] = at
        while self.over:
            oldest = next(iter(self.over))
            if self.over[oldest] >= at - self.remember:
                return
            del self.over[oldest]

    def _free_slots(self, now: datetime) -> dict[str, int]:
        free: dict[str, int] = {}
        for name, worker in list(self.workers.items()):
            silence = now - worker.seen_at
            if silence > self.alive_for:
                if silence > self.forget_worker and not self.held[name]:
                    del self.workers[name]
                    self.drained.pop(name, None)
                continue
            slots = worker.capacity - self.held[name] - self.granted[name]
            if slots > 0 and name not in self.drained:
                free[name] = slots
        return free


def _without(names: list[str], name: str) -> list[str]:
    return [other for other in names if other != name]
