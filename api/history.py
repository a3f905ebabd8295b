"""What happened around one task, over HTTP: attempts to recover it, and calls to its `callback_url`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import GuardedRoute, Reader
from api.parts import parts_of
from api.told import MALFORMED, NOT_READ, UNKNOWN_EITHER, scope
from api.visible import reach, visible

router = APIRouter(
    prefix="/api/browser-tasks", tags=["tasks"], route_class=GuardedRoute, responses={**scope("read"), **MALFORMED}
)
_UNKNOWN = {**UNKNOWN_EITHER, **NOT_READ}


@router.get(
    "/{task_id}/recoveries",
    response_model=s.Answer[s.RecoveryList],
    responses=_UNKNOWN,
    summary="Show how a task was recovered",
)
async def recoveries(
    request: Request, caller: Reader, task_id: UUID, query: Annotated[s.TaskQuery, Query()]
) -> Response:
    """Each attempt with its error, its strategy and whether it held."""
    del caller
    parts, identity = parts_of(request), str(task_id)
    await reach(parts, query.wait_for, identity)
    await visible(parts, identity)
    found = await run_in_threadpool(parts.readings.recoveries, identity)
    shown = [s.Recovery.model_validate(recovery) for recovery in found]
    return answer(200, s.RecoveryList(task_id=identity, recoveries=shown))


@router.get(
    "/{task_id}/webhooks",
    response_model=s.Answer[s.WebhookList],
    responses=_UNKNOWN,
    summary="Show the calls to a task's callback_url",
)
async def webhooks(request: Request, caller: Reader, task_id: UUID, query: Annotated[s.TaskQuery, Query()]) -> Response:
    """Each message with how often it was tried, and how it ended."""
    del caller
    parts, identity = parts_of(request), str(task_id)
    await reach(parts, query.wait_for, identity)
    await visible(parts, identity)
    found = await run_in_threadpool(parts.readings.webhooks, identity)
    return answer(200, s.WebhookList(task_id=identity, webhooks=[s.Webhook.model_validate(one) for one in found]))
