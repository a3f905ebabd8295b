"""Dead letters over HTTP: shown, redriven, discarded; each act a record beside the letters."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import Admin, GuardedRoute, Reader
from api.parts import Parts, parts_of
from api.redriving import key_of_act, resend_of
from api.told import MALFORMED, NO_BROKER, said, scope
from events.codec import encode
from events.dead_letter import DeadLetterDiscarded, DeadLetterRedriven
from events.errors import NoSuchLetter
from producers.publisher import Placement
from projections.desk_answers import DeadLetterAnswer

_READ_SECONDS = 2.0  # an act is waited for this long: whoever asks right after it should see it

router = APIRouter(
    prefix="/api/browser-tasks/dead-letters",
    tags=["dead letters"],
    route_class=GuardedRoute,
    responses={**scope("read", "or `admin` to act"), **MALFORMED},
)
_UNKNOWN = said(404, "No such dead letter")
_ACTS = {**_UNKNOWN, **NO_BROKER}

Letter = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9._-]{1,249}:\d{1,4}:\d{1,18}$", description="`topic:partition:offset` of the letter"),
]


@router.get("", response_model=s.Answer[s.DeadLetterPage], summary="List dead letters")
async def list_letters(request: Request, caller: Reader, query: Annotated[s.DeadLetterQuery, Query()]) -> Response:
    """Records nobody could process, newest first."""
    del caller
    readings = parts_of(request).readings

    def read() -> Response:
        return answer(200, s.DeadLetterPage.model_validate(readings.dead_letters(**dict(query))))

    return await run_in_threadpool(read)


@router.get("/{letter}", response_model=s.Answer[s.DeadLetter], responses=_UNKNOWN, summary="Show a dead letter")
async def show(request: Request, caller: Reader, letter: Letter) -> Response:
    """The reason, the bytes as they were kept, and what operators did."""
    del caller
    found = await _found(parts_of(request), letter)
    return answer(200, s.DeadLetter.model_validate(found))


@router.post(
    "/{letter}/redrive",
    response_model=s.Answer[s.LetterDone],
    responses={**_ACTS, **said(409, "It cannot be sent again; the error says why")},
    summary="Redrive a dead letter",
)
async def redrive(request: Request, caller: Admin, letter: Letter, asked: s.Redrive | None = None) -> Response:
    """Send the command again as it was, or have the webhook tried again; twice is once unless `force` says so."""
    parts, wanted = parts_of(request), asked or s.Redrive()
    async with _acting(request):
        found = await _found(parts, letter)
        resend = resend_of(found, parts.topics)
        if found.state == "redriven" and not wanted.force:
            return _already(found, "dead_letter.redriven")
        sent: Placement | None = None
        if resend is not None:
            sent = await asyncio.wrap_future(parts.publisher.send(resend.topic, resend.key, resend.body))
        act = DeadLetterRedriven(
            letter=letter,
            by=caller.signature,
            note=wanted.note,
            redriven_to=None if sent is None else str(sent),
            recorded_at=datetime.now(UTC),
        )
        return await _record(parts, found, act)


@router.post(
    "/{letter}/discard", response_model=s.Answer[s.LetterDone], responses=_ACTS, summary="Discard a dead letter"
)
async def discard(request: Request, caller: Admin, letter: Letter, asked: s.Discard | None = None) -> Response:
    """Decide that nothing is to be done about it; it stays in the log and in the list."""
    parts = parts_of(request)
    async with _acting(request):
        found = await _found(parts, letter)
        if found.state == "discarded":
            return _already(found, "dead_letter.discarded")
        note = asked.note if asked else ""
        return await _record(
            parts,
            found,
            DeadLetterDiscarded(letter=letter, by=caller.signature, note=note, recorded_at=datetime.now(UTC)),
        )


def _acting(request: Request) -> asyncio.Lock:
    """One act at a time: two clicks at once must not send a command twice."""
    lock: asyncio.Lock = request.app.state.letter_acts
    return lock


async def _found(parts: Parts, letter: str) -> DeadLetterAnswer:
    found = await run_in_threadpool(parts.readings.dead_letter, letter)
    if found is None:
        raise NoSuchLetter(f"there is no dead letter {letter!r}: see `goaltrail dead-letters list`")
    return found


async def _record(parts: Parts, found: DeadLetterAnswer, act: DeadLetterRedriven | DeadLetterDiscarded) -> Response:
    sent = parts.publisher.send(parts.topics.dead_letters, key_of_act(found), encode(act))
    placed = await asyncio.wrap_future(sent)
    await run_in_threadpool(parts.wait_until, str(placed), _READ_SECONDS)
    done: Literal["redriven", "discarded"] = "redriven" if isinstance(act, DeadLetterRedriven) else "discarded"
    return answer(
        200,
        s.LetterDone(
            letter=act.letter,
            state=done,
            by=act.by,
            already_true=False,
            redriven_to=act.redriven_to if isinstance(act, DeadLetterRedriven) else None,
            recorded_at=act.recorded_at,
            fact=str(placed),
        ),
    )


def _already(found: DeadLetterAnswer, kind: str) -> Response:
    act = next(act for act in reversed(found.acts) if act.type == kind)
    return answer(
        200,
        s.LetterDone(
            letter=found.letter,
            state=found.state,
            by=act.by,
            already_true=True,
            redriven_to=act.redriven_to,
            recorded_at=act.at,
            fact=None,
        ),
    )
