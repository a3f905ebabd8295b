"""One table from errors to HTTP statuses, and the one shape every failure has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from events.errors import (
    ArtifactGone,
    ArtifactsUnreachable,
    BodyTooLarge,
    BrokerUnreachable,
    CommandRejected,
    GoaltrailError,
    NoSnapshot,
    NoSuchArtifact,
    NoSuchCommand,
    NoSuchKey,
    NoSuchLetter,
    NoSuchPath,
    NoSuchTask,
    NoSuchWorker,
    NotAllowed,
    NotAuthenticated,
    NotReadYet,
    NotRedrivable,
    PublishFailed,
    QueryRefused,
    StoreMismatch,
    TooManyQueries,
)

log = structlog.get_logger(__name__)


STATUS_OF: dict[type[GoaltrailError], int] = {
    NotAuthenticated: 401,
    NotAllowed: 403,
    NoSuchTask: 404,
    NoSuchCommand: 404,
    NoSuchArtifact: 404,
    ArtifactGone: 410,
    NoSuchKey: 404,
    NoSuchLetter: 404,
    NoSuchPath: 404,
    NoSuchWorker: 404,
    NotRedrivable: 409,
    CommandRejected: 409,
    BodyTooLarge: 413,
    QueryRefused: 422,
    ArtifactsUnreachable: 503,
    NoSnapshot: 503,
    TooManyQueries: 503,
    NotReadYet: 503,
    PublishFailed: 503,
    BrokerUnreachable: 503,
    StoreMismatch: 503,
}
#: Where one error class has several meanings, its code decides.
STATUS_OF_CODE = {"unknown_task": 404, "undeliverable": 422, "try_again": 503}

_SHOWN_PROBLEMS = 10
_RETRY_AFTER_SECONDS = "1"


def status_of(error: GoaltrailError) -> int:
    """The HTTP status of an error of ours; 500 for one that no caller should meet."""
    if isinstance(error, CommandRejected):
        return STATUS_OF_CODE.get(error.code, STATUS_OF[CommandRejected])
    return next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), 500)


def failure(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An answer that says what went wrong."""
    return JSONResponse({"success": False, "data": None, "error": message}, status, headers)


def describe(problems: Sequence[Any]) -> str:
    """What is wrong with the input, each problem with its field: `priority: Input should be ...`."""
    shown = [f"{_field(problem['loc'])}: {_message(problem)}" for problem in problems[:_SHOWN_PROBLEMS]]
    more = len(problems) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _message(problem: Any) -> str:
    if problem["type"] in {"model_attributes_type", "missing"} and tuple(problem["loc"]) == ("body",):
        return "send a JSON object with `Content-Type: application/json`"
    return str(problem["msg"]).removeprefix("Value error, ")


def _field(location: Sequence[str | int]) -> str:
    names = [str(part) for part in location]
    # FastAPI puts the place first (body, query, path, header); the field's own name is what helps.
    inner = names[1:] if len(names) > 1 else names
    return "body" if inner[0].isdigit() else ".".join(inner)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    known = error if isinstance(error, GoaltrailError) else GoaltrailError(str(error))
    status = status_of(known)
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(known, NotAuthenticated) else {}
    if known.retryable:
        headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return failure(status, str(known), headers)


async def _http(_: Request, error: Exception) -> JSONResponse:
    known = error if isinstance(error, HTTPException) else HTTPException(500)
    return failure(known.status_code, str(known.detail), known.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    return failure(422, describe(problems) or "the request is not valid")


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", action="answer", path=request.url.path, error=repr(error))
    return failure(500, "something went wrong inside Goaltrail; the API's log has the details")


def install(app: FastAPI) -> None:
    """Give every failure of the app the one shape."""
    app.add_exception_handler(GoaltrailError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unforeseen)
