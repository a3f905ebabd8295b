"""Timers only ask: they send CheckDeadlines for tasks that look due, and the decider looks again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

import structlog

from events.commands import CheckDeadlines
from events.errors import BrokerUnreachable
from processors.agents import Lifecycle
from processors.clock import BrokerClock
from processors.due import AGAIN
from processors.ledger import Ledger
from processors.policy import Policy
from processors.post import CommandPost
from processors.reader import GroupProgress

log = structlog.get_logger(__name__)

_AGAIN_SECONDS = AGAIN.total_seconds()  # a check that led to nothing for this long is sent once more
_UNDER_WAY = 200  # checks at once: what others send waits behind no more, however many tasks run out together
_PAUSE_SECONDS = 0.02  # between two looks while more is due than may be under way
_BUSY = 0.8  # of a tick, for such looks


class DeadlineTimer:
    """Looks at the owned partitions every tick; at most one check per task is under way, and few in all."""

    def __init__(
        self, lifecycle: Lifecycle, ledger: Ledger, post: CommandPost, clock: BrokerClock, policy: Policy
    ) -> None:
        self._lifecycle = lifecycle
        self._ledger = ledger
        self._post = post
        self._clock = clock
        self._lease_seconds = policy.lease.total_seconds()
        self._asked: dict[str, tuple[int, float]] = {}  #: task id -> partition, broker time at which the check was sent
        self._turn = 0

    @property
    def tick_seconds(self) -> float:
        """How often to look."""
        return min(1.0, max(0.2, self._lease_seconds / 10))

    async def tick(self, partitions: Iterable[int]) -> None:
        """Look once; a broker that does not answer is waited for, and no lease is judged meanwhile."""
        owned = sorted(partitions)
        self._post.poll()
        if not owned:
            return
        self._turn += 1
        first = self._turn % len(owned)
        try:
            await asyncio.to_thread(self._ledger.watermark, owned[first])
            self._clock.contact()
            # Another partition comes first each time, so that one in which much is due does not hold up the others.
            await self._ask([*owned[first:], *owned[:first]])
        except BrokerUnreachable as error:
            log.warning("the broker does not answer", action="timer.wait", error=str(error))

    async def _ask(self, owned: Sequence[int]) -> None:
        """Send checks for what is due, as fast as they are decided, until nothing more is due or the tick is over."""
        ends = time.monotonic() + _BUSY * self.tick_seconds
        while True:
            room = self._room()
            due = await self._lifecycle.due(owned, room)
            if not self._trusted:  # the broker may have fallen silent meanwhile
                return
            now = self._clock.seconds()
            for partition, task_id in due:
                self._asked[task_id] = (partition, now)
                self._post.send(task_id, CheckDeadlines(), self._delivered)
            self._post.poll()
            if len(due) < room or time.monotonic() > ends:
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    @property
    def _trusted(self) -> bool:
        """Whether renewals that were on their way while the broker was silent have had a full lease to arrive."""
        return self._clock.trusted_for() >= self._lease_seconds

    def _room(self) -> int:
        """How many more checks may be sent; none while no lease may be judged."""
        now = self._clock.seconds()
        self._asked = {
            task_id: (partition, at)
            for task_id, (partition, at) in self._asked.items()
            if now - at < _AGAIN_SECONDS and self._lifecycle.is_due(partition, task_id)
        }
        return _UNDER_WAY - len(self._asked) if self._trusted else 0

    def _delivered(self, task_id: str, partition: int, offset: int | None) -> None:
        del partition
        if offset is None:
            self._asked.pop(task_id, None)


class Watchdog:
    """Ends the process when commands wait and nothing moves: Faust's consumers can stall in silence."""

    def __init__(
        self, progress: GroupProgress, lifecycle: Lifecycle, *, patience_seconds: float, end: Callable[[str], None]
    ) -> None:
        self._progress = progress
        self._lifecycle = lifecycle
        self._patience = patience_seconds
        self._end = end
        self._stuck: dict[int, tuple[int, int, float]] = {}  #: partition -> (committed, catch-ups, since)

    def look(self, partitions: list[int], now: float) -> None:
        """Compare with the last look; `now` is monotonic seconds. Ends the process when its patience is over."""
        try:
            ends, committed = self._progress.ends(partitions), self._progress.committed(partitions)
        except BrokerUnreachable:
            self._stuck.clear()
            return
        # Catching up counts as progress, so a large log is not taken for a stall; handling does not, as commits that
        # stand still would make a restart decide hours again.
        own = self._lifecycle.catch_ups
        stuck: dict[int, tuple[int, int, float]] = {}
        for partition in partitions:
            if ends[partition] <= committed[partition]:
                continue
            before = self._stuck.get(partition)
            moved = before is None or before[:2] != (committed[partition], own)
            since = now if before is None or moved else before[2]
            stuck[partition] = (committed[partition], own, since)
            if now - since > self._patience:
                self._end(f"tasks.commands[{partition}] has waited at {committed[partition]} for {now - since:.0f} s")
        self._stuck = stuck
