"""The workers' client for asyncio: the same methods, awaited."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from events.errors import CommandRejected
from producers.threads import Threads
from producers.worker_answers import Claim
from producers.workers import WorkerClient, WorkerOptions

P = ParamSpec("P")
T = TypeVar("T")


def _awaited(
    method: Callable[Concatenate[WorkerClient, P], T],
) -> Callable[Concatenate[AsyncWorkerClient, P], Coroutine[Any, Any, T]]:
    @wraps(method)
    async def call(self: AsyncWorkerClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.threads.run(partial(method, self.client, *args, **kwargs))

    call.__doc__ = f"See `WorkerClient.{method.__name__}`."  # whose example is not for coroutines
    return call


class AsyncWorkerClient:
    """`WorkerClient` for coroutines; each method does what the one of that name does there.

    A cancelled claim gives back what it got. A cancelled report may have been taken: report the same again, it counts
    once.

    Example:
        >>> async def worked():
        ...     async with AsyncWorkerClient(url, api_key, connection=connection) as workers:
        ...         claim = await workers.claim_task("assigner-2")
        ...         for task in claim.tasks:
        ...             await workers.update_progress(task.task_id, 1, "open the timetable")
        ...             await workers.report_completion(task.task_id, "Registered")
        ...         return claim.count
        >>> asyncio.run(worked())
        1
    """

    def __init__(self, url: str, api_key: str, **options: Unpack[WorkerOptions]) -> None:
        """See `WorkerClient`; it connects when the `async with` block is entered."""
        self._connect = partial(WorkerClient, url, api_key, **options)
        self._connected: WorkerClient | None = None
        self.threads = Threads("workers")

    @property
    def client(self) -> WorkerClient:
        """The one behind it."""
        if self._connected is None:
            raise RuntimeError("use the client within `async with`")
        return self._connected

    intend_step = _awaited(WorkerClient.intend_step)
    update_progress = _awaited(WorkerClient.update_progress)
    report_completion = _awaited(WorkerClient.report_completion)
    report_failure = _awaited(WorkerClient.report_failure)
    report_recovered = _awaited(WorkerClient.report_recovered)
    yield_task = _awaited(WorkerClient.yield_task)
    release_task = _awaited(WorkerClient.release_task)
    get_task_status = _awaited(WorkerClient.get_task_status)

    async def claim_task(self, worker_id: str, max_tasks: int = 1, *, wait_seconds: float = 5.0) -> Claim:
        """See `WorkerClient.claim_task`; when it is cancelled, what it got goes back."""
        client = self.client
        return await self.threads.run_or_undo(
            partial(client.claim_task, worker_id, max_tasks, wait_seconds=wait_seconds),
            hurry=partial(client.abandon_claim, worker_id),
            undo=partial(_given_back, client),
        )

    async def __aenter__(self) -> Self:
        """Connect."""
        self._connected = await self.threads.run_or_undo(
            self._connect, hurry=lambda: None, undo=lambda connected: connected.close()
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give back what is held and disconnect."""
        if self._connected is not None:
            await self.threads.run(self._connected.close)
        self.threads.close()


def _given_back(client: WorkerClient, claim: Claim) -> None:
    for task in claim.tasks:
        with suppress(CommandRejected):
            client.release_task(task.task_id, "its claim was cancelled")
