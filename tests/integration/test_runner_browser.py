"""Tasks performed in a real Chromium on a local site: what is done, what is recorded, and how failures are told."""

from __future__ import annotations

import io
import os
import signal
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from events.failure import ErrorType
from local.process_tree import browsers_of
from runner.browser import BrowserHost
from runner.browser_performer import BrowserPerformer
from runner.history import Earlier
from runner.performer import Fell, Reached, Verdict, Yielded
from tests.integration.runner_parts import Kept, job, performer
from tests.integration.runner_site import PASSWORD, Site, serve
from tests.wait import until

pytestmark = pytest.mark.browser

LOG_IN = 'type "{{mail}}" into "Email", type {{secret:password}} into "Password", press "Log in"'
GOAL = (
    LOG_IN + ', click "{{class}}", type "{{child}}" into "Child\'s name", select "Tuesday" in "Day", press "Register"'
)
FIELDS: dict[str, Any] = {
    "inputs": {"mail": "a@b.c", "child": "Eden", "class": "Tuesday 16:00"},
    "secrets": {"password": "env:SCHOOL_PASS"},
}
CONFIRMED = [{"kind": "text_visible", "value": "Confirmation number"}]
BOOKED = [{"kind": "text_visible", "value": "{{child}} on Tuesday", "at": "/mine"}]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SCHOOL_PASS", PASSWORD)
    with serve() as running:
        yield running


@pytest.fixture
async def hands(chromium_path: Path, tmp_path: Path) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path) as ready:
        yield ready


def fell(verdict: Verdict) -> Fell:
    assert isinstance(verdict, Fell), verdict
    return verdict


async def test_a_goal_in_words_is_done_and_verified(hands: BrowserPerformer, site: Site) -> None:
    log = Kept()
    verdict = await hands.perform(job(GOAL, site.url, success_indicators=CONFIRMED, **FIELDS), log)
    assert isinstance(verdict, Reached)
    assert verdict.evidence == [f'the page shows "Confirmation number": {site.url}/done']
    assert site.posted == [{"child": "Eden", "day": "Tuesday"}]
    assert log.intents == ['click element "Register"']
    assert {step.result for step in log.steps} == {"success"}
    assert [step.irreversible for step in log.steps] == [False] * 7 + [True, False]
    assert all(step.duration_ms > 0 and step.url.startswith(site.url) for step in log.steps)
    assert {(step.ai_level, step.ai_used) for step in log.steps} == {(0, "rules")}
    assert 'fill field "Password" with "{{secret:password}}"' in [step.action for step in log.steps]


async def test_a_declared_plan_reads_what_it_is_asked_for(hands: BrowserPerformer, site: Site) -> None:
    steps = [
        {"op": "navigate", "url": "/login"},
        {"op": "fill", "target": {"label": "Email"}, "value": "{{mail}}"},
        {"op": "fill", "target": {"role": "textbox", "name": "Password"}, "value": "{{secret:password}}"},
        {"op": "press", "key": "Enter", "target": {"label": "Password"}},
        {"op": "click", "target": {"role": "link", "name": "16:00", "within": "Tuesday"}},
        {"op": "fill", "target": {"css": "input[name=child]"}, "value": "{{child}}"},
        {"op": "check", "target": {"label": "I agree"}},
        {"op": "click", "target": {"role": "button", "name": "Register"}, "irreversible": True},
        {"op": "wait_for", "target": {"text": "Confirmation"}},
        {"op": "extract", "target": {"css": "#number"}, "key": "number"},
    ]
    log = Kept()
    verdict = await hands.perform(job("anything", site.url, steps=steps, **FIELDS), log)
    assert isinstance(verdict, Reached), verdict
    assert verdict.data == {"number": "A-1001"}
    assert "Inferred" in verdict.evidence[0]
    assert [step.ai_used for step in log.steps] == ["declared_plan"] * 10
    assert site.posted[0]["agree"] == "on"


async def test_a_goal_that_cannot_be_reached_says_why(hands: BrowserPerformer, site: Site) -> None:
    log = Kept()
    verdict = fell(await hands.perform(job(f'{LOG_IN}, click "Saturday night class"', site.url, **FIELDS), log))
    assert verdict.error_type is ErrorType.GOAL_UNREACHABLE
    assert verdict.message == (
        f'No link or button named "Saturday night class" on {site.url}/ (page "Classes"); closest: "Saturday 10:00"'
    )
    failed = log.steps[-1]
    assert (failed.result, failed.error_details) == ("error", verdict.message)
    assert [artifact.kind for artifact in failed.artifacts] == ["screenshot", "trace"]


