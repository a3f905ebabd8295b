"""A real Chromium stays on its site, and reaches no address that is not public unless that is allowed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Error, Page

from runner.browser import BrowserHost
from runner.guard import Guard
from runner.outcome import StepTrouble
from runner.safety.policy import GuardPolicy

pytestmark = pytest.mark.browser


class Site(BaseHTTPRequestHandler):
    """Redirects to `?to=`, opens windows, embeds pictures, and counts what it was asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        asked = urlsplit(self.path)
        to = parse_qs(asked.query).get("to", [""])[0]
        if asked.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = f"""<title>home</title><a id=link href="{to}">there</a><a id=tab href="{to}" target=_blank>tab</a>
            <button onclick="location = '{to}'">script</button>
            <button id=fetch onclick="fetch('{to}', {{mode: 'no-cors'}}).then(() => document.title = 'got it',
              () => document.title = 'refused')">fetch</button>""".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def site() -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Counted", (Site,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()


@asynccontextmanager
async def guarded(chromium: Path, policy: GuardPolicy) -> AsyncIterator[tuple[Guard, Page]]:
    host = BrowserHost(chromium, headless=True)
    guard = Guard(policy)
    try:
        async with guard.opened() as proxy, host.context(None, proxy) as context:
            yield guard, await guard.install(context)
    finally:
        await host.close()


async def until(predicate: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not predicate():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.02)


async def test_a_task_stays_on_its_site_by_address_link_redirect_script_and_new_tab(chromium_path: Path) -> None:
    with site() as (home, _), site() as (other, asked):
        there = f"http://127.0.0.1:{other}/there"
        start = f"http://127.0.0.1:{home}/?to={there}"
        async with guarded(chromium_path, GuardPolicy.of(start, allowed=["127.0.0.1"])) as (guard, page):
            await page.goto(start)

            async def refused() -> None:
                await until(lambda: guard.refusal is not None)
                assert guard.refusal is not None
                assert "allowed_origins" in guard.refusal.message
                assert f"127.0.0.1:{other}" in guard.refusal.message
                guard.refusal = None

            with pytest.raises(Error):
                await page.goto(there)
            await refused()
            for control in ("#link", "text=script"):
                await page.click(control)
                await refused()
                assert page.url == start
            with pytest.raises(Error):
                await page.goto(f"http://127.0.0.1:{home}/redirect?to={there}")
            await refused()
            assert page.url == start
            assert asked == []
            await page.click("#tab")
            await refused()
            await until(lambda: page.context.pages == [page])
            with pytest.raises(StepTrouble, match="only http and https"):
                await guard.admit("file:///etc/passwd")


async def test_named_origins_may_be_visited(chromium_path: Path) -> None:
    with site() as (home, _), site() as (other, asked):
        there = f"http://127.0.0.1:{other}/there"
        start = f"http://127.0.0.1:{home}/redirect?to={there}"
        policy = GuardPolicy.of(start, [f"http://127.0.0.1:{other}"], ["127.0.0.1"])
        async with guarded(chromium_path, policy) as (guard, page):
            await page.goto(start)
            assert page.url == there
            assert guard.refusal is None
            assert "/there" in asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_private_addresses_are_refused_however_they_are_written(chromium_path: Path, host: str) -> None:
    with site() as (port, asked):
        url = f"http://{host}:{port}/"
        async with guarded(chromium_path, GuardPolicy.of(url)) as (guard, page):
            with pytest.raises(StepTrouble, match="GOALTRAIL_BROWSER__ALLOWED"):
                await guard.admit(url)
            with pytest.raises(Error):
                await page.goto(url)
            assert guard.refusal is not None
            assert asked == []


async def test_what_a_page_embeds_is_held_to_the_same_addresses(chromium_path: Path) -> None:
    with site() as (home, _), site() as (inner, asked):
        start = f"http://127.0.0.1:{home}/?to=http://127.0.0.2:{inner}/secret"
        async with guarded(chromium_path, GuardPolicy.of(start, allowed=["127.0.0.1"])) as (guard, page):
            await page.goto(start)
            await page.click("#fetch")
            await page.wait_for_function("document.title != 'home'")
            assert await page.title() == "refused"
            assert guard.refused > 0
            assert asked == []
