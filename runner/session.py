"""One task's window: its page, and what the site answered."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from playwright.async_api import BrowserContext, Dialog, Error, Frame, Locator, Page, Request, Response

from runner.guard import Guard
from runner.outcome import StepTrouble, of_error, of_status
from runner.traffic import Traffic

_NAVIGATION_SHOWS_SECONDS = 0.1  # how long after an act a navigation may take to begin
_LOAD_SECONDS = 5.0  # a document that is there may go on loading pictures after this
_SHOWN_SECONDS = 2.0
_SHOWN_JS = """() => location.href + '\\n' + (document.body ? document.body.innerText : '') + '\\n' +
  [...document.querySelectorAll('input, select, textarea')].map(e => e.type === 'password' ? e.value.length :
    e.value + e.checked).join('\\n')"""

log = structlog.get_logger("runner")


class Session:
    """Follows the newest page of a context and remembers how its last navigation went."""

    def __init__(
        self,
        context: BrowserContext,
        page: Page,
        *,
        navigation_timeout: float,
        guard: Guard | None = None,
    ) -> None:
        self.page = page
        self.redirected = False  #: whether the site sent us elsewhere than we went
        self.accepts_questions = False  #: only while an act is under way that was recorded as irreversible
        self.masked: list[Locator] = []  #: fields that hold secrets
        self.reads_state = False  #: whether Playwright may open a window of its own to read what sites stored
        self.traffic = Traffic(context)
        self.documents = 0  #: how many pages were loaded so far; says whether the page is another one than before
        self._context, self._timeout = context, navigation_timeout
        self._guard = guard
        self._status: int | None = None
        self._method = "GET"  #: how the page was asked for
        self._failure: str | None = None
        self._crashed = False
        self._pending: Request | None = None
        self._arrived = False  #: whether a navigation came to its end since the last act began
        self._changed = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None  #: of a window that did not answer
        context.on("page", self._appeared)
        self._listen(page)

    async def settle(self, *, expect_navigation: bool) -> None:
        """Wait until a navigation that an act began has arrived.

        Args:
            expect_navigation: whether to give a navigation a moment to begin; without one that moment is lost.

        Raises:
            StepTrouble: the page crashed, or the site answered with an error.
        """
        if self._pending is None and expect_navigation and not self._arrived:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _NAVIGATION_SHOWS_SECONDS)
        async with asyncio.timeout(self._timeout):
            while self._pending is not None:
                self._changed.clear()
                await self._changed.wait()
        await self.page.wait_for_load_state("domcontentloaded", timeout=self._timeout * 1_000)
        with contextlib.suppress(Error):
            await self.page.wait_for_load_state("load", timeout=min(_LOAD_SECONDS, self._timeout) * 1_000)
        self._judge()

    @property
    def opens_by_address(self) -> bool:
        """Whether opening the page's address gives this page: not so for the answer to a form, or an error."""
        return self._method == "GET" and self.page.url.startswith(("http://", "https://"))

    async def refresh_window(self) -> None:
        """A window that works: another one, where this one has crashed or does not answer any more."""
        stuck = self.page
        try:
            async with asyncio.timeout(_SHOWN_SECONDS):
                if not self._crashed:
                    await stuck.evaluate("1")
                    return
        except (Error, TimeoutError):
            log.info("the window does not answer; opening another", action="window.new", url=stuck.url)
        self._opened(await self._context.new_page())
        self._crashed, self._pending, self.reads_state = False, None, False
        self._closing = asyncio.create_task(_closed(stuck))

    def forget_answers(self) -> None:
        """What was answered before the next act is of no interest any more."""
        self._status = self._failure = None
        self._arrived = False
        if self._guard is not None:
            self._guard.refusal = None

    @property
    def refused(self) -> StepTrouble | None:
        """Where the last act would have led, if it was kept from going there."""
        return None if self._guard is None else self._guard.refusal

    async def admit(self, url: str) -> None:
        """Judge an address before it is opened; raises StepTrouble."""
        if self._guard is not None:
            await self._guard.admit(url)

    async def shown(self) -> str:
        """Where the page is and all it shows, values of fields included; empty when that cannot be told, or nothing is yet."""
        if self.page.url == "about:blank":
            return ""
        try:
            async with asyncio.timeout(_SHOWN_SECONDS):  # a page whose scripts never end does not answer
                return str(await self.page.evaluate(_SHOWN_JS))
        except (Error, TimeoutError):
            return ""

    def _judge(self) -> None:
        where = self.page.url
        if self.refused is not None:
            raise self.refused
        if self._crashed:
            raise StepTrouble(of_error("Page crashed"), f"The page crashed: {where}")
        if self._failure is not None:
            raise StepTrouble(of_error(self._failure), f"{where}: {self._failure}")
        trouble = None if self._status is None else of_status(self._status)
        if trouble is not None:
            raise StepTrouble(trouble, f"The site answered HTTP {self._status}: {where}")

    def _appeared(self, page: Page) -> None:
        if not self.reads_state:
            self._opened(page)

    def _opened(self, page: Page) -> None:
        if page == self.page:  # ours, opened by `refresh_window`; the context tells of it as well
            return
        self.page = page
        self.documents += 1
        self._listen(page)

    def _listen(self, page: Page) -> None:
        page.on("request", self._requested)
        page.on("response", self._responded)
        page.on("requestfailed", self._failed)
        page.on("framenavigated", self._navigated)
        page.on("domcontentloaded", self._loaded)
        page.on("dialog", self._asked)
        page.on("crash", self._crash)
        page.on("close", self._closed)

    def _requested(self, request: Request) -> None:
        if self._is_main(request):
            self._pending = request
            self._method = request.method
            self._changed.set()

    def _responded(self, response: Response) -> None:
        if not self._is_main(response.request):
            return
        self._status = response.status
        self.redirected = response.request.redirected_from is not None
        if response.status in {204, 205}:  # nothing follows: the page stays
            self._pending = None
            self._changed.set()

    def _failed(self, request: Request) -> None:
        if not self._is_main(request):
            return
        # A download or a newer navigation aborts this one; neither is a failure of the site.
        if "ERR_ABORTED" not in (request.failure or ""):
            self._failure = request.failure
        if self._pending is request:
            self._pending = None
            self._changed.set()

    def _navigated(self, frame: Frame) -> None:
        if frame == self.page.main_frame:
            self._pending = None
            self._arrived = True
            self._changed.set()

    def _loaded(self, page: Page) -> None:
        if page == self.page:
            self.documents += 1

    def _is_main(self, request: Request) -> bool:
        try:
            return request.is_navigation_request() and request.frame == self.page.main_frame
        except Error:  # the frame of a page that is only being made
            return False

    def _crash(self, page: Page) -> None:
        self._crashed = page == self.page
        self._pending = None
        self._changed.set()

    def _closed(self, page: Page) -> None:
        others = [other for other in self._context.pages if other != page]
        if page == self.page and others:
            self.page = others[-1]
            self.documents += 1

    async def _asked(self, dialog: Dialog) -> None:
        """Messages are closed; a question is answered with yes only by an act recorded as irreversible."""
        with contextlib.suppress(Error):
            if dialog.type in {"alert", "beforeunload"} or self.accepts_questions:
                await dialog.accept()
            else:
                await dialog.dismiss()


async def _closed(page: Page) -> None:
    with contextlib.suppress(Error):
        await page.close()
