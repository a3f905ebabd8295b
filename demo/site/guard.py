"""What happens to a request before and after its page: it is counted, delayed, logged out, or answered with an error."""

from __future__ import annotations

import asyncio
from itertools import count

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from demo.site.members import SESSION_COOKIE, Members
from demo.site.switches import Fault
from demo.site.troubles import Troubles

COOKIES_ACCEPTED = "cookies_accepted"
#: The doors of those who test must stay open whatever the switches say.
_CONTROLS = ("/record.json", "/switches", "/favicon.ico")
_MS_PER_SECOND = 1_000
_RETRY_AFTER_SECONDS = "1"
_TOO_MANY = 429


class Guard(BaseHTTPMiddleware):
    """Applies the switches that do not depend on a page."""

    def __init__(self, app: ASGIApp, *, troubles: Troubles, members: Members) -> None:
        super().__init__(app)
        self._troubles = troubles
        self._members = members
        self._numbers = count(1)

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """One request."""
        path = request.url.path
        request.state.count = next(self._numbers)
        if path in _CONTROLS:
            return await call_next(request)
        await asyncio.sleep(self._troubles.take_delay_ms(path) / _MS_PER_SECOND)
        token = request.cookies.get(SESSION_COOKIE)
        if self._members.who(token) is not None and self._troubles.take_expiry(path):
            self._members.log_out(token)
        fault = self._troubles.take_fault(request.method, path)
        if fault is None:
            return await call_next(request)
        if fault.after:
            await call_next(request)
        return _error_page(fault)


def _error_page(fault: Fault) -> Response:
    said = "Too many requests" if fault.status == _TOO_MANY else f"Error {fault.status}"
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if fault.status in {_TOO_MANY, 503} else None
    text = f"<!doctype html><html lang=en><title>{said}</title><h1>{said}</h1><p>Please try again later.</p></html>"
    return HTMLResponse(text, fault.status, headers)
