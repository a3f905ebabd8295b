"""Deleting old pictures and traces on request; it is also done regularly by itself."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import Admin, GuardedRoute
from api.parts import parts_of
from api.retention import prune
from api.told import MALFORMED, said, scope

router = APIRouter(
    prefix="/api/browser-tasks", tags=["artifacts"], route_class=GuardedRoute, responses={**scope("admin"), **MALFORMED}
)


@router.post(
    "/artifacts/prune",
    response_model=s.Answer[s.Pruned],
    responses=said(503, "The readings are behind the log, or the store of artifacts does not answer; try again"),
    summary="Delete old files of steps",
)
async def prune_artifacts(request: Request, caller: Admin, asked: s.Prune) -> Response:
    """Delete files of tasks that are over, if they were put longer ago than asked; facts go on naming them."""
    del caller
    parts, older_than = parts_of(request), timedelta(days=asked.older_than_days)
    pruned = await run_in_threadpool(lambda: prune(parts, older_than, dry_run=asked.dry_run))
    return answer(200, s.Pruned(dry_run=asked.dry_run, **asdict(pruned)))
