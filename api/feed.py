"""Everything that happens, as one stream of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.auth import GuardedRoute, Reader
from api.parts import Parts, parts_of
from api.told import MALFORMED, scope

_LOOK_SECONDS = 0.2  # how long a fact may have been visible before it is sent
_PING_SECONDS = 15
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "One event per fact of any task", "content": {"text/event-stream": {}}}
}

router = APIRouter(
    prefix="/api/browser-tasks", tags=["tasks"], route_class=GuardedRoute, responses={**scope("read"), **MALFORMED}
)
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern=r"^[0-9]{1,18}(,[0-9]{1,18}){0,999}$",
        description="the id of the last event seen: go on behind it. From now on when omitted",
    ),
]


@router.get("/stream", response_class=EventSourceResponse, responses=_STREAM, summary="Follow everything")
async def stream(request: Request, caller: Reader, last_event_id: LastEventId = None) -> Response:
    """Every task fact as a server-sent event, in the order in which this API read it.

    An id names how far each partition was read, so that any API process can go on from it.
    """
    del caller
    parts = parts_of(request)
    since = None if last_event_id is None else [int(offset) for offset in last_event_id.split(",")]
    return EventSourceResponse(_facts(parts, since), ping=_PING_SECONDS)


async def _facts(parts: Parts, since: list[int] | None) -> AsyncIterator[ServerSentEvent]:
    reached = await run_in_threadpool(parts.readings.facts_read) if since is None else since
    while True:
        found = await run_in_threadpool(parts.readings.facts_behind, reached)
        for task_id, fact in found:
            reached = [*reached, *[0] * (fact.partition + 1 - len(reached))]
            reached[fact.partition] = fact.offset + 1
            told = s.FeedFact.model_validate({**s.TimelineFact.model_validate(fact).model_dump(), "task_id": task_id})
            yield ServerSentEvent(told.model_dump_json(), event=fact.type, id=",".join(map(str, reached)))
        if not found:
            await asyncio.sleep(_LOOK_SECONDS)
