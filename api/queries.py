"""The calls that only look: answered from the readings, in threads, so that the loop stays free."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import GuardedRoute, Reader
from api.parts import parts_of
from api.told import NOT_READ, UNKNOWN_COMMAND
from api.visible import reach, visible
from events.errors import NoSuchTask
from projections.answers import TaskAnswer

_FAILURES: dict[int | str, dict[str, Any]] = {
    401: {"model": s.Failure, "description": "No key, or one that opens nothing"},
    403: {"model": s.Failure, "description": "The key lacks the scope `read`"},
    422: {"model": s.Failure, "description": "Malformed input; the error names the field"},
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": s.Failure, "description": "No such task, or nobody heard of the command in `wait_for`"},
    503: {"model": s.Failure, "description": "The readings have not reached `wait_for` yet; ask again"},
}

router = APIRouter(prefix="/api/browser-tasks", tags=["tasks"], route_class=GuardedRoute, responses=_FAILURES)


@router.get(
    "",
    response_model=s.Answer[s.TaskPage],
    responses={**NOT_READ, **UNKNOWN_COMMAND},
    summary="List tasks, newest first",
)
async def list_tasks(request: Request, caller: Reader, query: Annotated[s.ListQuery, Query()]) -> Response:
    """A page of tasks; `total` counts all that match."""
    del caller
    parts = parts_of(request)
    await reach(parts, query.wait_for)

    def read() -> Response:
        try:
            page = parts.readings.list_tasks(**query.wanted)
        except ValueError as error:
            raise HTTPException(422, f"cursor: {error}") from error
        return answer(200, s.TaskPage.model_validate(page))

    return await run_in_threadpool(read)


@router.get("/{task_id}", response_model=s.Answer[s.TaskView], responses=_UNKNOWN, summary="Show a task")
async def get_task(
    request: Request, caller: Reader, task_id: UUID, query: Annotated[s.TaskPointQuery, Query()]
) -> Response:
    """Every field of a task as of now; with `wait_for`, as of that fact or later; with `as_of`, as it was then."""
    del caller
    parts, identity = parts_of(request), str(task_id)
    await reach(parts, query.wait_for, identity)
    task: TaskAnswer | None = await visible(parts, identity)
    if query.as_of is not None:
        then = partial(parts.readings.task_as_of, identity, moment=query.moment, version=query.version)
        task = await run_in_threadpool(then)
        if task is None:
            raise NoSuchTask(f"there was no task {identity!r} as of {query.as_of}")
    return answer(200, s.TaskView.model_validate(task))


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
    await reach(parts, query.wait_for, identity)
    await visible(parts, identity)

    def read() -> Response:
        wanted = query.model_dump(exclude={"wait_for"})
        return answer(200, s.ExecutionLog.model_validate(parts.readings.execution_log(identity, **wanted)))

    return await run_in_threadpool(read)
