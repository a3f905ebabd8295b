"""Metrics over HTTP, and the costs that no step carries."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import GuardedRoute, Reader, Writer
from api.parts import parts_of
from api.told import MALFORMED, NO_BROKER, UNKNOWN_TASK, scope
from api.visible import visible
from events.codec import encode
from events.envelope import StepEnvelope
from events.steps import CostReported

DEFAULT_DAYS = 30  #: today included

router = APIRouter(
    prefix="/api/browser-tasks",
    tags=["metrics"],
    route_class=GuardedRoute,
    responses={**scope("read", "or `write` to report a cost"), **MALFORMED},
)


@router.get("/metrics", response_model=s.Answer[s.Metrics], summary="How tasks went, by day, week or month")
async def metrics(request: Request, caller: Reader, query: Annotated[s.MetricsQuery, Query()]) -> Response:
    """Tasks that completed or failed on these days (UTC), their times, costs, cache hits and recoveries."""
    del caller
    readings = parts_of(request).readings
    first, last = _days(query)

    def read() -> Response:
        found = readings.metrics(first, last, query.group_by)
        fields = {name: getattr(found, name) for name in type(found).__dataclass_fields__}
        return answer(200, s.Metrics.model_validate({**fields, "date_from": first, "date_to": last}))

    return await run_in_threadpool(read)


def _days(query: s.MetricsQuery) -> tuple[date, date]:
    last = query.date_to or max(datetime.now(UTC).date(), query.date_from or date.min)
    since = max(date.min.toordinal(), last.toordinal() - DEFAULT_DAYS + 1)  # the calendar has a first day
    return query.date_from or date.fromordinal(since), last


@router.post(
    "/{task_id}/costs",
    status_code=201,
    response_model=s.Answer[s.CostTaken],
    responses={**UNKNOWN_TASK, **NO_BROKER},
    summary="Report a cost of a task",
)
async def report_cost(request: Request, caller: Writer, task_id: UUID, cost: s.ReportCost) -> Response:
    """Record a cost that no step carries; also after the task ended. Answers once it is on the log."""
    parts, identity = parts_of(request), str(task_id)
    await visible(parts, identity)
    envelope = StepEnvelope(
        event_id=uuid.uuid4().hex,
        task_id=identity,
        worker=caller.issued_by,
        lease_epoch=0,
        recorded_at=datetime.now(UTC),
        event=CostReported.model_validate(dict(cost)),
    )
    placement = parts.publisher.send(parts.topics.step_events, identity, encode(envelope))
    placed = await asyncio.wrap_future(placement)
    return answer(
        201,
        s.CostTaken(
            task_id=identity,
            cost=cost.cost,
            ai_provider=cost.ai_provider,
            recorded_at=envelope.recorded_at,
            fact=str(placed),
        ),
    )
