"""Queues over HTTP: how they are doing, and the orders operators give the dispatcher about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import queue_health
from api import schemas as s
from api.access import Caller
from api.answers import answer
from api.asking import ordered
from api.auth import Admin, GuardedRoute, Reader
from api.parts import parts_of
from api.told import MALFORMED, NO_BROKER, scope, underway
from events.goal import Name
from events.queues import Ceilings, PauseQueue, QueueCommand, ResumeQueue, SetCeilings

router = APIRouter(
    prefix="/api/browser-tasks",
    tags=["queues"],
    route_class=GuardedRoute,
    responses={**scope("read", "or `admin` to give orders"), **MALFORMED},
)
_ORDERS = {**underway(s.OrderUnderway), **NO_BROKER}

QueueName = Annotated[Name, Path(description="as goals name it; `default` when they name none")]


@router.get("/queue/status", response_model=s.Answer[s.QueueStatus], summary="How the queues are doing")
async def queue_status(request: Request, caller: Reader) -> Response:
    """Depth, waiting and completion times over all queues, and a health whose thresholds are documented."""
    del caller
    readings = parts_of(request).readings

    def read() -> Response:
        now = datetime.now(UTC)
        status, workers = readings.queue_status(now), readings.workers(now)
        health, reasons = queue_health.judge(status, workers)
        fields = {name: getattr(status, name) for name in type(status).__dataclass_fields__}
        judged = {"health": health, "health_reasons": reasons, "workers": queue_health.serving(workers)}
        return answer(200, s.QueueStatus.model_validate({**fields, **judged}))

    return await run_in_threadpool(read)


@router.get("/queues", response_model=s.Answer[s.QueueList], summary="List queues")
async def list_queues(request: Request, caller: Reader) -> Response:
    """Every queue that has tasks or that somebody gave an order about, with its ceilings."""
    del caller
    readings = parts_of(request).readings

    def read() -> Response:
        status = readings.queue_status(datetime.now(UTC))
        return answer(200, s.QueueList(queues=[s.QueueView.model_validate(row) for row in status.queues]))

    return await run_in_threadpool(read)


@router.put("/queues/{name}/pause", response_model=s.Answer[s.QueueOrdered], responses=_ORDERS, summary="Pause a queue")
async def pause(request: Request, caller: Admin, name: QueueName, asked: s.Order | None = None) -> Response:
    """Give out nothing more of the queue; what runs goes on, and goals are still taken on."""
    return await _give(request, caller, name, "pause", PauseQueue(reason=asked.reason if asked else ""))


@router.put(
    "/queues/{name}/resume", response_model=s.Answer[s.QueueOrdered], responses=_ORDERS, summary="Resume a queue"
)
async def resume(request: Request, caller: Admin, name: QueueName) -> Response:
    """Give out the queue's tasks again."""
    return await _give(request, caller, name, "resume", ResumeQueue())


@router.put(
    "/queues/{name}/ceilings", response_model=s.Answer[s.QueueOrdered], responses=_ORDERS, summary="Set ceilings"
)
async def ceilings(request: Request, caller: Admin, name: QueueName, wanted: s.Ceilings) -> Response:
    """Replace all ceilings of the queue; what is left out or null is no limit."""
    return await _give(request, caller, name, "ceilings", SetCeilings(ceilings=Ceilings(**dict(wanted))))


async def _give(
    request: Request, caller: Caller, name: str, order: Literal["pause", "resume", "ceilings"], command: QueueCommand
) -> Response:
    command_id, outcome = await ordered(parts_of(request), caller, name, command)
    if outcome is None:
        return answer(202, s.OrderUnderway(subject=name, command_id=command_id))
    return answer(
        200,
        s.QueueOrdered(
            queue=name,
            order=order,
            already_true=outcome.result == "already_true",
            decided_at=outcome.decided_at,
            fact=outcome.fact,
        ),
    )
