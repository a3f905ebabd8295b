"""Planners that look, in a real Chromium: rules first, a model for what they refuse, rules again; and a human in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.model_server import TOKENS, ModelServer, model_server
from events.failure import ErrorType
from runner.browser_performer import BrowserPerformer
from runner.performer import Fell, Reached
from runner.planners.models import ModelLevel, ModelPlanner
from tests.integration.runner_parts import Kept, job, performer
from tests.integration.runner_site import PASSWORD, Site, serve

pytestmark = pytest.mark.browser

SECRETS = {"password": "env:SCHOOL_PASS"}
LOG_IN = 'Enter "a@b.c" in the Email field and enter {{secret:password}} in the Password field, then click Log in.'
REGISTERED = [{"kind": "text_visible", "value": "Confirmation number"}]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SCHOOL_PASS", PASSWORD)
    with serve() as running:
        yield running


@pytest.fixture
async def hands(chromium_path: Path, tmp_path: Path) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path) as ready:
        yield ready


@asynccontextmanager
async def asking(hands: BrowserPerformer, server: ModelServer) -> AsyncIterator[BrowserPerformer]:
    """The performer with a model to ask."""
    model = ModelPlanner(ModelLevel(1, "small", base_url=server.openai))
    try:
        yield replace(hands, models={1: model})
    finally:
        await model.close()


def act_on(said: str, act: str = "press", value: str = "") -> Callable[[dict[str, Any]], dict[str, Any]]:
    """An answer about the element of which the prompt says this."""

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        lines = str(body["messages"][-1]["content"]).replace("\\n", "\n").splitlines()
        found = next(line for line in lines if said in line and line.startswith("e"))
        return {"act": act, "element": found.split()[0], "value": value, "why": f"it says {said}"}

    return answer


def who(log: Kept) -> Sequence[tuple[int, str]]:
    return [(step.ai_level, step.ai_used) for step in log.steps]


async def test_rules_that_look_log_in_and_register(hands: BrowserPerformer, site: Site) -> None:
    goal = f'{LOG_IN} Click on Tuesday 16:00. Enter "Eden" in the Child\'s name field and click Register.'
    log = Kept()
    verdict = await hands.perform(job(goal, site.url, secrets=SECRETS, success_indicators=REGISTERED), log)
    assert isinstance(verdict, Reached), verdict
    assert [entry["child"] for entry in site.posted] == ["Eden"]
    assert set(who(log)) == {(0, "rules")}
    assert log.intents == ['click button "Register"']
    assert PASSWORD not in repr(log.steps)
    assert 'fill field "Password" with "{{secret:password}}"' in [step.action for step in log.steps] or any(
        "{{secret:password}}" in step.action for step in log.steps
    )


async def test_what_rules_refuse_goes_to_a_human_with_pictures(hands: BrowserPerformer, site: Site) -> None:
    log = Kept()
    verdict = await hands.perform(job("Click on the Saturday night class.", f"{site.url}/odd"), log)
    assert isinstance(verdict, Fell)
    assert verdict.error_type is ErrorType.NEEDS_HUMAN
    last = log.steps[-1]
    assert (last.action, last.result, last.error_type) == ("decide the next step", "error", ErrorType.NEEDS_HUMAN)
    assert [artifact.kind for artifact in last.artifacts] == ["screenshot", "trace"]


async def test_a_model_takes_the_hard_step_and_rules_go_on(hands: BrowserPerformer, site: Site) -> None:
    goal = (
        f'{LOG_IN} Choose what suits a child on Tuesdays. Enter "Eden" in the Child\'s name field and click Register.'
    )
    log = Kept()
    with model_server(act_on("Tuesday 16:00")) as server:
        async with asking(hands, server) as able:
            task = job(goal, site.url, secrets=SECRETS, success_indicators=REGISTERED)
            verdict = await able.perform(task, log)
    assert isinstance(verdict, Reached), verdict
    assert [entry["child"] for entry in site.posted] == ["Eden"]
    [taken] = [step for step in log.steps if step.ai_level == 1]
    assert (taken.model, taken.input_tokens, taken.output_tokens) == ("small", *TOKENS)
    assert "level 0: nothing here is called" in taken.level_reason
    assert who(log)[-2] == (0, "rules"), "the last step before verifying is a cheap one again"
    assert log.intents == ['click button "Register"']
    assert PASSWORD not in "".join(server.prompts()) + repr(log.steps)


async def test_rules_are_asked_again_after_a_step_they_could_not_take(hands: BrowserPerformer, site: Site) -> None:
    goal = "Click on Later, then click on the thing nobody named."
    log = Kept()
    with model_server(act_on("Open"), {"act": "give_up", "why": "nothing is left"}) as server:
        async with asking(hands, server) as able:
            verdict = await able.perform(job(goal, f"{site.url}/odd"), log)
    assert who(log)[:3] == [(0, "rules"), (0, "rules"), (1, "ollama")], verdict
    assert "level 0" in log.steps[2].level_reason


async def test_no_level_left_is_for_a_human_and_what_was_asked_is_paid_for(hands: BrowserPerformer, site: Site) -> None:
    log = Kept()
    with model_server({"act": "give_up", "why": "not sure which one"}) as server:
        async with asking(hands, server) as able:
            verdict = await able.perform(job("Do what must be done.", f"{site.url}/odd"), log)
    assert isinstance(verdict, Fell)
    assert verdict.error_type is ErrorType.NEEDS_HUMAN
    assert "not sure which one" in verdict.message
    asked = [step for step in log.steps if step.ai_level == 1]
    assert [(s.model, s.input_tokens, s.output_tokens, s.result) for s in asked] == [("small", *TOKENS, "skipped")]


async def test_a_page_cannot_talk_a_model_into_giving_a_secret_away(hands: BrowserPerformer, site: Site) -> None:
    log = Kept()
    with model_server(act_on("Search", "fill", "{{secret:password}}"), {"act": "give_up"}) as server:
        async with asking(hands, server) as able:
            await able.perform(job("Do what must be done.", f"{site.url}/odd", secrets=SECRETS), log)
    assert not any("fill" in step.action for step in log.steps)
