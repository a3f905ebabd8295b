"""Worker processes that answer analysts' queries; one that takes too long, or whose asker left, is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import ValidationError, to_json

from events.errors import NoSnapshot, QueryRefused, TooManyQueries
from projections.sql_limits import SqlLimits, SqlReply, SqlResult
from projections.sql_worker import arguments

_GRACE_SECONDS = 2.0  # DuckDB ends a query by itself when its time is up; this is for what it cannot end
_WAIT_SECONDS = 5.0  # for one of the workers to become free
_STREAM_BYTES = 64 * 1024 * 1024  # of one reply: escaped JSON of a result may be several times its size


@dataclass(slots=True)
class _Worker:
    process: asyncio.subprocess.Process
    snapshot: Path

    async def ask(self, sql: str) -> SqlReply:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("a worker without pipes")
        stdin.write(to_json(sql) + b"\n")
        await stdin.drain()
        return SqlReply.model_validate_json(await stdout.readline())

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


class SqlPool:
    """Answers queries from the newest snapshot, a few at a time; belongs to one event loop."""

    def __init__(self, newest: Callable[[], Path | None], limits: SqlLimits, *, workers: int = 2) -> None:
        """Start nothing yet.

        Args:
            newest: the snapshot to read, asked before each query; none when there is none yet.
            limits: of each query.
            workers: queries answered at once; others wait for a moment.
        """
        self._newest, self._limits = newest, limits
        self._places = asyncio.Semaphore(workers)
        self._idle: list[_Worker] = []

    async def run(self, sql: str) -> SqlResult:
        """The whole result of one query; cancelling this ends the query.

        Raises:
            QueryRefused: it is no single query, reaches for what is closed, or goes beyond a limit; the text says which.
            NoSnapshot: nothing was published yet.
            TooManyQueries: all workers are busy.
        """
        snapshot = self._newest()
        if snapshot is None:
            raise NoSnapshot("there is no snapshot to read yet: run `goaltrail snapshot`, or wait for the next one")
        async with self._place():
            reply = await self._ask(sql, snapshot)
        if reply.result is None:
            raise QueryRefused(reply.refused or "the query has no result")
        return reply.result

    async def close(self) -> None:
        """End the workers."""
        while self._idle:
            await self._idle.pop().kill()

    def kill_all(self) -> None:
        """End the workers when their event loop is over; they end by themselves once their input does."""
        while self._idle:
            with suppress(ProcessLookupError):
                os.kill(self._idle.pop().process.pid, signal.SIGKILL)

    async def _ask(self, sql: str, snapshot: Path) -> SqlReply:
        worker = await self._worker(snapshot)
        try:
            async with asyncio.timeout(self._limits.seconds + _GRACE_SECONDS):
                reply = await worker.ask(sql)
        except TimeoutError as error:
            await worker.kill()
            raise QueryRefused(f"the query was ended after {self._limits.seconds:g} s") from error
        except (ValidationError, ConnectionError, ValueError) as error:
            # The worker died: what it tried to hold did not fit into its address space.
            await worker.kill()
            raise QueryRefused("the query needs more memory than it may have, and was ended") from error
        except asyncio.CancelledError:
            await worker.kill()
            raise
        self._idle.append(worker)
        return reply

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            await asyncio.wait_for(self._places.acquire(), _WAIT_SECONDS)
        except TimeoutError as error:
            raise TooManyQueries("other queries are being answered: ask again in a moment") from error
        try:
            yield
        finally:
            self._places.release()

    async def _worker(self, snapshot: Path) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.snapshot == snapshot and worker.process.returncode is None:
                return worker
            await worker.kill()
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *arguments(snapshot, self._limits), stdin=pipe, stdout=pipe, limit=_STREAM_BYTES
        )
        return _Worker(process, snapshot)
