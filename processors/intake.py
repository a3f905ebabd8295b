"""Between Faust's stream and the decider: everything that came while the last batch was decided is the next batch.

Faust's own `take_events` closes a batch by a clock: short, and a loaded system decides many small batches; long, and an
idle one waits. Events are acknowledged in the order in which they came and only once their batch is handled, so an
offset is never committed past one that is not (design.md §3.1).
"""

from __future__ import annotations

import asyncio
from typing import Any

from processors.agents import Lifecycle

BATCH = 500  # commands at once; more adds latency and wins nothing
_BUFFERED = 4_096  # commands held here before the stream is made to wait


class Intake:
    """A queue of consumed commands, each with the assignment generation it was consumed under."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._queue: asyncio.Queue[tuple[int, Any]] = asyncio.Queue(_BUFFERED)

    async def put(self, event: Any) -> None:
        """Hold one Faust event until its turn comes."""
        await self._queue.put((self._lifecycle.generation, event))

    async def run(self) -> None:
        """Handle batches for ever."""
        while True:
            await self.handle_next()

    async def handle_next(self) -> None:
        """Wait for a command, and handle it with all that lie behind it."""
        held = [await self._queue.get()]
        while len(held) < BATCH and not self._queue.empty():
            held.append(self._queue.get_nowait())
        # What was consumed before partitions were taken away comes again to whoever owns them now.
        events = [event for generation, event in held if generation == self._lifecycle.generation]
        if events:
            await self._lifecycle.handle(events)
            for event in events:
                event.ack()
