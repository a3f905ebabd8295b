"""The swimming school's troubles as a runner meets them: what it reports, and what the school's book says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from demo.goals import PASSWORD_VARIABLE, demo_goals
from demo.site import Fault, RunningSite, serve
from demo.site.members import PASSWORDS
from events.failure import ErrorType
from runner.browser_performer import BrowserPerformer
from runner.history import Earlier
from runner.performer import Fell, Job, Reached, Verdict
from tests.integration.runner_parts import Kept, job, performer

pytestmark = pytest.mark.browser

DECLARED, DESCRIBED, UNREACHABLE = range(3)
FORM = "/classes/dolphins/register"


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSite]:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORDS["parent"])
    with serve() as site:
        yield site


@pytest.fixture
async def hands(chromium_path: Path, tmp_path: Path) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path) as ready:
        yield ready


def of(school: RunningSite, which: int, *, earlier: Earlier | None = None, **changes: Any) -> Job:
    statement = demo_goals(school.url)[which].statement.model_copy(update=changes)
    return job(earlier=earlier, **statement.model_dump())


def error_of(verdict: Verdict) -> ErrorType:
    assert isinstance(verdict, Fell), verdict
    return verdict.error_type


async def test_the_demos_goals(hands: BrowserPerformer, school: RunningSite) -> None:
    verdicts = [await hands.perform(of(school, which), Kept()) for which in (DECLARED, DESCRIBED, UNREACHABLE)]
    assert [type(verdict) for verdict in verdicts] == [Reached, Reached, Fell]
    first, second = school.record()
    assert [(first.child, first.day), (second.child, second.day)] == [("Eden", "Tuesday"), ("Noa", "Friday")]
    assert isinstance(verdicts[0], Reached)
    assert verdicts[0].data == {"confirmation_number": first.number}
    assert isinstance(verdicts[2], Fell)
    assert verdicts[2].error_type is ErrorType.GOAL_UNREACHABLE
    assert 'No link or button named "Water polo"' in verdicts[2].message


async def test_an_answer_that_got_lost_is_looked_up_where_registrations_are_listed(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    school.switch(faults=[Fault(status=502, path=FORM, method="POST", after=True)])
    assert isinstance(await hands.perform(of(school, DECLARED), Kept()), Reached)
    assert len(school.record()) == 1


async def test_a_submission_that_never_took_effect_is_handed_over_and_not_sent_again(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    school.switch(faults=[Fault(status=500, path=FORM, method="POST")])
    log = Kept()
    assert error_of(await hands.perform(of(school, DECLARED), log)) is ErrorType.SERVER_ERROR
    assert log.steps[-1].irreversible
    earlier = Earlier(len(log.steps), log.intents[0])
    assert error_of(await hands.perform(of(school, DECLARED, earlier=earlier), Kept())) is ErrorType.UNCONFIRMED
    assert school.record() == []


async def test_a_session_that_ends_at_the_submission_was_not_the_submission(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    # Both the form and its submission are asked for below this path; the second request is the submission.
    school.switch(expire_sessions=1, expire_path=FORM)
    assert error_of(await hands.perform(of(school, DECLARED), Kept())) is ErrorType.AUTH
    assert isinstance(await hands.perform(of(school, DECLARED), Kept()), Reached)
    assert len(school.record()) == 1


async def test_a_dialog_in_the_way(hands: BrowserPerformer, school: RunningSite) -> None:
    school.switch(cookie_modal=True)
    assert error_of(await hands.perform(of(school, DECLARED), Kept())) is ErrorType.MODAL
    assert school.record() == []


async def test_a_form_that_is_not_accepted_registers_nobody_and_is_never_called_done(
    hands: BrowserPerformer, school: RunningSite
) -> None:
    too_old = of(school, DECLARED, inputs={"child": "Eden", "day": "Tuesday", "age": 99})
    assert error_of(await hands.perform(too_old, Kept())) is ErrorType.UNCONFIRMED
    assert school.record() == []


@pytest.mark.parametrize("kind", ["crash", "loop"])
async def test_a_page_that_dies_ends_the_attempt_in_time(
    hands: BrowserPerformer, school: RunningSite, kind: str
) -> None:
    school.switch(deadly_path=FORM, deadly_kind=kind)
    began = monotonic()
    assert error_of(await hands.perform(of(school, DECLARED), Kept())) in {
        ErrorType.TIMEOUT,
        ErrorType.BROWSER_CRASHED,
    }
    assert monotonic() - began < 45
    school.switch(deadly_path=None)
    assert isinstance(await hands.perform(of(school, DECLARED), Kept()), Reached)


async def test_pages_drawn_anew_under_the_runner(hands: BrowserPerformer, school: RunningSite) -> None:
    school.switch(rerender_ms=120)
    verdict = await hands.perform(of(school, DECLARED), Kept())
    # A press between two drawings may get lost; then it is neither repeated nor called done.
    assert len(school.record()) == (1 if isinstance(verdict, Reached) else 0), verdict
