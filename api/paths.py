"""Navigation paths over HTTP: shown, expired, pinned; each act a fact beside those of the runners."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import Admin, GuardedRoute, Reader
from api.parts import Parts, parts_of
from api.told import MALFORMED, NO_BROKER, said, scope
from events.errors import NoSuchPath
from events.paths import PathExpired, PathFact, PathPinned, PathUnpinned
from producers.paths import PathReporter
from projections.path_queries import EditionAnswer, PathAnswer

_READ_SECONDS = 2.0  # an act is waited for this long: whoever asks right after it should see it

router = APIRouter(
    prefix="/api/browser-tasks/paths",
    tags=["paths"],
    route_class=GuardedRoute,
    responses={**scope("read", "or `admin` to act"), **MALFORMED},
)
_UNKNOWN = said(404, "No such path or edition, or several begin so")
_ACTS = {**_UNKNOWN, **NO_BROKER}

Key = Annotated[str, Path(pattern=r"^[0-9a-f]{4,32}$", description="the path's key, or how it begins")]


@router.get("", response_model=s.Answer[s.PathPage], summary="List navigation paths")
async def list_paths(request: Request, caller: Reader, query: Annotated[s.PathQuery, Query()]) -> Response:
    """What runners have learned, the last used first."""
    del caller
    readings = parts_of(request).readings

    def read() -> Response:
        return answer(200, s.PathPage.model_validate(readings.paths(**dict(query))))

    return await run_in_threadpool(read)


@router.get("/{key}", response_model=s.Answer[s.PathDetails], responses=_UNKNOWN, summary="Show a navigation path")
async def show(request: Request, caller: Reader, key: Key) -> Response:
    """How it fares, and every edition with its steps."""
    del caller
    parts = parts_of(request)
    found = await _found(parts, key)
    editions = await run_in_threadpool(parts.readings.path_editions, found.path_key)
    shown = [s.Edition.model_validate(edition) for edition in editions]
    return answer(200, s.PathDetails(path=s.Path.model_validate(found), editions=shown))


@router.put("/{key}/expire", response_model=s.Answer[s.PathDone], responses=_ACTS, summary="Expire a navigation path")
async def expire(request: Request, caller: Admin, key: Key, asked: s.ExpirePath | None = None) -> Response:
    """Have the edition in use not replayed any more; a pin is taken off it."""
    parts = parts_of(request)
    found = await _found(parts, key)
    if found.edition is None or (found.state == "expired" and not found.pinned):
        return _already(found)
    reason = asked.reason if asked else ""
    if found.pinned:
        await _said(parts, caller.signature, found, PathUnpinned(reason=reason))
    return await _done(parts, caller.signature, found, PathExpired(path=found.edition, reason=reason))


@router.put("/{key}/pin", response_model=s.Answer[s.PathDone], responses=_ACTS, summary="Pin an edition of a path")
async def pin(request: Request, caller: Admin, key: Key, asked: s.PinPath | None = None) -> Response:
    """Have this edition replayed, whatever is learned later; it does not expire, and failures so far are forgotten."""
    parts, wanted = parts_of(request), asked or s.PinPath()
    found = await _found(parts, key)
    editions = await run_in_threadpool(parts.readings.path_editions, found.path_key)
    chosen = _edition(found, editions, wanted.edition)
    if found.pinned and found.edition == chosen and found.state == "usable":
        return _already(found)
    return await _done(parts, caller.signature, found, PathPinned(path=chosen, reason=wanted.reason))


@router.put("/{key}/unpin", response_model=s.Answer[s.PathDone], responses=_ACTS, summary="Unpin a path")
async def unpin(request: Request, caller: Admin, key: Key, asked: s.UnpinPath | None = None) -> Response:
    """Have the newest edition used again."""
    parts = parts_of(request)
    found = await _found(parts, key)
    if not found.pinned:
        return _already(found)
    return await _done(parts, caller.signature, found, PathUnpinned(reason=asked.reason if asked else ""))


async def _found(parts: Parts, key: str) -> PathAnswer:
    found = await run_in_threadpool(parts.readings.paths_named, key)
    if len(found) > 1:
        raise NoSuchPath(f"several paths begin with {key!r}: {', '.join(path.path_key[:12] for path in found)}")
    if not found:
        raise NoSuchPath(f"there is no path {key!r}: see `goaltrail paths list`")
    return found[0]


def _edition(found: PathAnswer, editions: list[EditionAnswer], wanted: str | None) -> str:
    name = wanted or found.edition or ""
    named = [edition.edition for edition in editions if edition.edition.startswith(name)]
    if not name or len(named) != 1:
        begins = ", ".join(edition.edition[:12] for edition in editions)
        raise NoSuchPath(
            f"path {found.path_key} has {len(named) if name else 'no'} editions {name!r}; there are: {begins}"
        )
    return named[0]


async def _said(parts: Parts, by: str, found: PathAnswer, fact: PathFact) -> str:
    sent = PathReporter(parts.publisher, parts.topics, by).append(found.site, found.goal_pattern, fact)
    placed = await asyncio.wrap_future(sent)
    return str(placed)


async def _done(parts: Parts, by: str, found: PathAnswer, fact: PathFact) -> Response:
    placed = await _said(parts, by, found, fact)
    await run_in_threadpool(parts.wait_until, placed, _READ_SECONDS)
    now = await _found(parts, found.path_key)
    return answer(200, _told(now, already=False, fact=placed))


def _already(found: PathAnswer) -> Response:
    return answer(200, _told(found, already=True, fact=None))


def _told(found: PathAnswer, *, already: bool, fact: str | None) -> s.PathDone:
    return s.PathDone(
        path_key=found.path_key,
        edition=found.edition,
        state=found.state,
        pinned=found.pinned,
        already_true=already,
        fact=fact,
    )
