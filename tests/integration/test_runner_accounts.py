"""Who is logged in stays so for the account's next task, and for nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.goals import PASSWORD_VARIABLE
from demo.site import RunningSite, Switches, serve
from demo.site.members import PASSWORDS
from runner.accounts import AccountSessions
from runner.browser_performer import BrowserPerformer
from runner.checkpoints import checkpoint_keys
from runner.performer import Reached
from tests.integration.runner_parts import Kept, job, performer

pytestmark = pytest.mark.browser

GOAL = "Register {{child}} for {{class}} on {{day}}"


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSite]:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORDS["parent"])
    with serve(switches=Switches()) as site:
        yield site


@pytest.fixture
async def hands(chromium_path: Path, tmp_path: Path) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path) as ready:
        yield replace(ready, accounts=AccountSessions(str(tmp_path), checkpoint_keys(None, tmp_path)))


async def register(hands: BrowserPerformer, school: RunningSite, child: str, account: str) -> list[str]:
    log = Kept()
    given: dict[str, Any] = {"child": child, "class": "Dolphins", "day": "Tuesday", "age": 7, "email": "p@example.org"}
    verdict = await hands.perform(
        job(
            GOAL,
            school.url,
            inputs={**given, "username": "parent"},
            secrets={"password": f"env:{PASSWORD_VARIABLE}"},
            metadata={"account": account},
            success_indicators=[
                {"kind": "text_visible", "value": "{{child}}: {{class}} on {{day}}", "at": "/registrations"}
            ],
        ),
        log,
    )
    assert isinstance(verdict, Reached), verdict
    return [step.action for step in log.steps]


async def test_the_next_task_of_an_account_is_logged_in_already(hands: BrowserPerformer, school: RunningSite) -> None:
    first = await register(hands, school, "Eden", "family")
    second = await register(hands, school, "Noa", "family")
    other = await register(hands, school, "Tal", "others")
    assert [sum("Password" in action for action in actions) for actions in (first, second, other)] == [1, 0, 1]
    assert [entry.child for entry in school.record()] == ["Eden", "Noa", "Tal"]
    assert school.school.members.logins == 2


async def test_a_session_that_is_over_is_no_hindrance(hands: BrowserPerformer, school: RunningSite) -> None:
    await register(hands, school, "Eden", "family")
    school.switch(expire_sessions=1)
    again = await register(hands, school, "Noa", "family")
    assert sum("Password" in action for action in again) == 1
    assert [entry.child for entry in school.record()] == ["Eden", "Noa"]