async def test_secrets_are_in_no_artifact(hands: BrowserPerformer, site: Site) -> None:
    log = Kept()
    await hands.perform(job(f'{LOG_IN}, click "Nowhere"', site.url, **FIELDS), log)
    for artifact in log.steps[-1].artifacts:
        content = await hands.store.get(artifact.sha256)
        entries = [content]
        if artifact.kind == "trace":
            with zipfile.ZipFile(io.BytesIO(content)) as trace:
                entries = [trace.read(name) for name in trace.namelist()]
                assert any(b"[secret]" in entry for entry in entries)
        assert not any(form in entry for entry in entries for form in (PASSWORD.encode(), b"s3cret%26pass"))


@pytest.mark.parametrize(
    ("goal", "error_type", "said"),
    [
        ("Do what suits Eden", ErrorType.NO_PLAN, "No configured level understands"),
        ("Register Eden for Tuesday", ErrorType.AUTH, "asks for a login"),
        ("open /broken", ErrorType.SERVER_ERROR, "HTTP 500"),
        ("open /busy", ErrorType.RATE_LIMITED, "HTTP 429"),
        ("open /secret", ErrorType.ACCESS_DENIED, "HTTP 403"),
        ('open /odd, open "ftp://x/"', ErrorType.GOAL_UNREACHABLE, "ftp"),
        ("open /hangs", ErrorType.TIMEOUT, "Timeout"),
        ('open /odd, press "Remove"', ErrorType.GOAL_UNREACHABLE, "2 elements match"),
        ('open /odd, type "x" into "Telephone"', ErrorType.GOAL_UNREACHABLE, 'No field named "Telephone"'),
        ('open /form, type "Eden" into "Child\'s name"', ErrorType.AUTH, "asks for a login"),
        ("open /odd, blow {{nobody}} up Search", ErrorType.NO_PLAN, "understands"),
        ('open /odd, type {{nobody}} into "Search"', ErrorType.INVALID_INPUT, "nobody"),
        ('open /odd, type {{secret:nobody}} into "Search"', ErrorType.INVALID_INPUT, "nobody"),
        ('open /odd, press "Nothing", press "Nothing", press "Nothing"', ErrorType.LOOP, "did not change"),
    ],
)
async def test_failures_by_type(
    hands: BrowserPerformer, site: Site, goal: str, error_type: ErrorType, said: str
) -> None:
    verdict = fell(await hands.perform(job(goal, site.url), Kept()))
    assert (verdict.error_type, said in verdict.message) == (error_type, True), verdict


async def test_a_site_that_is_down(hands: BrowserPerformer) -> None:
    verdict = fell(await hands.perform(job('press "x"', "http://127.0.0.1:9"), Kept()))
    assert verdict.error_type in {ErrorType.SITE_DOWN, ErrorType.INVALID_URL}


async def test_rows_unlabelled_buttons_questions_and_late_texts(hands: BrowserPerformer, site: Site) -> None:
    goal = 'open /odd, press "Remove" in "Ann", wait for "Ann removed", press "Open", press "Remove" in "Bob"'
    assert isinstance(await hands.perform(job(goal, site.url), Kept()), Reached)
    late = 'open /odd, type "x" into "Search", press "Later", wait for "late text"'
    assert isinstance(await hands.perform(job(late, site.url), Kept()), Reached)


async def test_too_many_steps(hands: BrowserPerformer, site: Site) -> None:
    verdict = fell(await hands.perform(job(GOAL, site.url, max_steps=2, **FIELDS), Kept()))
    assert verdict.error_type is ErrorType.MAX_STEPS


async def test_a_pause_between_steps_keeps_a_checkpoint(hands: BrowserPerformer, site: Site) -> None:
    log = Kept(stop_after=4)
    verdict = await hands.perform(job(GOAL, site.url, **FIELDS), log)
    assert isinstance(verdict, Yielded)
    assert verdict.checkpoint is not None
    kept = await hands.vault.get(verdict.checkpoint)
    assert kept.storage_state["cookies"][0]["name"] == "session"
    assert log.checkpoints[0][0] == kept.url == f"{site.url}/"
    assert b"session" not in await hands.store.get(verdict.checkpoint)
    assert not site.posted


