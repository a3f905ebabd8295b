"""Strategies against pages made for them: dialogs that close in different ways, logins without a plan, windows that hang."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from demo.goals import PASSWORD_VARIABLE, demo_goals
from demo.site import Fault, RunningSite, serve
from demo.site.members import PASSWORDS
from events.failure import ErrorType, Strategy
from runner.browser_performer import BrowserPerformer
from runner.outcome import StepTrouble
from runner.performer import Fell, Reached
from runner.recovery.dialogs import close_dialogs
from runner.session import Session
from tests.integration.runner_parts import Kept, job, performer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FORM = "/classes/dolphins/register"
COVER = "position:fixed;inset:0;z-index:9;background:#0008"
BELOW = "<h1>Page</h1><button onclick=\"document.title='pressed'\">Go on</button>"


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSite]:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORDS["parent"])
    with serve() as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hands(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path_factory.mktemp("strategies")) as ready:
        yield ready


@pytest_asyncio.fixture(loop_scope="module")
async def page(hands: BrowserPerformer) -> AsyncIterator[Page]:
    async with hands.windows.opened(None) as window:
        yield window.page


DIALOGS = {
    "cookies": f'<div id=d style="{COVER}"><p>We use cookies</p><button>Settings</button>'
    '<button onclick="d.remove()">Accept all</button></div>',
    "cross": f'<div id=d role=dialog style="{COVER}">Subscribe!<input><button>Subscribe</button>'
    '<a href="#" aria-label="Close" onclick="d.remove()">+</a></div>',
    "escape": "<dialog id=d>Rate us</dialog><script>d.showModal()</script>",
    "fading": f'<div id=d role=alertdialog style="{COVER}">Hello'
    '<span role=button tabindex=0 onclick="setTimeout(() => d.remove(), 400)">Not now</span></div>',
}


@pytest.mark.parametrize("kind", DIALOGS)
async def test_dialogs_are_closed_and_the_page_below_can_be_used(page: Page, kind: str) -> None:
    await page.set_content(BELOW + DIALOGS[kind])
    await close_dialogs(page)
    await page.get_by_role("button", name="Go on").click(timeout=1_000)
    assert await page.title() == "pressed"


async def test_a_dialog_that_wants_something_done_is_not_obeyed(page: Page) -> None:
    await page.set_content(
        f'{BELOW}<div id=d role=dialog style="{COVER}">Sure?'
        "<button onclick=\"document.title='deleted'; d.remove()\">OK, delete my account</button></div>"
    )
    with pytest.raises(StepTrouble, match="could not be closed") as trouble:
        await close_dialogs(page)
    assert trouble.value.error_type is ErrorType.MODAL
    assert await page.title() == ""


async def test_a_page_that_nothing_covers_is_left_alone(page: Page) -> None:
    await page.set_content(f'<div style="position:fixed;top:0;height:40px;width:100%">Menu</div>{BELOW}')
    await close_dialogs(page)
    assert await page.title() == ""


@pytest.mark.parametrize("names", [("password", "user"), ("site_pass", "login")])
async def test_a_login_form_is_filled_from_telling_names_when_the_plan_has_no_login(
    hands: BrowserPerformer, school: RunningSite, names: tuple[str, str]
) -> None:
    """The task came with nobody logged in, and its plan knows only the form."""
    secret, user = names
    plan: list[Any] = demo_goals(school.url)[0].statement.model_dump()["steps"][4:]
    plan[0] = {"op": "navigate", "url": FORM}
    wanted = job(
        "register",
        school.url,
        steps=plan,
        inputs={"child": "Eden", "day": "Tuesday", "age": 7, user: "parent"},
        secrets={secret: f"env:{PASSWORD_VARIABLE}"},
    )
    log = Kept(strategies=[Strategy.RE_AUTHENTICATE])
    verdict = await hands.perform(wanted, log)
    assert isinstance(verdict, Reached), verdict
    assert [fell.error_type for fell in log.troubles] == [ErrorType.AUTH]
    assert log.held == 1
    assert len(school.record()) == 1
    assert PASSWORDS["parent"] not in str(log.steps)


async def test_a_login_nobody_knows_or_accepts_is_a_failure_of_the_login(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    steps = [{"op": "navigate", "url": FORM}, {"op": "fill", "target": {"label": "Age"}, "value": "7"}]
    unknown = await hands.perform(job("x", school.url, steps=steps), Kept(strategies=[Strategy.RE_AUTHENTICATE]))
    assert isinstance(unknown, Fell)
    assert (unknown.error_type, "neither the plan nor a secret" in unknown.message) == (ErrorType.AUTH, True)
    wrong = job(
        "x", school.url, steps=steps, inputs={"user": "coach"}, secrets={"password": f"env:{PASSWORD_VARIABLE}"}
    )
    log = Kept(strategies=[Strategy.RE_AUTHENTICATE])
    refused = await hands.perform(wrong, log)
    assert isinstance(refused, Fell)
    assert refused.error_type is ErrorType.AUTH
    failed = [step for step in log.steps if step.result == "error"]
    assert len(failed) == 2
    assert all([picture.kind for picture in step.artifacts] == ["screenshot", "trace"] for step in failed)


async def test_a_window_that_hangs_is_left_for_another(page: Page) -> None:
    session = Session(page.context, page, navigation_timeout=2.0)
    await session.refresh_window()
    assert session.page is page
    await page.set_content("<script>setTimeout(() => { for (;;) {} }, 50)</script>")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await page.evaluate("new Promise(() => {})")
    await session.refresh_window()
    assert session.page is not page
    assert session.documents > 0
    assert await session.page.evaluate("1 + 1") == 2


async def test_a_page_that_is_not_there_when_verified_is_looked_at_again(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    """No step is left when the trouble comes: the recovery has held once the goal is verified."""
    school.switch(faults=[Fault(status=429, path="/registrations")])
    goal = 'Type "parent" into "Username", type {{secret:password}} into "Password", press "Log in"'
    wanted = job(
        goal,
        f"{school.url}/login",
        secrets={"password": f"env:{PASSWORD_VARIABLE}"},
        success_indicators=[{"kind": "text_visible", "value": "no registrations", "at": "/registrations"}],
    )
    log = Kept(strategies=[Strategy.BACK_OFF_AND_RETRY])
    assert isinstance(await hands.perform(wanted, log), Reached)
    assert [fell.error_type for fell in log.troubles] == [ErrorType.RATE_LIMITED]
    assert log.held == 1
