"""What a page can prove beside its texts: what is gone, checked, open or selected; true when so, untrue when not."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.async_api import Page
from pydantic import TypeAdapter

from events.indicators import SuccessIndicator
from runner.browser import BrowserHost
from runner.page.look import look
from runner.replay.expecting import unmet
from runner.session import Session
from runner.verify import Verifier

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><title>Proofs</title><input type=checkbox aria-label=Terms checked>
<details open><summary>More</summary><p>Much</p></details>
<button aria-expanded=false>Menu</button><button role=tab aria-selected=true>First</button>
<button role=switch aria-checked=false>Loud</button><ul><li>call Ben back</ul><p hidden>call Ida</p>"""
TERMS, MORE = {"role": "checkbox", "name": "Terms"}, {"css": "body > details > summary"}
SO = [
    {"kind": "text_gone", "value": "call Ida"},
    {"kind": "text_gone", "value": "call Ben", "exact": True},
    {"kind": "element_state", "target": TERMS, "checked": True},
    {"kind": "element_state", "target": MORE, "expanded": True},
    {"kind": "element_state", "target": {"role": "button", "name": "Menu"}, "expanded": False},
    {"kind": "element_state", "target": {"role": "tab", "name": "First"}, "selected": True},
    {"kind": "element_state", "target": {"role": "switch", "name": "Loud"}, "checked": False},
]
NOT_SO = [
    {"kind": "text_gone", "value": "call Ben"},
    {"kind": "text_gone", "value": "call Ben back", "exact": True},
    {"kind": "element_state", "target": TERMS, "checked": False},
    {"kind": "element_state", "target": MORE, "expanded": False},
    {"kind": "element_state", "target": {"role": "button", "name": "Menu"}, "expanded": True},
    {"kind": "element_state", "target": {"role": "tab", "name": "First"}, "selected": False},
    {"kind": "element_state", "target": {"role": "switch", "name": "Loud"}, "checked": True},
]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


async def holding(session: Session, page: Page, told: object) -> tuple[bool, bool]:
    """What the browser says of an indicator, and what a look at the page says."""
    indicator: SuccessIndicator = TypeAdapter(SuccessIndicator).validate_python(told)
    verifier = Verifier(session, page.url, [indicator], {}, patience=0.2, navigation_timeout=5)
    (finding,) = await verifier.look_here()
    return finding.holds, unmet([indicator], await look(page)) is None


async def test_the_browser_and_a_look_agree_on_what_a_page_proves(chromium_path: Path, address: str) -> None:
    host = BrowserHost(chromium_path, headless=True)
    try:
        async with host.context() as context:
            page = await context.new_page()
            session = Session(context, page, navigation_timeout=5)
            await page.goto(address)
            so = [await holding(session, page, told) for told in SO]
            not_so = [await holding(session, page, told) for told in NOT_SO]
    finally:
        await host.close()

    assert so == [(True, True)] * len(SO)
    assert not_so == [(False, False)] * len(NOT_SO)
