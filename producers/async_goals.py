"""The Goal Engine's client for asyncio: the same methods, awaited."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from events.errors import NoSuchTask
from producers.callbacks import Handler
from producers.goal_answers import TaskResult
from producers.goals import GoalClient, GoalOptions
from producers.threads import Threads

P = ParamSpec("P")
T = TypeVar("T")
AsyncHandler = Callable[[TaskResult], Awaitable[object]]


def _awaited(
    method: Callable[Concatenate[GoalClient, P], T],
) -> Callable[Concatenate[AsyncGoalClient, P], Coroutine[Any, Any, T]]:
    @wraps(method)
    async def call(self: AsyncGoalClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.threads.run(partial(method, self.client, *args, **kwargs))

    call.__doc__ = f"See `GoalClient.{method.__name__}`."  # whose example is not for coroutines
    return call


class AsyncGoalClient:
    """`GoalClient` for coroutines; each method does what the one of that name does there.

    A cancelled wait takes nothing back: a goal may have been submitted. With an idempotency key, submit it again.

    Example:
        >>> async def submitted_and_awaited():
        ...     async with AsyncGoalClient(url, api_key, connection=connection) as goals:
        ...         task_id = await goals.submit_goal("Register Eden", "https://aquatechswim.com")
        ...         return await goals.wait_for_completion(task_id, 60, 0.05)
        >>> asyncio.run(submitted_and_awaited()).final_result
        'Registered, confirmation 4711'
    """

    def __init__(self, url: str, api_key: str, **options: Unpack[GoalOptions]) -> None:
        """See `GoalClient`; it connects when the `async with` block is entered."""
        self._connect = partial(GoalClient, url, api_key, **options)
        self._connected: GoalClient | None = None
        self.threads = Threads("goals")

    @property
    def client(self) -> GoalClient:
        """The one behind it."""
        if self._connected is None:
            raise RuntimeError("use the client within `async with`")
        return self._connected

    submit_goal = _awaited(GoalClient.submit_goal)
    get_task_result = _awaited(GoalClient.get_task_result)
    register_complete_callback = _awaited(GoalClient.register_complete_callback)
    check_and_call_callbacks = _awaited(GoalClient.check_and_call_callbacks)
    get_task_chain_id = _awaited(GoalClient.get_task_chain_id)
    get_active_task_count = _awaited(GoalClient.get_active_task_count)
    get_queue_depth = _awaited(GoalClient.get_queue_depth)
    get_metrics_summary = _awaited(GoalClient.get_metrics_summary)
    report_task_cost = _awaited(GoalClient.report_task_cost)
    _result_if_read = _awaited(GoalClient.result_if_read)

    async def wait_for_completion(
        self, task_id: str, timeout_seconds: float = 1_800.0, poll_interval_seconds: float = 0.5
    ) -> TaskResult:
        """See `GoalClient.wait_for_completion`; no thread is held while waiting."""
        ends = time.monotonic() + timeout_seconds
        while True:
            result = await self._result_if_read(task_id)
            rest = ends - time.monotonic()
            if result is not None and (result.is_complete or rest <= 0):
                return result
            if rest <= 0:
                raise NoSuchTask(f"there is no task {task_id!r}")
            await asyncio.sleep(min(poll_interval_seconds, max(0.0, rest)))

    def register_handler(self, name: str, handler: Handler | AsyncHandler) -> None:
        """See `GoalClient.register_handler`; a coroutine function runs in this loop."""
        loop = asyncio.get_running_loop()

        def made(result: TaskResult) -> object:
            answer = handler(result)
            if inspect.iscoroutine(answer):
                return asyncio.run_coroutine_threadsafe(answer, loop).result()
            return answer

        self.client.register_handler(name, made)

    async def __aenter__(self) -> Self:
        """Connect."""
        self._connected = await self.threads.run_or_undo(
            self._connect, hurry=lambda: None, undo=lambda connected: connected.close()
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Flush what is under way and disconnect."""
        if self._connected is not None:
            await self.threads.run(self._connected.close)
        self.threads.close()
