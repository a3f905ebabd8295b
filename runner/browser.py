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

from runner.chromium import find_chromium
from runner.driver import own_session

_LAUNCH_SECONDS = 30.0
_CLOSE_SECONDS = 5.0

log = structlog.get_logger("runner")


class BrowserHost:
    """Gives out one context per task."""

    def __init__(self, executable: Path | None, *, headless: bool) -> None:
        self._executable, self._headless = executable, headless
        self._lock = asyncio.Lock()
        self._driver: Playwright | None = None
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
        browser = await self._running()
        context = await browser.new_context(storage_state=storage, proxy=proxy, accept_downloads=downloads)
        try:
            yield context
        finally:
            await _within(context.close())

    async def _running(self) -> Browser:
        async with self._lock:
            if self._browser is not None and self._browser.is_connected():
                return self._browser
            if self._browser is not None:
                log.warning("the browser is gone; starting another", action="browser.restart")
            await self._stop()
            async with AsyncExitStack() as undo:
                undo.push_async_callback(self._stop)
                with own_session():
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

    def _found(self, driver: Playwright) -> Path:
        bundled = Path(driver.chromium.executable_path)
        return find_chromium(self._executable, bundled, exists=Path.exists, which=shutil.which)


async def _within(closing: Awaitable[None]) -> None:
    """Close something that may be broken already; what does not close in time ends with the process."""
    try:
        await asyncio.wait_for(closing, _CLOSE_SECONDS)
    except (Error, TimeoutError) as error:
        log.warning("a part of the browser did not close", action="browser.close", error=str(error))
    except Exception as error:  # noqa: BLE001 - a driver that died raises plain Exceptions
        log.warning("the driver is gone", action="browser.close", error=str(error))
