"""Workers over HTTP: who is there with what load, and which of them shall take no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.access import Caller
from api.answers import answer
from api.asking import ordered
from api.auth import Admin, GuardedRoute, Reader
from api.parts import parts_of
from api.told import MALFORMED, NO_BROKER, said, scope, underway
from events.errors import NoSuchWorker
from events.queues import DrainWorker, ResumeWorker, WorkerOrder

router = APIRouter(
    prefix="/api/browser-tasks/workers",
    tags=["workers"],
    route_class=GuardedRoute,
    responses={**scope("read", "or `admin` to give orders"), **MALFORMED},
)
_ORDERS = {**underway(s.OrderUnderway), **said(404, "No such worker was ever heard"), **NO_BROKER}

WorkerName = Annotated[str, Path(min_length=1, max_length=200, description="as the list of workers shows it")]


@router.get("", response_model=s.Answer[s.WorkerList], summary="List workers")
async def list_workers(request: Request, caller: Reader, query: Annotated[s.WorkerQuery, Query()]) -> Response:
    """Who is there, with capacity, load and the tasks held; those that fell silent if asked for."""
    del caller
    readings = parts_of(request).readings

    def read() -> Response:
        found = readings.workers(datetime.now(UTC), include_gone=query.include_gone)
        return answer(200, s.WorkerList(workers=[s.WorkerView.model_validate(worker) for worker in found]))

    return await run_in_threadpool(read)


@router.post("/{worker}/drain", response_model=s.Answer[s.WorkerOrdered], responses=_ORDERS, summary="Drain a worker")
async def drain(request: Request, caller: Admin, worker: WorkerName, asked: s.Order | None = None) -> Response:
    """Give the worker nothing more; it finishes what it holds."""
    return await _give(request, caller, worker, "drain", DrainWorker(reason=asked.reason if asked else ""))


@router.post(
    "/{worker}/resume", response_model=s.Answer[s.WorkerOrdered], responses=_ORDERS, summary="Let a worker go on"
)
async def resume(request: Request, caller: Admin, worker: WorkerName) -> Response:
    """Give the worker tasks again."""
    return await _give(request, caller, worker, "resume", ResumeWorker())


async def _give(
    request: Request, caller: Caller, worker: str, order: Literal["drain", "resume"], command: WorkerOrder
) -> Response:
    parts = parts_of(request)
    # Names are long and typed by hand: an order about nobody would be taken in silence.
    heard = await run_in_threadpool(parts.readings.workers, datetime.now(UTC), include_gone=True)
    if all(known.worker != worker for known in heard):
        raise NoSuchWorker(f"no worker {worker!r} was ever heard: see `goaltrail workers list`")
    command_id, outcome = await ordered(parts, caller, worker, command)
    if outcome is None:
        return answer(202, s.OrderUnderway(subject=worker, command_id=command_id))
    return answer(
        200,
        s.WorkerOrdered(
            worker=worker,
            order=order,
            already_true=outcome.result == "already_true",
            decided_at=outcome.decided_at,
            fact=outcome.fact,
        ),
    )
