"""Learned once, done again without planning: other inputs, controls renamed, pages changed, and goals that only look alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from events.paths import PathFailed, PathHealed, PathLearned, PathReplayed
from runner.browser_performer import BrowserPerformer
from runner.performer import Fell, Reached, Verdict
from tests.integration import runner_site
from tests.integration.path_memory import PathMemory
from tests.integration.runner_parts import Kept, job, performer
from tests.integration.runner_site import PASSWORD, Site, serve

pytestmark = pytest.mark.browser

GOAL = (
    'type "{{mail}}" into "Email", type {{secret:password}} into "Password", press "Log in", click "{{class}}",'
    ' type "{{child}}" into "Child\'s name", select "{{day}}" in "Day", press "Register"'
)
CLASSES = {"Tuesday": "Tuesday 16:00", "Saturday": "Saturday 10:00"}
PROVED = [{"kind": "text_visible", "value": "{{child}} on {{day}}", "at": "/mine"}]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SCHOOL_PASS", PASSWORD)
    with serve() as running:
        yield running


@pytest.fixture
def memory() -> PathMemory:
    return PathMemory()


@pytest.fixture
async def hands(chromium_path: Path, tmp_path: Path, memory: PathMemory) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path) as ready:
        yield replace(ready, paths=memory.keeper)


async def register(
    hands: BrowserPerformer, site: Site, child: str, day: str, log: Kept | None = None, **changes: Any
) -> Verdict:
    fields: dict[str, Any] = {
        "inputs": {"mail": "a@b.c", "class": CLASSES[day], "child": child, "day": day},
        "secrets": {"password": "env:SCHOOL_PASS"},
        "success_indicators": PROVED,
    }
    return await hands.perform(job(changes.pop("goal", GOAL), site.url, **{**fields, **changes}), log or Kept())


async def test_a_verified_run_is_done_again_for_other_inputs(
    hands: BrowserPerformer, site: Site, memory: PathMemory
) -> None:
    log = Kept()
    first = await register(hands, site, "Eden", "Tuesday")
    second = await register(hands, site, "Noa", "Saturday", log)

    assert isinstance(first, Reached), first
    assert isinstance(second, Reached), second
    assert (first.path, second.path is not None) == (None, True)
    assert second.seconds_saved > 0
    assert [(entry["child"], entry["day"]) for entry in site.posted] == [("Eden", "Tuesday"), ("Noa", "Saturday")]
    assert memory.kinds == ["path.learned", "path.replayed"]
    taken = [step for step in log.steps if step.ai_used == "cached_path"]
    assert [step.result for step in taken] == ["success"] * 8
    assert log.intents == ['click button "Register"']


async def test_what_is_learned_holds_no_value_of_a_secret_and_no_input(
    hands: BrowserPerformer, site: Site, memory: PathMemory
) -> None:
    await register(hands, site, "Eden", "Tuesday")
    [learned] = memory.said
    assert isinstance(learned, PathLearned)
    said = learned.model_dump_json()
    assert "{{secret:password}}" in said
    assert not any(value in said for value in (PASSWORD, "Eden", "Tuesday", "a@b.c"))


async def test_a_goal_that_says_something_else_is_no_hit(
    hands: BrowserPerformer, site: Site, memory: PathMemory
) -> None:
    await register(hands, site, "Eden", "Tuesday")
    log = Kept()
    other = GOAL.replace('"Register"', '"Cancel registration"')
    verdict = await register(hands, site, "Noa", "Tuesday", log, goal=other)
    assert isinstance(verdict, Fell)
    assert memory.kinds == ["path.learned"]
    assert not any(step.ai_used == "cached_path" for step in log.steps)
    assert len(site.posted) == 1


async def test_a_renamed_control_is_found_and_the_finding_kept(
    hands: BrowserPerformer, site: Site, memory: PathMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(hands, site, "Eden", "Tuesday")
    monkeypatch.setattr(runner_site, "FORM", runner_site.FORM.replace("Child's name", "Name of your child"))
    healed = await register(hands, site, "Noa", "Saturday")
    log = Kept()
    again = await register(hands, site, "Tal", "Tuesday", log)
    assert isinstance(healed, Reached), healed
    assert isinstance(again, Reached), again
    assert [entry["child"] for entry in site.posted] == ["Eden", "Noa", "Tal"]
    assert [type(fact) for fact in memory.said] == [PathLearned, PathReplayed, PathHealed, PathReplayed]
    assert {step.ai_used for step in log.steps} == {"cached_path", "rules"}


async def test_a_path_that_leads_nowhere_is_left_for_a_plan_and_said_to_have_failed(
    hands: BrowserPerformer, site: Site, memory: PathMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(hands, site, "Eden", "Tuesday")
    form = '<title>Registration</title><h1>Registration is done by phone</h1><a href="/mine">My bookings</a>'
    monkeypatch.setattr(runner_site, "FORM", form)
    log = Kept()
    verdict = await register(hands, site, "Noa", "Tuesday", log)
    assert isinstance(verdict, Fell)
    failed = memory.said[-1]
    assert isinstance(failed, PathFailed)
    assert failed.step == 5
    assert {step.ai_used for step in log.steps} == {"cached_path", "rules"}
    assert len(site.posted) == 1


async def test_nothing_is_learned_from_what_was_not_verified(
    hands: BrowserPerformer, site: Site, memory: PathMemory
) -> None:
    wrong = [{"kind": "text_visible", "value": "you won", "at": "/mine"}]
    verdict = await register(hands, site, "Eden", "Tuesday", success_indicators=wrong)
    assert isinstance(verdict, Fell)
    assert memory.said == []
