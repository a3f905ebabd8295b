"""The calls that only look: answered from the readings, in threads, so that the loop stays free."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import GuardedRoute, Reader
from api.parts import Parts, parts_of
from events.errors import NoSuchTask, NotReadYet
from producers.task_ids import made_at
from projections.answers import TaskAnswer

#: A task this young may be accepted and not read yet; whoever holds its id should not meet a 404.
YOUNG = timedelta(seconds=5)
YOUNG_WAIT_SECONDS = 1.0
WAIT_FOR_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.02

_FAILURES: dict[int | str, dict[str, Any]] = {
    401: {"model": s.Failure, "description": "No key, or one that opens nothing"},
    403: {"model": s.Failure, "description": "The key lacks the scope `read`"},
    422: {"model": s.Failure, "description": "Malformed input; the error names the field"},
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": s.Failure, "description": "No such task"},
    503: {"model": s.Failure, "description": "The readings have not reached `wait_for` yet; ask again"},
}

router = APIRouter(prefix="/api/browser-tasks", tags=["tasks"], route_class=GuardedRoute, responses=_FAILURES)


@router.get("", response_model=s.Answer[s.TaskPage], summary="List tasks, newest first")
async def list_tasks(request: Request, caller: Reader, query: Annotated[s.ListQuery, Query()]) -> Response:
    """A page of tasks; `total` counts all that match."""
    del caller
    parts = parts_of(request)

    def read() -> Response:
        return answer(200, s.TaskPage.model_validate(parts.readings.list_tasks(**dict(query))))

    return await run_in_threadpool(read)


@router.get("/{task_id}", response_model=s.Answer[s.TaskView], responses=_UNKNOWN, summary="Show a task")
async def get_task(request: Request, caller: Reader, task_id: UUID, query: Annotated[s.TaskQuery, Query()]) -> Response:
    """Every field of a task, as of now or, with `wait_for`, as of that fact or later."""
    del caller
    parts = parts_of(request)
    await _reach(parts, query.wait_for)
    return answer(200, s.TaskView.model_validate(await _visible(parts, str(task_id))))


@router.get(
    "/{task_id}/execution-log",
    response_model=s.Answer[s.ExecutionLog],
    responses=_UNKNOWN,
    summary="Show the steps of a task",
)
async def execution_log(
    request: Request, caller: Reader, task_id: UUID, query: Annotated[s.LogQuery, Query()]
) -> Response:
    """The steps in order; `total_steps` counts all of them, whatever was asked for."""
    del caller
    parts, identity = parts_of(request), str(task_id)
    await _reach(parts, query.wait_for)
    await _visible(parts, identity)

    def read() -> Response:
        wanted = query.model_dump(exclude={"wait_for"})
        return answer(200, s.ExecutionLog.model_validate(parts.readings.execution_log(identity, **wanted)))

    return await run_in_threadpool(read)


async def _reach(parts: Parts, fact: str | None) -> None:
    if fact is None:
        return
    try:
        reached = await run_in_threadpool(parts.wait_until, fact, WAIT_FOR_SECONDS)
    except ValueError as error:
        raise HTTPException(422, f"wait_for: {error}") from error
    if not reached:
        raise NotReadYet(f"the readings have not reached {fact!r} yet; ask again")


async def _visible(parts: Parts, task_id: str) -> TaskAnswer:
    """The task; waits a moment for one that was submitted just now."""
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
