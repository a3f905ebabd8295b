"""Prices over HTTP: what the models that occurred cost, and which are unpriced."""

from __future__ import annotations

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import GuardedRoute, Reader
from api.parts import parts_of
from api.told import MALFORMED, scope

router = APIRouter(
    prefix="/api/browser-tasks", tags=["metrics"], route_class=GuardedRoute, responses={**scope("read"), **MALFORMED}
)


@router.get("/prices", response_model=s.Answer[s.Prices], summary="What the models that occurred cost")
async def prices(request: Request, caller: Reader) -> Response:
    """Every price of every model on the log; a model without one is unpriced, and its tokens cost `null`, not 0."""
    del caller
    readings = parts_of(request).readings

    def read() -> Response:
        found = readings.prices()
        return answer(200, s.Prices.model_validate({"prices": found}))

    return await run_in_threadpool(read)
