"""The newest picture of a task's window, as the browser sends it anyway: a picture per step for next to nothing.

A screenshot of its own costs a step half as much again; the browser's screencast a tenth of that (runner-notes.md §1).
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from playwright.async_api import Error, Page

from runner.outcome import first_line

_JPEG_QUALITY = 50
_PAUSE_SECONDS = 0.1  # between two pictures: a page with an animation must not keep the machine busy
_START_SECONDS = 2.0

log = structlog.get_logger("runner")


class Film:
    """Keeps the last picture of the window that is followed."""

    def __init__(self) -> None:
        self._page: Page | None = None
        self._newest: bytes | None = None
        self._starting: asyncio.Task[None] | None = None

    def follow(self, page: Page) -> None:
        """From now on pictures are of this window; until its first one there are none."""
        if page == self._page:
            return
        self._page, self._newest = page, None
        self._starting = asyncio.create_task(self._start(page), name="film")

    @property
    def newest(self) -> bytes | None:
        """A JPEG, as the window looked when it last changed; none while nothing was shown."""
        return self._newest

    async def _start(self, page: Page) -> None:
        async def shown(frame: Any) -> None:
            if page == self._page:
                self._newest = frame["data"]
                await asyncio.sleep(_PAUSE_SECONDS)  # the browser sends no other one meanwhile

        try:
            async with asyncio.timeout(_START_SECONDS):
                await page.screencast.start(on_frame=shown, quality=_JPEG_QUALITY)
        except (Error, TimeoutError) as error:  # a window that is gone already, or one filmed before
            log.info("no pictures of a window", action="film.start", reason=first_line(str(error)))
