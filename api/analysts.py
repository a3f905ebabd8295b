"""Analysts' queries over HTTP: read-only SQL on the newest snapshot, and the snapshots themselves."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.answers import answer
from api.auth import Admin, Analyst, GuardedRoute
from api.parts import parts_of
from api.schemas import Answer, Failure, Given, Taken
from projections.sql_limits import SqlColumn

_LOOK_SECONDS = 0.2  # how long after the asker left its query may go on

_FAILURES: dict[int | str, dict[str, Any]] = {
    401: {"model": Failure, "description": "No key, or one that opens nothing"},
    403: {"model": Failure, "description": "The key lacks the scope `sql`, or `admin` to publish"},
    422: {"model": Failure, "description": "No single query, out of reach, or beyond a limit; the error says which"},
    503: {"model": Failure, "description": "No snapshot yet, or every worker is busy; ask again"},
}

router = APIRouter(prefix="/api/browser-tasks", tags=["analysts"], route_class=GuardedRoute, responses=_FAILURES)


class Query(Taken):
    """One query in DuckDB's SQL."""

    sql: Annotated[str, Field(min_length=1, max_length=65_536, description="SELECT, WITH, SHOW, DESCRIBE or EXPLAIN")]


class Rows(Given):
    """The whole result of a query; times are ISO 8601, decimals and UUIDs are text."""

    columns: list[SqlColumn]
    rows: list[list[Any]]
    row_count: int
    elapsed_ms: float


class Published(Given):
    """A snapshot was published."""

    snapshot: str = Field(description="file name, in the snapshots folder of the API's data folder")


@router.post("/sql", response_model=Answer[Rows], summary="Query the newest snapshot")
async def query(request: Request, caller: Analyst, asked: Query) -> Response:
    """Answer one read-only query; it ends when the caller hangs up, or at its limits of time, memory and size."""
    del caller
    running = asyncio.create_task(parts_of(request).analysts.run(asked.sql))
    try:
        while not running.done():
            await asyncio.wait({running}, timeout=_LOOK_SECONDS)
            if not running.done() and await request.is_disconnected():
                break
    finally:
        running.cancel()
    return answer(200, Rows.model_validate(await running))


@router.post("/snapshots", status_code=201, response_model=Answer[Published], summary="Publish a snapshot now")
async def publish(request: Request, caller: Admin) -> Response:
    """Publish what is visible now for queries; also done regularly by itself."""
    del caller
    path = await run_in_threadpool(parts_of(request).analysts.publish)
    return answer(201, Published(snapshot=path.name))
