"""The apps of TodoMVC on a local port, whether one runs, and what its list says; knows nothing of the runner's code."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from playwright.async_api import BrowserContext, Error, Page, Route

FOLDER = Path(__file__).with_name("data") / "todomvc" / "node_modules" / "todomvc"
_NEW_FIELD = "#new-todo, .new-todo, input[placeholder*='needs to be done' i]"
_SHOWS_MS, _ADDS_MS, _LOAD_MS, _FILTERS_MS = 5_000, 2_000, 15_000, 300
_PROBE = "a probe"
_CLEAR = re.compile("clear completed", re.IGNORECASE)
#: Nothing at all, adding entries only, filters by address as well, or also ticking an entry and clearing it.
Offer = Literal["nothing", "adding", "filters", "all"]
#: What the list shows: each text once, with whether its row is done, by class or by the row's own box.
_ROWS_JS = """texts => {
  const own = e => Array.from(e.childNodes).filter(n => n.nodeType === 3).map(n => n.data).join(' ')
    .replace(/\\s+/g, ' ').trim();
  const seen = e => e.getClientRects().length && getComputedStyle(e).visibility === 'visible';
  const all = [], up = new Map();
  const walk = e => {
    all.push(e);
    for (const child of Array.from((e.shadowRoot || e).children)) { up.set(child, e); walk(child); }
  };
  walk(document.body);
  const said = all.filter(e => texts.some(text => own(e).includes(text)) && seen(e) && !e.closest('aside, script'));
  const holds = (row, e) => { for (; e; e = up.get(e)) if (e === row) return true; return false; };
  return said.map(e => {
    let row = e;
    while (row.localName !== 'li' && up.get(row) !== document.body && !said.some(o => o !== e && holds(up.get(row), o)))
      row = up.get(row);
    const parts = all.filter(o => holds(row, o));
    const box = parts.find(o => o.localName === 'input' && o.type === 'checkbox');
    return [own(e), box ? box.checked : parts.some(o => o.matches('.completed, .done, .complete'))];
  });
}"""


class _Pages(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".html": "text/html; charset=utf-8"}  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Quietly."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the apps are, and which there are."""

    base: str
    apps: tuple[str, ...]

    async def close_off(self, context: BrowserContext) -> None:
        """Have the pages of a context reach nothing but this site."""

        async def only_here(route: Route) -> None:
            await (route.continue_() if route.request.url.startswith(self.base) else route.abort())

        await context.route("**/*", only_here)

    async def open(self, page: Page, app: str) -> None:
        """Open an app, and wait until one can type into it; raises Playwright's error when that never comes."""
        await page.goto(f"{self.base}/{app}", wait_until="load", timeout=_LOAD_MS)
        await page.locator(_NEW_FIELD).filter(visible=True).first.wait_for(timeout=_SHOWS_MS)
        await page.wait_for_load_state("networkidle", timeout=_LOAD_MS)

    async def offers(self, page: Page, app: str) -> Offer:
        """What an app can do here, tried by hand: many lack what they would load from elsewhere, some have no filters."""
        try:
            await self.open(page, app)
            await page.locator(_NEW_FIELD).filter(visible=True).first.click()
            await page.keyboard.type(_PROBE)
            await page.keyboard.press("Enter")
            await page.get_by_text(_PROBE, exact=True).filter(visible=True).first.wait_for(timeout=_ADDS_MS)
        except Error:
            return "nothing"
        try:
            for name in ("Active", "All"):
                await page.get_by_text(name, exact=True).filter(visible=True).first.click(timeout=_ADDS_MS)
                await page.wait_for_timeout(_FILTERS_MS)
                await page.get_by_text(_PROBE, exact=True).filter(visible=True).first.wait_for(timeout=_ADDS_MS)
        except Error:
            return "adding"
        try:
            await self._tick_and_clear(page)
        except Error:
            return "filters"
        return "all"

    async def _tick_and_clear(self, page: Page) -> None:
        """By mouse, where the box of the one entry is on the screen; raises Error if that does not clear it."""
        box = page.locator("li input[type=checkbox]").first
        place = await box.bounding_box(timeout=_ADDS_MS)
        if place is None:
            raise Error("the box is nowhere")
        await page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        await page.get_by_text(_CLEAR).filter(visible=True).first.click(timeout=_ADDS_MS)
        entry = page.get_by_text(_PROBE, exact=True).filter(visible=True)
        await entry.first.wait_for(state="hidden", timeout=_ADDS_MS)


async def rows(page: Page, texts: list[str]) -> set[tuple[str, bool]]:
    """Which entries with one of these texts in them the list shows, each with whether it is done."""
    return {(text, bool(done)) for text, done in await page.evaluate(_ROWS_JS, texts)}


@contextmanager
def serve() -> Iterator[Site]:
    """The site while the block runs.

    Raises:
        FileNotFoundError: the data set is not installed.
    """
    apps = sorted(str(file.relative_to(FOLDER)) for file in FOLDER.glob("examples/**/index.html"))
    if not apps:
        raise FileNotFoundError("the pages are missing: type `make autonomy-data`")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Pages, directory=str(FOLDER)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", tuple(apps))
    finally:
        server.shutdown()
        server.server_close()
