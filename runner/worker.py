"""The loop of one runner: inbox messages to attempts, ticks for leases, and an orderly end."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from time import monotonic

import structlog

from events.commands import ReleaseTask
from events.worker import Assignment, InboxEnvelope
from runner.attempt import Attempt, Desk

_TICK_SECONDS = 0.1  # leases are renewed and cut this exactly; the shortest one in tests is 3 s
_REMEMBERED = 10_000  # finished leases whose re-sent assignments are ignored
_GRACE_SECONDS = 6.0  # for what is past an irreversible step when the runner must stop
_LAST_SECONDS = 2.0  # for the last reports to leave

log = structlog.get_logger("runner")


class Worker:
    """Holds up to `capacity` tasks; everything here runs on one event loop."""

    def __init__(self, desk: Desk, *, capacity: int) -> None:
        self._desk, self._most = desk, capacity
        self._attempts: dict[str, Attempt] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._finished: OrderedDict[str, int] = OrderedDict()  #: task -> epoch of the last lease that ended here
        self._draining = False

    @property
    def capacity(self) -> int:
        """Tasks this worker can hold at once; 0 while it drains."""
        return 0 if self._draining else self._most

    @property
    def holds(self) -> int:
        """Tasks under way."""
        return len(self._running)

    def take(self, notes: Iterable[InboxEnvelope]) -> None:
        """Inbox messages, in order."""
        for note in notes:
            if isinstance(note.message, Assignment):
                self._assigned(note, note.message)
            elif (attempt := self._attempts.get(note.task_id)) is not None:
                attempt.take(note)

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            now = monotonic()
            for attempt in list(self._attempts.values()):
                attempt.tick(now)
            await asyncio.sleep(_TICK_SECONDS)

    async def drain(self) -> None:
        """Take nothing more; give back what can be given back, finish what must be, in under ten seconds."""
        self._draining = True
        log.info("draining", action="drain", tasks=self.holds)
        for attempt in list(self._attempts.values()):
            if not attempt.committed:
                attempt.drain()
        await self._settled(_GRACE_SECONDS)
        for attempt in list(self._attempts.values()):
            attempt.drain()
        await self._settled(_LAST_SECONDS)

    def _assigned(self, note: InboxEnvelope, assignment: Assignment) -> None:
        held = self._attempts.get(note.task_id)
        known = held.lease.epoch if held is not None else self._finished.get(note.task_id, 0)
        if note.lease_epoch <= known:
            return
        if held is not None:
            held.abandon()
        if self._draining:
            release = ReleaseTask(worker=self._desk.worker, lease_epoch=note.lease_epoch, reason="shutting down")
            self._desk.sender.send(note.task_id, release)
            return
        attempt = Attempt(self._desk, note, assignment)
        self._attempts[note.task_id] = attempt
        running = asyncio.get_running_loop().create_task(self._perform(attempt), name=f"attempt-{note.task_id}")
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        log.info(
            "assigned", action="assigned", task_id=note.task_id, epoch=note.lease_epoch, attempt=assignment.attempt
        )

    async def _perform(self, attempt: Attempt) -> None:
        try:
            await attempt.run()
        except Exception:
            log.exception("an attempt broke; its lease will run out", action="attempt", task_id=attempt.task_id)
        finally:
            if self._attempts.get(attempt.task_id) is attempt:
                del self._attempts[attempt.task_id]
            known = self._finished.pop(attempt.task_id, 0)
            self._finished[attempt.task_id] = max(known, attempt.lease.epoch)
            while len(self._finished) > _REMEMBERED:
                self._finished.popitem(last=False)

    async def _settled(self, seconds: float) -> None:
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)
