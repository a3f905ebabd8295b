"""Windows of tasks: each is used once; one is kept ready, and only given to whom it fits."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local.process_tree import browsers_of
from runner.browser import BrowserHost
from runner.safety.policy import GuardPolicy
from runner.windows import Windows
from tests.integration.small_sites import office, serve

pytestmark = pytest.mark.browser

LOCAL = ["127.0.0.0/8"]


@pytest.fixture
async def host(chromium_path: Path) -> AsyncIterator[BrowserHost]:
    host = BrowserHost(chromium_path, headless=True)
    yield host
    await host.close()


@pytest.fixture
async def windows(host: BrowserHost) -> AsyncIterator[Windows]:
    made = Windows(host, keep_ready=True)
    yield made
    await made.close()


async def ready(windows: Windows) -> None:
    """Wait until nothing is being opened or closed any more."""
    while windows._busy:
        await asyncio.wait(set(windows._busy))
    assert windows._ready is not None


async def test_a_window_is_used_once_and_another_one_is_ready_then(windows: Windows) -> None:
    async with windows.opened(None) as first:
        await first.context.add_cookies([{"name": "who", "value": "a", "url": "http://127.0.0.1"}])
    await ready(windows)
    waiting = windows._ready
    assert waiting is not None
    async with windows.opened(None) as second:
        assert second is waiting.window
        assert second.context is not first.context
        assert await second.context.cookies() == []
        async with windows.opened(None) as third:
            assert third.context is not second.context
    await ready(windows)
    assert first.page.is_closed()
    assert second.page.is_closed()


async def test_a_ready_window_goes_where_its_task_may_and_nowhere_else(windows: Windows) -> None:
    with serve(office) as first, serve(office) as second:
        one, other = first.url, second.url
        async with windows.opened(GuardPolicy.of(one, (), LOCAL)):
            pass
        await ready(windows)
        waiting = windows._ready
        async with windows.opened(GuardPolicy.of(other, (), LOCAL)) as window:
            assert waiting is not None
            assert window is waiting.window
            assert window.guard is not None
            await window.guard.admit(other)
            await window.page.goto(other)
            with pytest.raises(Exception, match="ERR_ABORTED"):
                await window.page.goto(one)
            assert window.guard.refusal is not None


@pytest.mark.parametrize("wanted", ["another door", "a session", "files"])
async def test_whom_the_ready_window_does_not_fit_gets_another(windows: Windows, wanted: str) -> None:
    async with windows.opened(GuardPolicy.of("http://127.0.0.1", (), LOCAL)):
        pass
    await ready(windows)
    waiting = windows._ready
    assert waiting is not None
    policy = GuardPolicy.of("http://127.0.0.1", (), [] if wanted == "another door" else LOCAL)
    storage: dict[str, list[str]] | None = {"cookies": [], "origins": []} if wanted == "a session" else None
    async with windows.opened(policy, storage, downloads=wanted == "files") as window:
        assert window is not waiting.window


async def test_a_ready_window_whose_browser_died_is_replaced(windows: Windows) -> None:
    async with windows.opened(None):
        pass
    await ready(windows)
    for pid in browsers_of(os.getpid()):
        os.kill(pid, signal.SIGKILL)
    async with windows.opened(None) as window:
        assert await window.page.evaluate("1 + 1") == 2


async def test_closing_leaves_nothing_open(host: BrowserHost) -> None:
    windows = Windows(host, keep_ready=True)
    async with windows.opened(None) as window:
        pass
    await windows.close()
    browser = window.context.browser
    assert browser is not None
    assert browser.contexts == []
    async with windows.opened(None):
        pass
    assert browser.contexts == []
