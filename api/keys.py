"""API keys over HTTP: made, listed, revoked; each a fact in `access.events`."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from starlette.requests import Request

from api import schemas as s
from api.access import Caller, KeyRing, created, new_key, new_key_id
from api.answers import answer
from api.auth import Admin, GuardedRoute
from api.parts import parts_of
from events.access import SCOPES, AccessEnvelope, KeyCreated, KeyRevoked
from events.codec import encode
from events.errors import NoSuchKey
from events.topics import Topics
from producers.publisher import Publisher

_FAILURES: dict[int | str, dict[str, Any]] = {
    401: {"model": s.Failure, "description": "No key, or one that opens nothing"},
    403: {"model": s.Failure, "description": "The key lacks the scope `admin`"},
    422: {"model": s.Failure, "description": "Malformed input; the error names the field"},
    503: {"model": s.Failure, "description": "The broker took nothing; try again"},
}

router = APIRouter(prefix="/api/keys", tags=["keys"], route_class=GuardedRoute, responses=_FAILURES)


@router.post("", status_code=201, response_model=s.Answer[s.KeyMade], summary="Make an API key")
async def make(request: Request, caller: Admin, wanted: s.CreateKey) -> Response:
    """Make a key and show it, this once; only its hash is kept."""
    key = new_key()
    event = created(key, key_id=new_key_id(), name=wanted.name, scopes=wanted.scopes)
    await _record(request, caller, event)
    return answer(201, s.KeyMade(key_id=event.key_id, name=event.name, scopes=event.scopes, key=key))


@router.get("", response_model=s.Answer[s.KeyList], summary="List API keys")
async def list_keys(request: Request, caller: Admin) -> Response:
    """Every key the log tells of, oldest first, revoked ones too."""
    del caller
    keys = [s.KeyView.model_validate(known) for known in parts_of(request).keys.all()]
    return answer(200, s.KeyList(keys=keys))


@router.delete(
    "/{key_id}",
    response_model=s.Answer[s.KeyGone],
    responses={404: {"model": s.Failure, "description": "No such key"}},
    summary="Revoke an API key",
)
async def revoke(request: Request, caller: Admin, key_id: Annotated[str, Path(max_length=100)]) -> Response:
    """Make a key useless, here at once and in other API processes within a moment; twice is once."""
    keys = parts_of(request).keys
    known = keys.find(key_id)
    if known is None:
        raise NoSuchKey(f"there is no key {key_id!r}")
    at = known.revoked_at or await _record(request, caller, KeyRevoked(key_id=key_id))
    return answer(200, s.KeyGone(key_id=key_id, revoked_at=at))


async def _record(request: Request, caller: Caller, event: KeyCreated | KeyRevoked) -> datetime:
    parts = parts_of(request)
    envelope = envelope_of(event, by=caller.issued_by)
    placement = parts.publisher.send(parts.topics.access_events, event.key_id, encode(envelope))
    await asyncio.wrap_future(placement)
    parts.keys.apply(envelope)
    return envelope.recorded_at


def envelope_of(event: KeyCreated | KeyRevoked, *, by: str) -> AccessEnvelope:
    """A fact about keys, with its id and time."""
    return AccessEnvelope(event_id=uuid.uuid4().hex, recorded_at=datetime.now(UTC), by=by, event=event)


def admit_operator(ring: KeyRing, publisher: Publisher, topics: Topics, key: str) -> None:
    """See that the operator's key opens everything; the log gets its hash, once.

    A revoked one stays revoked: whoever did that deletes the file and lets the next start make another.

    Raises:
        PublishFailed: the broker did not take the fact.
    """
    if ring.knows(key):
        return
    event = created(key, key_id=f"operator-{new_key_id()}", name="operator", scopes=list(SCOPES))
    envelope = envelope_of(event, by="api:start")
    publisher.send(topics.access_events, event.key_id, encode(envelope)).result()
    ring.apply(envelope)
