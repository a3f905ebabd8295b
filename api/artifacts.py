"""Pictures and traces of steps, over HTTP: only what a step of the task names, and nothing that a page made can act here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import schemas as s
from api.answers import answer
from api.auth import GuardedRoute, Reader
from api.parts import Parts, parts_of
from api.schemas.base import MAX_NUMBER
from api.told import MALFORMED, NOT_READ, UNKNOWN_EITHER, said, scope
from api.visible import reach, visible
from events.errors import ArtifactGone, ArtifactsUnreachable, NoSuchArtifact

router = APIRouter(
    prefix="/api/browser-tasks", tags=["tasks"], route_class=GuardedRoute, responses={**scope("read"), **MALFORMED}
)

_MOST_STEPS = 10_000
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,100}")
_SHOWN_IN_PLACE = frozenset({"image/jpeg", "image/png", "image/webp"})
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/zip": "zip"}
#: What is served was made by foreign pages: never to be run here, never to be taken for something else.
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, max-age=31536000, immutable",
}
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The content, in its own media type", "content": {"application/octet-stream": {}}},
    304: {"description": "Unchanged since it was last asked for (`If-None-Match`)"},
}

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
StepNumber = Annotated[int, Path(ge=0, le=MAX_NUMBER)]


@router.get(
    "/{task_id}/artifacts",
    response_model=s.Answer[s.ArtifactList],
    responses={**UNKNOWN_EITHER, **NOT_READ},
    summary="List the files of a task's steps",
)
async def artifacts(
    request: Request, caller: Reader, task_id: UUID, query: Annotated[s.TaskQuery, Query()]
) -> Response:
    """Screenshots, traces and what else its steps kept."""
    del caller
    return await _listed(parts_of(request), str(task_id), query.wait_for, None)


@router.get(
    "/{task_id}/steps/{step_number}/artifacts",
    response_model=s.Answer[s.ArtifactList],
    responses={**UNKNOWN_EITHER, **NOT_READ},
    summary="List the files of one step",
)
async def step_artifacts(
    request: Request, caller: Reader, task_id: UUID, step_number: StepNumber, query: Annotated[s.TaskQuery, Query()]
) -> Response:
    """The same for one step; none when there is no such step."""
    del caller
    return await _listed(parts_of(request), str(task_id), query.wait_for, step_number)


@router.get(
    "/{task_id}/artifacts/{sha256}",
    response_class=Response,
    responses={
        **_CONTENT,
        **said(404, "No such task, or none of its steps names this artifact"),
        **said(410, "A step names it, and it is not kept any more"),
        **said(503, "The store of artifacts does not answer"),
    },
    summary="Get a file of a step",
)
async def content(request: Request, caller: Reader, task_id: UUID, sha256: Sha256) -> Response:
    """The bytes of an artifact that a step of this task names."""
    del caller
    parts, identity = parts_of(request), str(task_id)
    await visible(parts, identity)
    named = await run_in_threadpool(lambda: next(_named(parts, identity, sha256=sha256), None))
    if named is None:
        raise NoSuchArtifact(f"no step of task {identity!r} names the artifact {sha256!r}")
    headers = {**_SAFE, "ETag": f'"{sha256}"', "Content-Disposition": _disposition(named)}
    if sha256 in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(await _kept(parts, sha256), media_type=_media_type(named), headers=headers)


async def _listed(parts: Parts, task_id: str, wait_for: str | None, step_number: int | None) -> Response:
    await reach(parts, wait_for, task_id)
    await visible(parts, task_id)
    found = await run_in_threadpool(lambda: list(_named(parts, task_id, step_number=step_number)))
    return answer(200, s.ArtifactList(task_id=task_id, artifacts=found))


def _named(
    parts: Parts, task_id: str, *, step_number: int | None = None, sha256: str | None = None
) -> Iterator[s.StepArtifact]:
    """What the steps name; facts may come from workers of others, so a name of another form is passed over."""
    steps = parts.readings.execution_log(task_id, step_min=step_number, step_max=step_number, limit=_MOST_STEPS)
    for step in steps.execution_log:
        for kept in step.artifacts:
            name = str(kept.get("sha256"))
            if not re.fullmatch(r"[0-9a-f]{64}", name) or (sha256 is not None and name != sha256):
                continue
            yield s.StepArtifact(
                step_number=step.step_number,
                kind=str(kept.get("kind")),
                sha256=name,
                media_type=str(kept.get("media_type")),
                size_bytes=int(kept.get("size_bytes") or 0),
                url=f"{router.prefix}/{task_id}/artifacts/{name}",
            )


async def _kept(parts: Parts, sha256: str) -> bytes:
    try:
        return await parts.artifacts.get(sha256)
    except FileNotFoundError as error:
        raise ArtifactGone(
            f"artifact {sha256!r} is not kept any more, or not where this API looks (GOALTRAIL_ARTIFACTS)"
        ) from error
    except OSError as error:
        raise ArtifactsUnreachable(f"the store of artifacts does not answer: {error}") from error


def _media_type(named: s.StepArtifact) -> str:
    return named.media_type if _MEDIA_TYPE.fullmatch(named.media_type) else "application/octet-stream"


def _disposition(named: s.StepArtifact) -> str:
    kind = re.sub(r"[^a-z0-9_-]", "", named.kind.lower())[:40] or "artifact"
    ending = _ENDINGS.get(named.media_type, "bin")
    way = "inline" if named.media_type in _SHOWN_IN_PLACE else "attachment"
    return f'{way}; filename="step-{named.step_number}-{kind}.{ending}"'