async def test_an_error_after_the_submission_is_unconfirmed(hands: BrowserPerformer, site: Site) -> None:
    site.answer_status = 500
    log = Kept()
    verdict = fell(await hands.perform(job(GOAL, site.url, success_indicators=CONFIRMED, **FIELDS), log))
    assert verdict.error_type is ErrorType.UNCONFIRMED
    assert "Register" in verdict.message
    failed = [step for step in log.steps if step.result == "error"]
    assert failed[0].irreversible
    assert failed[0].error_type is ErrorType.SERVER_ERROR


async def test_an_error_after_the_submission_is_looked_after_where_the_effect_shows(
    hands: BrowserPerformer, site: Site
) -> None:
    site.answer_status = 500
    verdict = await hands.perform(job(GOAL, site.url, success_indicators=BOOKED, **FIELDS), Kept())
    assert isinstance(verdict, Reached)
    assert len(site.posted) == 1


async def test_a_refused_submission_was_not_done_and_may_be_tried_again(hands: BrowserPerformer, site: Site) -> None:
    site.answer_status = 429
    log = Kept()
    verdict = fell(await hands.perform(job(GOAL, site.url, success_indicators=CONFIRMED, **FIELDS), log))
    assert verdict.error_type is ErrorType.RATE_LIMITED
    assert not log.steps[-1].irreversible


async def test_indicators_that_do_not_hold(hands: BrowserPerformer, site: Site) -> None:
    wrong = [{"kind": "text_visible", "value": "See you never"}, {"kind": "url_contains", "value": "/odd"}]
    verdict = fell(await hands.perform(job('open /odd, press "Open"', site.url, success_indicators=wrong), Kept()))
    assert verdict.error_type is ErrorType.UNKNOWN
    assert len(verdict.evidence["missing"]) == len(verdict.evidence["found"]) == 1
    done = fell(await hands.perform(job(GOAL, site.url, success_indicators=wrong, **FIELDS), Kept()))
    assert done.error_type is ErrorType.UNCONFIRMED


async def test_fields_and_elements_as_indicators(hands: BrowserPerformer, site: Site) -> None:
    right = [
        {"kind": "field_value", "target": {"placeholder": "Search"}, "value": "shoes"},
        {"kind": "element_visible", "target": {"role": "button", "name": "Later"}},
    ]
    goal = 'open /odd, type "shoes" into "Search"'
    assert isinstance(await hands.perform(job(goal, site.url, success_indicators=right), Kept()), Reached)


@pytest.mark.parametrize("done", [True, False])
async def test_what_may_be_done_already_is_verified_and_never_done_again(
    hands: BrowserPerformer, site: Site, done: bool
) -> None:
    if done:
        site.posted.append({"child": "Eden", "day": "Tuesday"})
    before = list(site.posted)
    earlier = Earlier(9, 'click element "Register"')
    verdict = await hands.perform(job(GOAL, site.url, earlier=earlier, success_indicators=BOOKED, **FIELDS), Kept())
    assert site.posted == before
    assert isinstance(verdict, Reached) if done else fell(verdict).error_type is ErrorType.UNCONFIRMED


async def test_without_a_page_to_look_at_nothing_is_even_tried(hands: BrowserPerformer, site: Site) -> None:
    earlier = Earlier(9, 'click element "Register"')
    verdict = fell(
        await hands.perform(job(GOAL, site.url, earlier=earlier, success_indicators=CONFIRMED, **FIELDS), Kept())
    )
    assert verdict.error_type is ErrorType.UNCONFIRMED
    assert not site.seen


async def test_a_killed_browser_fails_the_attempt_and_is_replaced(hands: BrowserPerformer, site: Site) -> None:
    class Killing(Kept):
        async def may_act(self, seconds: float) -> float:
            if self.step_number == 1:
                for child in browsers_of(os.getpid()):
                    os.kill(child, signal.SIGKILL)
            return await super().may_act(seconds)

    verdict = fell(await hands.perform(job(GOAL, site.url, **FIELDS), Killing()))
    assert verdict.error_type is ErrorType.BROWSER_CRASHED
    again = await hands.perform(job(GOAL, site.url, success_indicators=CONFIRMED, **FIELDS), Kept())
    assert isinstance(again, Reached)


async def test_nothing_is_left_behind(chromium_path: Path) -> None:
    before = browsers_of(os.getpid())
    host = BrowserHost(chromium_path, headless=True)
    await host.start()
    started = browsers_of(os.getpid()) - before
    assert started
    await host.close()
    until(lambda: not started & browsers_of(os.getpid()), 5, what="the browser is gone")
