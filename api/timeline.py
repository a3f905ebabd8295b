"""What happened to a task, fact by fact: as a list, and as a stream of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import GuardedRoute, Reader
from api.parts import Parts, parts_of
from api.told import MALFORMED, NOT_READ, UNKNOWN_EITHER, UNKNOWN_TASK, scope
from api.visible import reach, visible
from events.task import FINAL

_LOOK_SECONDS = 0.2  # how long a fact may have been visible before it is sent
_PING_SECONDS = 15
_BATCH = 500
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "One event per fact: its type, its data, its id", "content": {"text/event-stream": {}}}
}

router = APIRouter(
    prefix="/api/browser-tasks", tags=["tasks"], route_class=GuardedRoute, responses={**scope("read"), **MALFORMED}
)
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID", pattern=r"^[0-9]{1,9}$", description="the id of the last event seen: go on behind it"
    ),
]


@router.get(
    "/{task_id}/events",
    response_model=s.Answer[s.Timeline],
    responses={**UNKNOWN_EITHER, **NOT_READ},
    summary="Show what happened to a task",
)
async def events(
    request: Request, caller: Reader, task_id: UUID, query: Annotated[s.TimelineQuery, Query()]
) -> Response:
    """Every fact of the task, oldest first."""
    del caller
    parts, identity = parts_of(request), str(task_id)
    await reach(parts, query.wait_for, identity)
    await visible(parts, identity)

    def read() -> Response:
        found = parts.readings.timeline(identity, after_version=query.after_version, limit=query.limit)
        return answer(200, s.Timeline(task_id=identity, events=[s.TimelineFact.model_validate(one) for one in found]))

    return await run_in_threadpool(read)


@router.get(
    "/{task_id}/stream",
    response_class=EventSourceResponse,
    responses={**_STREAM, **UNKNOWN_TASK},
    summary="Follow a task",
)
async def stream(request: Request, caller: Reader, task_id: UUID, last_event_id: LastEventId = None) -> Response:
    """Every fact of the task as a server-sent event, from the first on or behind `Last-Event-ID`; ends with the task."""
    del caller
    parts, identity = parts_of(request), str(task_id)
    await visible(parts, identity)
    return EventSourceResponse(_facts_of(parts, identity, int(last_event_id or 0)), ping=_PING_SECONDS)


async def _facts_of(parts: Parts, task_id: str, version: int) -> AsyncIterator[ServerSentEvent]:
    while True:
        task = await run_in_threadpool(parts.readings.get_task, task_id)
        found = await run_in_threadpool(parts.readings.timeline, task_id, after_version=version, limit=_BATCH)
        for fact in found:
            version = fact.version
            told = s.TimelineFact.model_validate(fact)
            yield ServerSentEvent(told.model_dump_json(), event=fact.type, id=str(version))
        if task is not None and task.status in FINAL and version >= task.version:
            return
        if not found:
            await asyncio.sleep(_LOOK_SECONDS)
