"""The desk: tasks that need a human, taken on and decided over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.asking import decided
from api.auth import GuardedRoute, Reader, Writer
from api.parts import parts_of
from api.told import MALFORMED, NO_BROKER, REFUSED, UNKNOWN_TASK, said, scope, underway
from events.commands import ClaimEscalation, ResolveEscalation
from events.errors import NoSuchTask
from events.task import Status

router = APIRouter(
    prefix="/api/browser-tasks/escalations",
    tags=["desk"],
    route_class=GuardedRoute,
    responses={**scope("read", "or `write` to act"), **MALFORMED},
)
_ACTS: dict[int | str, dict[str, Any]] = {**underway(s.Underway), **UNKNOWN_TASK, **REFUSED, **NO_BROKER}
_STATUS = {"retry": Status.PENDING, "complete": Status.COMPLETED, "cancel": Status.CANCELLED}


@router.get("", response_model=s.Answer[s.EscalationPage], summary="List open escalations")
async def list_escalations(request: Request, caller: Reader, query: Annotated[s.EscalationQuery, Query()]) -> Response:
    """Tasks that wait for a human: the most urgent first, then those that wait longest."""
    del caller
    parts = parts_of(request)

    def read() -> Response:
        return answer(200, s.EscalationPage.model_validate(parts.readings.escalations(**dict(query))))

    return await run_in_threadpool(read)


@router.get(
    "/{task_id}",
    response_model=s.Answer[s.Escalation],
    responses=said(404, "The task has never been escalated"),
    summary="Show an escalation",
)
async def show(request: Request, caller: Reader, task_id: UUID) -> Response:
    """The task's newest escalation, with the evidence and the last steps; also after it was resolved."""
    del caller
    found = await run_in_threadpool(parts_of(request).readings.escalation, str(task_id))
    if found is None:
        raise NoSuchTask(f"the task {str(task_id)!r} has never been escalated")
    return answer(200, s.Escalation.model_validate(found))


@router.post("/{task_id}/claim", response_model=s.Answer[s.Claimed], responses=_ACTS, summary="Take an escalation on")
async def claim(request: Request, caller: Writer, task_id: UUID, asked: s.ClaimEscalation | None = None) -> Response:
    """Let others see that somebody looks after it; they cannot resolve it then."""
    parts, identity = parts_of(request), str(task_id)
    operator = (asked and asked.operator) or caller.name
    command_id, outcome = await decided(parts, caller, identity, ClaimEscalation(operator=operator))
    if outcome is None:
        return answer(202, s.Underway(task_id=identity, command_id=command_id))
    known = None
    if outcome.result == "already_true":
        known = await run_in_threadpool(parts.readings.escalation, identity)
    return answer(
        200,
        s.Claimed(
            task_id=identity,
            status=outcome.status or Status.ESCALATED,
            operator=operator,
            claimed_at=(known and known.claimed_at) or outcome.decided_at,
            fact=outcome.fact,
        ),
    )


@router.post(
    "/{task_id}/resolve",
    response_model=s.Answer[s.Resolved],
    responses={**_ACTS, **said(413, "The result is too large")},
    summary="Resolve an escalation",
)
async def resolve(request: Request, caller: Writer, task_id: UUID, asked: s.ResolveEscalation) -> Response:
    """Decide: `retry` with hints, `complete` with the result of what was done by hand, or `cancel`."""
    identity = str(task_id)
    operator = asked.operator or caller.name
    command = ResolveEscalation.model_validate({**dict(asked), "operator": operator})
    command_id, outcome = await decided(parts_of(request), caller, identity, command)
    if outcome is None:
        return answer(202, s.Underway(task_id=identity, command_id=command_id))
    return answer(
        200,
        s.Resolved(
            task_id=identity,
            status=outcome.status or _STATUS[asked.resolution],
            operator=operator,
            resolution=asked.resolution,
            resolved_at=outcome.decided_at,
            fact=outcome.fact,
        ),
    )
