"""Who asks: a key in the header, its scopes checked against what the call needs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from json import JSONDecodeError
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic_core import from_json
from starlette.requests import Request as StarletteRequest

from api.access import Caller
from api.parts import parts_of
from events.access import Scope
from events.errors import NotAllowed, NotAuthenticated

_BEARER = HTTPBearer(auto_error=False, description="`Authorization: Bearer gt_...`")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key without `Bearer`")
_SCHEME = "bearer "


def presented_key(request: StarletteRequest) -> str | None:
    """The key a request shows, from either header."""
    authorization = request.headers.get("authorization", "")
    if authorization[: len(_SCHEME)].lower() == _SCHEME:
        return authorization[len(_SCHEME) :].strip() or None
    return request.headers.get("x-api-key") or None


def authenticate(request: Request) -> Caller:
    """Who asks.

    Raises:
        NotAuthenticated: no key, an unknown one, or one that was revoked.
    """
    key = presented_key(request)
    if key is None:
        raise NotAuthenticated("show an API key: `Authorization: Bearer gt_...` or `X-API-Key: gt_...`")
    caller = parts_of(request).keys.caller(key)
    if caller is None:
        raise NotAuthenticated("this API key opens nothing: it is unknown or was revoked")
    return caller


class GuardedRoute(APIRoute):
    """Asks for the key before the body is read: strangers cannot make us parse megabytes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the guard, its JSON read strictly."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            request.state.caller = authenticate(request)
            return await handle(_StrictJson(request.scope, request.receive))

        return guarded


class _StrictJson(Request):
    """Reads bodies as JSON says: no NaN, no lone surrogates, no endless nesting; Python's reader takes all three."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise JSONDecodeError(str(error), "", 0) from error


def _needs(scope: Scope) -> Callable[..., Caller]:
    # The two schemes are parameters so that OpenAPI tells of them; GuardedRoute has read the key already.
    def check(request: Request, _: Annotated[Any, Depends(_BEARER)], __: Annotated[Any, Depends(_HEADER)]) -> Caller:
        caller: Caller = request.state.caller
        if scope not in caller.scopes:
            held = ", ".join(sorted(caller.scopes)) or "none"
            raise NotAllowed(f"this call needs the scope {scope!r}; the key {caller.name!r} has: {held}")
        return caller

    return check


Reader = Annotated[Caller, Depends(_needs("read"))]
Writer = Annotated[Caller, Depends(_needs("write"))]
Analyst = Annotated[Caller, Depends(_needs("sql"))]
Admin = Annotated[Caller, Depends(_needs("admin"))]
