"""One Chromium for the whole runner: started, started again when it dies, and never left behind."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
from playwright.async_api import (
    Browser,
    BrowserContext,
    Error,
    Playwright,
    ProxySettings,
    StorageState,
    async_playwright,
)

from events.failure import ErrorType
from runner.chromium import find_chromium
from runner.driver import Pid, own_session
from runner.outcome import of_error

_LAUNCH_SECONDS = 30.0
_OPEN_SECONDS = 20.0  # a context takes 20 ms; a browser that needs this long answers nobody any more
_CLOSE_SECONDS = 5.0

log = structlog.get_logger("runner")


class BrowserHost:
    """Gives out one context per task."""

    def __init__(self, executable: Path | None, *, headless: bool) -> None:
        self._executable, self._headless = executable, headless
        self._lock = asyncio.Lock()
        self._driver: Playwright | None = None
        self._pid = Pid()  #: the driver's
        self._browser: Browser | None = None

    async def start(self) -> Path:
        """Launch; returns which browser it is.

        Raises:
            SetupIncomplete: there is no Chromium.
            Error: it does not start.
        """
        await self._running()
        assert self._driver is not None  # noqa: S101 - for the type checker; _running has set it
        return self._found(self._driver)

    async def close(self) -> None:
        """End browser and driver."""
        async with self._lock:
            await self._stop()

    @asynccontextmanager
    async def context(
        self, storage: StorageState | None = None, proxy: ProxySettings | None = None, *, downloads: bool = False
    ) -> AsyncIterator[BrowserContext]:
        """A fresh context, closed at the end whatever happens.

        Args:
            storage: what sites stored before.
            proxy: through which it goes out.
            downloads: whether files may come; they go with the context.
        """

        async def opened(browser: Browser) -> BrowserContext:
            opening = browser.new_context(storage_state=storage, proxy=proxy, accept_downloads=downloads)
            return await asyncio.wait_for(opening, _OPEN_SECONDS)

        browser = await self._running()
        try:
            context = await opened(browser)
        except Exception as error:
            if not _is_gone(error):
                raise
            context = await opened(await self._running(gone=browser))
        try:
            yield context
        finally:
            await _within(context.close())

    async def _running(self, gone: Browser | None = None) -> Browser:
        """A browser that lives; `gone` is known to be none, though it may not know it: its driver died before it."""
        async with self._lock:
            if self._browser is not None and self._browser is not gone and self._browser.is_connected():
                return self._browser
            if self._browser is not None:
                log.warning("the browser is gone; starting another", action="browser.restart")
            await self._stop()
            async with AsyncExitStack() as undo:
                undo.push_async_callback(self._stop)
                with own_session() as self._pid:
                    self._driver = await async_playwright().start()
                self._browser = await self._driver.chromium.launch(
                    executable_path=self._found(self._driver),
                    headless=self._headless,
                    args=["--disable-quic", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp"],
                    # The runner gives its tasks back first, and closes the browser itself.
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                    timeout=_LAUNCH_SECONDS * 1_000,
                )
                undo.pop_all()
            return self._browser

    async def _stop(self) -> None:
        browser, driver = self._browser, self._driver
        self._browser = self._driver = None
        if browser is not None:
            await _within(browser.close())
        if driver is not None:
            await _within(driver.stop())
        self._pid.kill()

    def _found(self, driver: Playwright) -> Path:
        bundled = Path(driver.chromium.executable_path)
        return find_chromium(self._executable, bundled, exists=Path.exists, which=shutil.which)


def _is_gone(error: Exception) -> bool:
    """Whether an error says that there is no browser any more; a driver that died raises plain exceptions."""
    return isinstance(error, TimeoutError) or of_error(str(error)) is ErrorType.BROWSER_CRASHED


async def _within(closing: Awaitable[None]) -> None:
    """Close something that may be broken already; what does not close in time ends with the process."""
    try:
        await asyncio.wait_for(closing, _CLOSE_SECONDS)
    except (Error, TimeoutError) as error:
        log.warning("a part of the browser did not close", action="browser.close", error=str(error))
    except Exception as error:  # noqa: BLE001 - a driver that died raises plain Exceptions
        log.warning("the driver is gone", action="browser.close", error=str(error))
