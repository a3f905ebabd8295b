"""Keeps a task's browser where it belongs: on its site, and off every address that is not public."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import structlog
from playwright.async_api import BrowserContext, CDPSession, Error, Frame, Page, ProxySettings

from events.failure import ErrorType
from runner.outcome import StepTrouble
from runner.safety.door import Door
from runner.safety.policy import GuardPolicy

_WEB = ("http", "https")
_OWN_PAGES = ("about:", "chrome-error:")  #: which Chromium shows by itself

log = structlog.get_logger("runner")


@dataclass  # without slots: Playwright notes on an object which of its methods listen
class Guard:
    """Watches one task's context.

    Documents of the main frame are held until they are judged, redirects and scripts included; every connection, whatever it
    is for, goes through a door that looks names up itself and connects to the very address it has judged.
    """

    policy: GuardPolicy
    refusal: StepTrouble | None = (
        None  #: the newest document that was refused; ask after an act, and set to none before
    )
    refused: int = 0  #: connections that the door did not make
    _door: Door = field(init=False)
    _watched: dict[Page, asyncio.Task[None]] = field(default_factory=dict)
    _first: Page | None = None
    _busy: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._door = Door(self.policy.addresses, self._noted)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[ProxySettings]:
        """The door, open; what a context is to be made with to use it."""
        async with self._door.opened() as port:
            # Chromium goes around a proxy for loopback addresses, unless it is told otherwise.
            yield {"server": f"socks5://127.0.0.1:{port}", "bypass": "<-loopback>"}

    async def install(self, context: BrowserContext) -> Page:
        """Watch the context; returns its first page."""
        context.on("page", self._opened)
        page = self._first = await context.new_page()
        await self._watch(page)
        return page

    async def admit(self, url: str) -> None:
        """Judge an address before it is opened.

        Raises:
            StepTrouble: it must not be; the sentence says why, and what allows it.
        """
        reason = await self._judged(url)
        if reason is not None:
            raise StepTrouble(ErrorType.ACCESS_DENIED, reason)

    def _noted(self, reason: str) -> None:
        self.refused += 1
        log.info("a connection is refused", action="guard.refuse", reason=reason)

    async def _judged(self, url: str) -> str | None:
        reason = self.policy.refusal(url)
        if reason is not None:
            return reason
        parts = urlsplit(url)
        return None if parts.scheme not in _WEB else await self._door.refusal(parts.hostname or "", parts.port or 0)

    # Documents.

    def _opened(self, page: Page) -> None:
        self._spawn(self._watch(page))

    async def _watch(self, page: Page) -> None:
        """Hold the documents of a page, from now on."""
        task = self._watched.get(page)
        if task is None:
            task = self._watched[page] = asyncio.create_task(self._attached(page))
            page.on("close", self._closed)
        await asyncio.shield(task)

    def _closed(self, page: Page) -> None:
        self._watched.pop(page, None)

    async def _attached(self, page: Page) -> None:
        try:
            cdp = await page.context.new_cdp_session(page)
            tree = await cdp.send("Page.getFrameTree")
            frame = tree["frameTree"]["frame"]["id"]
            cdp.on("Fetch.requestPaused", lambda paused: self._paused(cdp, frame, paused))
            await cdp.send("Fetch.enable", {"patterns": [{"resourceType": "Document", "requestStage": "Request"}]})
            # A window is told of when it exists already, perhaps with its document under way.
            page.on("framenavigated", self._shown)
            self._shown(page.main_frame)
        except Error as error:
            log.info("a page went before it could be watched", action="guard.watch", error=error.message)

    def _shown(self, frame: Frame) -> None:
        """The net below: what a new window was sent to before it was watched is closed with it."""
        if frame.parent_frame is not None or frame.url.startswith(_OWN_PAGES):
            return
        reason = self.policy.refusal(frame.url)
        if reason is not None:
            self._refuse(reason)
            self._spawn(self._leave(frame.page))

    async def _leave(self, page: Page) -> None:
        with suppress(Error):
            if page == self._first:
                await page.goto("about:blank")
            else:
                await page.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    def _paused(self, cdp: CDPSession, frame: str, paused: dict[str, Any]) -> None:
        self._spawn(self._judge(cdp, frame, paused))

    async def _judge(self, cdp: CDPSession, frame: str, paused: dict[str, Any]) -> None:
        name = {"requestId": paused["requestId"]}
        reason = await self._judged(paused["request"]["url"]) if paused.get("frameId") == frame else None
        with suppress(Error):  # the page may have gone meanwhile
            if reason is None:
                await cdp.send("Fetch.continueRequest", name)
                return
            self._refuse(reason)
            # "Aborted" leaves the page as it is; any other reason shows an error in its place.
            await cdp.send("Fetch.failRequest", {**name, "errorReason": "Aborted"})

    def _refuse(self, reason: str) -> None:
        self.refusal = StepTrouble(ErrorType.ACCESS_DENIED, reason)
        log.info("a page is refused", action="guard.refuse", reason=reason)
