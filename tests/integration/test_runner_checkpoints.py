"""Pauses in a real browser at the swimming school: where a task goes on, what is repeated, and what never is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from demo.goals import PASSWORD_VARIABLE, demo_goals
from demo.site import Fault, RunningSite, serve
from demo.site.members import PASSWORDS
from events.failure import ErrorType, Strategy
from runner.browser_performer import BrowserPerformer
from runner.history import Earlier
from runner.performer import Fell, Job, Reached, Yielded
from tests.integration.runner_parts import Kept, job, performer
from tests.integration.runner_site import PASSWORD
from tests.integration.runner_site import serve as tiny_school
from tests.integration.test_runner_browser import FIELDS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FORM = "/classes/dolphins/register"
AT_LOGIN, AT_CLASSES, IN_FORM, REGISTERED = 3, 4, 8, 10  # steps of the demo's declared plan


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSite]:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORDS["parent"])
    with serve() as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hands(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path_factory.mktemp("checkpoints")) as ready:
        yield ready


def registering(school: RunningSite, earlier: Earlier | None = None, **fields: Any) -> Job:
    statement = demo_goals(school.url)[0].statement
    return job(earlier=earlier, **{**statement.model_dump(), **fields})


async def paused(hands: BrowserPerformer, school: RunningSite, after: int) -> tuple[Kept, Earlier]:
    """Pause after so many steps; returns what was recorded, and what the next worker reads of it."""
    log = Kept(stop_after=after)
    verdict = await hands.perform(registering(school), log)
    assert isinstance(verdict, Yielded)
    acts = [step.action for step in log.steps if step.irreversible]
    checkpoint = log.checkpoints[-1][1].sha256 if log.checkpoints else None
    assert verdict.checkpoint == checkpoint
    return log, Earlier(
        len(log.steps),
        acts[0] if acts else None,
        certain=bool(acts),
        checkpoint=checkpoint,
        covered=bool(acts),
        acts=len(acts),
    )


@pytest.mark.parametrize(
    ("after", "first_again"),
    [
        (AT_LOGIN, 'fill field "Username" with "parent"'),
        (AT_CLASSES, 'click link "Register for Dolphins"'),
        (IN_FORM, 'fill field "Child\'s name" with "Eden"'),
        (REGISTERED, 'read element "confirmation-number" as "confirmation_number"'),
    ],
)
async def test_a_paused_task_goes_on_at_the_beginning_of_its_page(
    hands: BrowserPerformer, school: RunningSite, after: int, first_again: str
) -> None:
    before, earlier = await paused(hands, school, after)
    assert before.intents == ([] if after < REGISTERED else ['click button "Register"'])
    log = Kept()
    verdict = await hands.perform(registering(school, earlier), log)
    assert isinstance(verdict, Reached), verdict
    assert log.steps[0].level_reason.startswith("goes on at a checkpoint")
    assert log.steps[1].action == first_again
    assert len(school.record()) == 1
    assert school.school.members.logins == 1
    assert verdict.data == {"confirmation_number": school.record()[0].number}
    assert len(before.intents + log.intents) == 1


async def test_a_checkpoint_that_leads_nowhere_is_left_for_a_start_from_the_beginning(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    _, earlier = await paused(hands, school, IN_FORM)
    school.switch(expire_sessions=1)
    log = Kept()
    assert isinstance(await hands.perform(registering(school, earlier), log), Reached)
    assert school.school.members.logins == 2
    assert len(school.record()) == 1
    gone = replace(earlier, checkpoint="0" * 64)
    assert isinstance(await hands.perform(registering(school, gone), Kept()), Reached)
    again = registering(school, earlier, steps=[], goal='open "/classes"', success_indicators=[])
    other_plan = Kept()
    assert isinstance(await hands.perform(again, other_plan), Reached)
    assert not other_plan.steps[0].level_reason.startswith("goes on")


async def test_past_an_irreversible_step_a_lost_checkpoint_means_verification_only(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    _, earlier = await paused(hands, school, REGISTERED)
    for changed in (replace(earlier, checkpoint=None), replace(earlier, covered=False)):
        log = Kept()
        verdict = await hands.perform(registering(school, changed), log)
        assert isinstance(verdict, Reached)
        assert log.intents == []
        assert verdict.data == {}
    assert len(school.record()) == 1


async def test_an_attempt_that_is_to_log_in_again_takes_no_old_session(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    _, earlier = await paused(hands, school, IN_FORM)
    wanted = registering(school, earlier)
    assignment = wanted.assignment.model_copy(
        update={"strategy": Strategy.RE_AUTHENTICATE, "error_type": ErrorType.AUTH}
    )
    assert isinstance(await hands.perform(replace(wanted, assignment=assignment), Kept()), Reached)
    assert school.school.members.logins == 2


async def test_a_pause_after_the_act_runs_on_where_no_page_follows(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    """The answer to the form is an error: the act's effect is unknown, so there is no place to go on from."""
    school.switch(faults=[Fault(status=502, path=FORM, method="POST", after=True)])
    log = Kept(stop_after=REGISTERED)
    assert isinstance(await hands.perform(registering(school), log), Reached)
    assert len(school.record()) == 1


async def test_a_refused_act_after_another_one_on_the_same_page_goes_back_nowhere(
    hands: BrowserPerformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHOOL_PASS", PASSWORD)
    with tiny_school() as site:
        site.answer_status = 429
        steps = [
            {"op": "navigate", "url": "/login"},
            {"op": "fill", "target": {"label": "Password"}, "value": "{{secret:password}}"},
            {"op": "click", "target": {"role": "button", "name": "Log in"}},
            {"op": "navigate", "url": "/form"},
            {"op": "press", "key": "Tab", "irreversible": True},
            {"op": "click", "target": {"role": "button", "name": "Register"}},
        ]
        log = Kept(strategies=[Strategy.BACK_OFF_AND_RETRY])
        verdict = await hands.perform(job("x", site.url, steps=steps, **FIELDS), log)
        assert isinstance(verdict, Fell)
        assert verdict.error_type is ErrorType.UNCONFIRMED
        assert log.troubles == []
        assert len(site.posted) == 1


async def test_checkpoints_cost_little_and_are_few(hands: BrowserPerformer, school: RunningSite) -> None:
    log = Kept()
    assert isinstance(await hands.perform(registering(school), log), Reached)
    assert [url.removeprefix(school.url) for url, _ in log.checkpoints] == [
        "/classes",
        FORM,
        f"/registrations/{school.record()[0].number}",
    ]
    assert all(artifact.size_bytes < 20_000 for _, artifact in log.checkpoints)


async def test_a_stop_before_the_first_step_does_nothing(hands: BrowserPerformer, school: RunningSite) -> None:
    log = Kept(stop_asked="cancel")
    verdict = await hands.perform(registering(school), log)
    assert isinstance(verdict, Yielded)
    assert not isinstance(verdict, Fell)
    assert (verdict.checkpoint, log.steps) == (None, [])
