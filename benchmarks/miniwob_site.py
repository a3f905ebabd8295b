"""The pages of MiniWoB++ on a local port, and one episode of one of them."""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.async_api import Page

#: What the benchmark draws around its pages; it belongs to none of them.
FRAME = "#query, #reward-display, #click-canvas, #sync-task-cover"
#: They need reflexes; the browser benchmarks in use leave them out too.
_LEFT_OUT = frozenset({"button-delay", "chase-circle", "hover-shape", "moving-items", "simon-says"})
_LOADED_JS = "() => typeof Math.seedrandom == 'function' && typeof core == 'object'"
_START_JS = "seed => { Math.seedrandom(seed); core.EPISODE_MAX_TIME = 1e6; core.startEpisodeReal(); }"
_GOAL_JS = "() => { const told = core.getUtterance(); return typeof told == 'object' ? told.utterance : told; }"
_END_JS = "() => [WOB_DONE_GLOBAL, WOB_RAW_REWARD_GLOBAL]"
_READY_MS = 5_000


class _Pages(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".html": "text/html; charset=utf-8"}  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Quietly."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages are, and which there are."""

    base: str
    tasks: tuple[str, ...]

    async def start(self, page: Page, task: str, seed: int) -> str:
        """Open a task's page and start an episode; returns the goal it states."""
        await page.goto(f"{self.base}/miniwob/{task}.html", wait_until="load")
        await page.wait_for_function(_LOADED_JS, timeout=_READY_MS)
        await page.evaluate(_START_JS, seed)
        await page.wait_for_function("() => WOB_TASK_READY", timeout=_READY_MS)
        return str(await page.evaluate(_GOAL_JS)).strip()


async def verdict(page: Page) -> bool | None:
    """What the page itself says: reached, missed, or nothing yet."""
    ended, reward = await page.evaluate(_END_JS)
    return bool(reward > 0) if ended else None


@contextmanager
def serve() -> Iterator[Site]:
    """The site while the block runs.

    Raises:
        ModuleNotFoundError: the data set is not installed; see requirements-miniwob.lock.
    """
    found = importlib.util.find_spec("miniwob")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the pages are missing: type `make autonomy-data`")
    folder = Path(found.origin).parent / "html"
    tasks = sorted(file.stem for file in (folder / "miniwob").glob("*.html") if file.stem not in _LEFT_OUT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Pages, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", tuple(tasks))
    finally:
        server.shutdown()
        server.server_close()
