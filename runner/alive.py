"""Says every five seconds that this worker lives, and how much it can hold."""

from __future__ import annotations

import asyncio
import platform
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from events.codec import encode
from events.topics import Topics
from events.worker import WorkerAlive
from producers.publisher import Publisher

EVERY_SECONDS = 5.0

log = structlog.get_logger("runner")


def new_worker_id(host: str | None = None) -> str:
    """A worker id; new for every process start, so that nobody acts on a lease of a former life."""
    return f"runner-{host or platform.node() or 'host'}-{uuid.uuid4().hex[:8]}"


class Heartbeat:
    """Appends to `workers.alive`, at once and then regularly, with the capacity as it is by then."""

    def __init__(
        self, publisher: Publisher, topics: Topics, worker: str, *, queues: Sequence[str], capacity: Callable[[], int]
    ) -> None:
        self._publisher, self._topics, self._worker = publisher, topics, worker
        self._queues, self._capacity = list(queues), capacity

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(EVERY_SECONDS)

    def beat(self) -> None:
        """Send one beat without waiting for it: the next one comes soon, and a late one is worth nothing."""
        alive = WorkerAlive(
            worker=self._worker,
            capacity=self._capacity(),
            queues=self._queues,
            host=platform.node(),
            sent_at=datetime.now(UTC),
        )
        self._publisher.send(self._topics.workers_alive, self._worker, encode(alive))
