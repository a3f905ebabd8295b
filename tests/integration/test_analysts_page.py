"""The analysts' page in a real Chromium: opened with a key, it lists the views and shows what queries answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.app import create_app
from projections.snapshot_writer import newest
from projections.sql_limits import SqlLimits, SqlResult
from projections.sql_pool import SqlPool
from tests.unit.api.world import build
from tests.unit.projections.week import snapshot_of_a_week
from tests.wait import until

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=\"document.title='taken over'\">"


@dataclass
class Week:
    """Analysts on the snapshot of a made-up week."""

    pool: SqlPool
    folder: Path

    async def run(self, sql: str) -> SqlResult:
        return await self.pool.run(sql)

    def publish(self) -> Path:
        return self.folder


@dataclass
class Served:
    """The API, and keys to it."""

    url: str
    analyst: str
    reader: str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("week")
    snapshot_of_a_week(folder)
    world, pool = build(), SqlPool(lambda: newest(folder / "published"), SqlLimits(seconds=30.0))
    app = create_app(replace(world.parts, analysts=Week(pool, folder)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until(lambda: server.started, timeout=30)
        headers = {"X-API-Key": world.operator}
        made = httpx.post(f"{url}/api/keys", json={"name": "reader", "scopes": ["read"]}, headers=headers, timeout=30)
        yield Served(url, world.operator, made.json()["data"]["key"])
        pool.kill_all()
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, api: Served) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        page.goto(f"{api.url}/analysts")
        yield page


def enter(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Open").click()


def ask(page: Page, sql: str) -> None:
    page.get_by_label("Query", exact=True).last.fill(sql)
    page.get_by_role("button", name="Run").click()


def test_an_analyst_finds_a_view_and_runs_its_example(page: Page, api: Served) -> None:
    enter(page, api.analyst)
    page.locator("summary", has_text="v_recovery_by_strategy").click()
    expect(page.get_by_text("How well each recovery strategy does.")).to_be_visible()
    expect(page.get_by_text("the next attempt failed too")).to_be_visible()
    page.get_by_role("button", name="Which strategies help?").click()
    expect(page.get_by_role("status")).to_contain_text("3 rows in")
    expect(page.locator("#result th").first).to_have_text("recovery_strategy")
    expect(page.locator("#result tbody tr")).to_have_count(3)
    heights = page.locator("#result th").evaluate_all("cells => cells.map(cell => cell.offsetHeight)")
    assert max(heights) < 50, "names of columns are read in one line"
    ask(page, "SELECT day FROM v_daily_metrics")
    expect(page.locator("#result th")).to_have_text(["day"])
    assert page.locator("#result td").first.evaluate("cell => cell.offsetHeight") < 50, "so are days"
    page.reload()
    expect(page.locator("summary", has_text="v_tasks")).to_be_visible()
    assert "v_daily_metrics" in page.locator("#sql").input_value(), "the address remembers the query"


def test_a_query_of_ones_own_is_shown_as_text(page: Page, api: Served) -> None:
    enter(page, api.analyst)
    ask(page, f"SELECT '{EVIL.replace(chr(39), chr(39) * 2)}' AS goal, NULL AS nothing, 42 AS answer, [1, 2] AS list")
    cells = page.locator("#result tbody td")
    expect(cells).to_have_text([EVIL, "NULL", "42", "[1,2]"])
    assert page.title() == "Goaltrail: query the readings"
    assert page.locator("#result img").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    evil = EVIL.replace('"', '""')
    saved = download.value.path().read_bytes().decode()
    assert saved == f'"goal","nothing","answer","list"\r\n"{evil}",,"42","[1,2]"\r\n'


def test_what_is_refused_is_said(page: Page, api: Served) -> None:
    enter(page, api.analyst)
    ask(page, "DELETE FROM tasks")
    expect(page.get_by_role("status")).to_contain_text("no DELETE")
    ask(page, "SELECT count(*) FROM range(1000000) a, range(1000000) b")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_have_text("Stopped.")
    ask(page, "SELECT 1 AS one")
    expect(page.get_by_role("status")).to_contain_text("1 row in")


def test_a_key_that_may_not_query_is_told_what_it_needs(page: Page, api: Served) -> None:
    enter(page, api.reader)
    expect(page.get_by_role("alert")).to_contain_text("goaltrail keys create --name analyst --scope sql")
    enter(page, "gt_unknown")
    expect(page.get_by_role("alert")).to_contain_text("opens nothing")
    assert page.evaluate("sessionStorage.length") == 0, "a key that opens nothing is not kept"
    enter(page, api.analyst)
    page.get_by_role("button", name="Forget the key").click()
    expect(page.get_by_label("API key")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
