"""What was sent to sites and how they answered, from an act on that cannot be taken back; bodies only where one is asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Error, Page, Request, Response

_KEPT = 300  # exchanges
_BODY_LIMIT = 64 * 1024  # characters
_REFUSED_FROM = 400  # HTTP statuses
_KINDS = frozenset({"document", "xhr", "fetch"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_POLL_SECONDS = 0.05


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    number: int
    method: str
    url: str
    navigates: bool = False
    ended: bool = False
    cut: bool = False  #: by a newer navigation, or since it became a download: nobody knows its answer
    status: int | None = None  #: none while there is no answer, and when there was none
    body: str = ""  #: of answers somebody is interested in

    @property
    def refused(self) -> bool:
        """Whether the site did not take it."""
        return self.ended and not self.cut and (self.status is None or self.status >= _REFUSED_FROM)

    @property
    def sends(self) -> bool:
        """Whether it can have changed something on the site."""
        return self.method not in _READS

    def __str__(self) -> str:
        """Method, path and status; no query, which may be private."""
        answered = "not answered" if self.status is None else f"answered HTTP {self.status}"
        return f"{self.method} {urlsplit(self.url).path} was {answered}"


class Traffic:
    """Listens to a context."""

    def __init__(self, context: BrowserContext) -> None:
        self.wants_body: Callable[[str, str], bool] = lambda _method, _url: False  #: by method and address
        self._exchanges: deque[Exchange] = deque(maxlen=_KEPT)
        self._open: dict[Request, Exchange] = {}
        self._count = self._since = 0
        self._spoke = False  #: whether anything went out by a socket since the mark
        self._reading: set[asyncio.Task[None]] = set()
        context.on("request", self._requested)
        context.on("response", self._answered)
        context.on("requestfailed", self._failed)
        context.on("page", self._opened)
        for page in context.pages:
            self._opened(page)

    def mark(self) -> None:
        """An act begins that cannot be taken back: what was sent before says nothing of it."""
        self._since, self._spoke = self._count, False

    @property
    def since(self) -> list[Exchange]:
        """The exchanges since the mark, oldest first; all of them without one."""
        return [exchange for exchange in self._exchanges if exchange.number >= self._since]

    def refused(self, url: str) -> str | None:
        """What the site of this page did not take, as a sentence; what was sent again counts by its last answer."""
        newest = {(e.method, urlsplit(e.url)[1:3]): e for e in self.since if e.sends and _one_site(e.url, url)}
        return next((str(exchange) for exchange in newest.values() if exchange.refused), None)

    def taken(self, url: str) -> bool:
        """Whether anything was sent to the site of this page, and all of it was taken."""
        sent = [e for e in self.since if e.sends and e.status is not None and _one_site(e.url, url)]
        return bool(sent) and self.refused(url) is None

    @property
    def sent(self) -> bool:
        """Whether anything at all went out since the mark that can have carried the act: a form, a call, another page."""
        return self._spoke or any(e.sends or e.navigates for e in self.since)

    async def at_rest(self, seconds: float) -> None:
        """Wait until everything that was sent since the mark is answered, or so long."""
        until = monotonic() + seconds
        while True:
            if monotonic() >= until or all(e.ended for e in self.since if e.sends):
                return
            await asyncio.sleep(_POLL_SECONDS)

    def _opened(self, page: Page) -> None:
        page.on("websocket", lambda socket: socket.on("framesent", self._heard))

    def _heard(self, _: object) -> None:
        self._spoke = True

    def _requested(self, request: Request) -> None:
        if request.resource_type not in _KINDS:
            return
        navigates = False
        with contextlib.suppress(Error):  # the frame of a page that is only being made
            navigates = request.is_navigation_request() and request.frame.parent_frame is None
        exchange = Exchange(self._count, request.method, request.url, navigates)
        self._count += 1
        self._exchanges.append(exchange)
        self._open[request] = exchange

    def _answered(self, response: Response) -> None:
        exchange = self._open.pop(response.request, None)
        if exchange is None:
            return
        exchange.status = response.status
        if self.wants_body(exchange.method, exchange.url):
            reading = asyncio.create_task(self._read(response, exchange), name="body")
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)
        else:
            exchange.ended = True

    def _failed(self, request: Request) -> None:
        exchange = self._open.pop(request, None)
        if exchange is None:
            return
        exchange.ended, exchange.cut = True, "ERR_ABORTED" in (request.failure or "")

    async def _read(self, response: Response, exchange: Exchange) -> None:
        try:
            exchange.body = (await response.text())[:_BODY_LIMIT]
        except (Error, UnicodeDecodeError):  # gone with its page, or no text
            exchange.body = ""
        exchange.ended = True


def _one_site(one: str, other: str) -> bool:
    """Whether two addresses are of one host, or one's host lies within the other's."""
    mine, yours = (urlsplit(url).netloc.rpartition("@")[2] for url in (one, other))
    return mine == yours or mine.endswith(f".{yours}") or yours.endswith(f".{mine}")
