"""Renderers that die: of the tasks in one browser, only the one whose page it was has trouble."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.failure import ErrorType
from local.process_tree import descendants_of
from runner.performer import Fell, Reached
from tests.integration.runner_parts import Kept, job, performer
from tests.integration.runner_site import PASSWORD, Site, serve
from tests.integration.test_runner_browser import CONFIRMED, FIELDS, GOAL, LOG_IN

pytestmark = pytest.mark.browser

WAITING = f'{LOG_IN}, wait for "never shown"'


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SCHOOL_PASS", PASSWORD)
    with serve() as running:
        yield running


class Held(Kept):
    """Stops before its fifth step until told to go on: logged in, with a page open."""

    def __init__(self) -> None:
        super().__init__()
        self.here, self.go_on = asyncio.Event(), asyncio.Event()

    async def may_act(self, seconds: float) -> float:
        if self.step_number == 4:
            self.here.set()
            await self.go_on.wait()
        return await super().may_act(seconds)


def renderers() -> set[int]:
    return {
        pid for pid in descendants_of(os.getpid()) if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


async def test_a_page_that_crashes_is_the_trouble_of_its_task_alone(
    chromium_path: Path, tmp_path: Path, site: Site
) -> None:
    others = renderers()
    async with performer(chromium_path, tmp_path) as hands:
        unlucky, lucky = Held(), Held()
        crashing = asyncio.create_task(hands.perform(job(WAITING, site.url, **FIELDS), unlucky))
        await asyncio.wait_for(unlucky.here.wait(), 20)
        victims = renderers() - others
        going = asyncio.create_task(hands.perform(job(GOAL, site.url, success_indicators=CONFIRMED, **FIELDS), lucky))
        await asyncio.wait_for(lucky.here.wait(), 20)
        assert renderers() - others > victims
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        unlucky.go_on.set()
        fell = await crashing
        assert isinstance(fell, Fell)
        assert fell.error_type is ErrorType.BROWSER_CRASHED
        lucky.go_on.set()
        assert isinstance(await going, Reached)
        assert len(site.posted) == 1
        assert isinstance(await hands.perform(job(GOAL, site.url, **FIELDS), Kept()), Reached)
