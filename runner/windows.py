"""Windows for tasks: a browser context for each, with a guard at its door; one may be kept ready for the next task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import structlog
from playwright.async_api import BrowserContext, Page

from runner.browser import BrowserHost
from runner.guard import Guard
from runner.page.look import watch
from runner.safety.policy import GuardPolicy

_ANSWER_SECONDS = 2.0
_CLOSE_SECONDS = 3.0

log = structlog.get_logger("runner")


@dataclass(frozen=True, slots=True)
class Window:
    """What a task gets; nobody had it before, nobody gets it again."""

    context: BrowserContext
    page: Page  #: empty
    guard: Guard | None


@dataclass(frozen=True, slots=True)
class _Open:
    window: Window
    closing: AsyncExitStack


class Windows:
    """Opens windows, and closes them when their task is done."""

    def __init__(self, browser: BrowserHost, *, keep_ready: bool = False) -> None:
        """Nothing is opened yet.

        Args:
            browser: where windows are opened.
            keep_ready: whether to close a window, and to open one for the next task, after a task was told of: both take
                as long as some steps.
        """
        self._browser, self._keep_ready = browser, keep_ready
        self._ready: _Open | None = None
        self._making, self._closed = False, False
        self._busy: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def opened(
        self, policy: GuardPolicy | None, storage: Any = None, *, downloads: bool = False
    ) -> AsyncIterator[Window]:
        """A window of its own.

        Args:
            policy: where it may go; none: anywhere.
            storage: state of an earlier session, as `storage_state` gives it.
            downloads: whether files may come.
        """
        plain = storage is None and not downloads
        found = (await self._taken(policy) if plain else None) or await self._made(policy, storage, downloads=downloads)
        try:
            yield found.window
        finally:
            if self._keep_ready and not self._closed:
                self._later(self._turn_over(found, policy))
            else:
                await found.closing.aclose()

    async def close(self) -> None:
        """Close what is ready, and wait for what is being closed; what takes too long ends with the browser."""
        self._closed = True
        ready, self._ready = self._ready, None
        if ready is not None:
            self._later(ready.closing.aclose())
        if self._busy:
            _, stuck = await asyncio.wait(set(self._busy), timeout=_CLOSE_SECONDS)
            for task in stuck:
                task.cancel()

    async def _taken(self, policy: GuardPolicy | None) -> _Open | None:
        """The window that is ready, if it is one for this task and lives."""
        ready, self._ready = self._ready, None
        if ready is None:
            return None
        guard = ready.window.guard
        same_door = (guard and guard.policy.addresses) == (policy and policy.addresses)
        fits = False
        try:
            fits = same_door and await _answers(ready.window.page)
        finally:  # a task may be cut short just here
            if not fits:
                self._later(ready.closing.aclose())
        if not fits:
            return None
        if guard is not None and policy is not None:
            guard.policy = policy
        return ready

    async def _made(self, policy: GuardPolicy | None, storage: Any = None, *, downloads: bool = False) -> _Open:
        async with AsyncExitStack() as undo:
            guard = None if policy is None else Guard(policy)
            proxy = None if guard is None else await undo.enter_async_context(guard.opened())
            context = await undo.enter_async_context(self._browser.context(storage, proxy, downloads=downloads))
            await watch(context)
            page = await context.new_page() if guard is None else await guard.install(context)
            return _Open(Window(context, page, guard), undo.pop_all())

    async def _turn_over(self, done: _Open, policy: GuardPolicy | None) -> None:
        await done.closing.aclose()
        if self._ready is not None or self._making or self._closed:
            return
        self._making = True
        try:
            # It may go nowhere until a task says where.
            made = await self._made(None if policy is None else replace(policy, site_url="", origins=()))
        finally:
            self._making = False
        if self._closed:
            await made.closing.aclose()
        else:
            self._ready = made

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_attempted(work), name="windows")
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)


async def _attempted(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - a driver that died raises whatever it likes
        log.info("a window could not be closed, or opened", action="windows", reason=str(error).partition("\n")[0])


async def _answers(page: Page) -> bool:
    """Whether a window that was opened some time ago can still be used."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return bool(await page.evaluate("true"))
    except Exception as error:  # noqa: BLE001 - a driver that died raises whatever it likes
        log.info("a window that was ready is gone", action="windows", reason=str(error).partition("\n")[0])
        return False
