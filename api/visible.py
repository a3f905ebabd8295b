"""What a caller may expect to see: the readings as of a fact, and a task that was accepted a moment ago."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.parts import Parts
from events.errors import NoSuchCommand, NoSuchTask, NotReadYet
from producers.task_ids import made_at
from projections.answers import TaskAnswer

#: A task this young may be accepted and not read yet; whoever holds its id should not meet a 404.
YOUNG = timedelta(seconds=5)
YOUNG_WAIT_SECONDS = 1.0
WAIT_FOR_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.02


async def reach(parts: Parts, token: str | None, task_id: str | None = None) -> None:
    """Wait until the readings hold a fact, or what a command led to; at once when nothing is named.

    Args:
        parts: of the API.
        token: `topic:partition:offset`, or the id of a command that was sent through any API.
        task_id: the task the command is about, where that is known.

    Raises:
        NotReadYet: not in time.
        NoSuchCommand: nobody heard of the command in time.
        HTTPException: 422, the fact lies in no topic that is read.
    """
    if token is None:
        return
    ends = monotonic() + WAIT_FOR_SECONDS
    fact = token if ":" in token else await _fact_of(parts, token, task_id)
    if fact is None:
        return
    try:
        reached = await run_in_threadpool(parts.wait_until, fact, max(0.0, ends - monotonic()))
    except ValueError as error:
        raise HTTPException(422, f"wait_for: {error}") from error
    if not reached:
        raise NotReadYet(f"the readings have not reached {fact!r} yet; ask again")


async def _fact_of(parts: Parts, command_id: str, task_id: str | None) -> str | None:
    """The fact a command led to; none when it led to none, or when that fact is read."""
    coming = parts.outcomes.expect(command_id)  # before anything is looked up, or the answer may be missed
    try:
        known = parts.outcomes.recent(command_id)
        if known is not None:
            return known.fact
        if task_id is not None and await run_in_threadpool(parts.readings.was_decided, task_id, command_id):
            return None
        async with asyncio.timeout(WAIT_FOR_SECONDS):
            return (await asyncio.wrap_future(coming)).fact
    except TimeoutError:
        raise NoSuchCommand(
            f"nobody has heard of command {command_id!r}: it is not decided yet, or was long ago;"
            " ask again, or without `wait_for`"
        ) from None
    finally:
        coming.cancel()


async def visible(parts: Parts, task_id: str) -> TaskAnswer:
    """The task; waits a moment for one that was submitted just now.

    Raises:
        NoSuchTask: nobody knows it.
    """
    ends = monotonic() + (YOUNG_WAIT_SECONDS if _is_young(task_id) else 0.0)
    while True:
        task = await run_in_threadpool(parts.readings.get_task, task_id)
        if task is not None:
            return task
        if monotonic() >= ends:
            raise NoSuchTask(f"there is no task {task_id!r}")
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def _is_young(task_id: str) -> bool:
    drawn = made_at(task_id)
    return drawn is not None and abs(datetime.now(UTC) - drawn) < YOUNG
