"""Blocking calls from asyncio, in threads of a client's own, so that nobody else's wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_THREADS = 32  # calls under way at once; the rest wait for their turn

T = TypeVar("T")


class Threads:
    """Runs blocking calls; one whose wait was cancelled ends by itself, or never begins."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)

    async def run(self, call: Callable[[], T]) -> T:
        """The call's answer."""
        return await asyncio.wrap_future(self._pool.submit(call))

    async def run_or_undo(self, call: Callable[[], T], *, hurry: Callable[[], None], undo: Callable[[T], None]) -> T:
        """The call's answer; when the wait is cancelled, the call is hurried and its answer undone.

        Args:
            call: what to do.
            hurry: makes the call end soon.
            undo: takes back what the call did, when nobody takes its answer.
        """
        running = self._pool.submit(call)
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:

            def taken_back(done: Future[T]) -> None:
                if not done.cancelled() and done.exception() is None:
                    undo(done.result())

            running.add_done_callback(taken_back)
            hurry()
            raise

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()
