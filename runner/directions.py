"""What the processor wants done about a trouble: asked for with the page open, awaited, and not acted on too early."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from events.commands import FailAttempt, ReportRecovered, TaskCommand
from events.failure import Strategy
from events.worker import RecoveryDirected
from producers.commands import new_command_id
from producers.leases import Lease

Deliver = Callable[[TaskCommand, str], Awaitable[None]]


class Directions:
    """One attempt's troubles, one after the other."""

    def __init__(self, deliver: Deliver, lease: Lease) -> None:
        self._deliver, self._lease = deliver, lease
        self._asked: str | None = None  #: id of the report that waits for its answer
        self._answer: asyncio.Future[RecoveryDirected] | None = None

    async def ask(self, report: FailAttempt) -> Strategy:
        """Report a failure with the page open; returns the strategy once its time has come.

        There may be no answer: when the task goes another way the lease ends, and whoever waits here is cancelled.
        """
        command_id = new_command_id()
        self._asked, self._answer = command_id, asyncio.get_running_loop().create_future()
        # A failure that is answered by a directive lengthens the lease like a renewal.
        self._lease.reported(command_id, monotonic())
        await self._deliver(report, command_id)
        directed = await self._answer
        await asyncio.sleep(directed.delay_ms / 1_000)
        return directed.strategy

    def take(self, command_id: str | None, message: RecoveryDirected) -> None:
        """A directive; one that answers something else than the last report is an old one."""
        if self._answer is None or self._answer.done() or command_id != self._asked:
            return
        self._answer.set_result(message)

    async def held(self, worker: str) -> None:
        """Report that the strategy held."""
        await self._deliver(ReportRecovered(worker=worker, lease_epoch=self._lease.epoch), new_command_id())
