"""Troubles at the swimming school, told to real processors by a real runner, which acts on their answer."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from demo.site import Fault, RunningSite, Switches, serve
from events.commands import ResolveEscalation
from events.facts import RecoveryPlanned, TaskClaimed, TaskEscalated
from events.failure import ErrorType, Strategy
from local.kafka_server import Broker
from tests.integration.runner_stage import Stage, staged
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser, pytest.mark.timeout(180)]

FORM = "/classes/dolphins/register"
#: One trouble of each kind, which passes once the strategy is carried out.
TROUBLES: dict[str, tuple[dict[str, Any], ErrorType, Strategy]] = {
    "slow": ({"slow_paths": {FORM: 9_000}, "slow_times": 1}, ErrorType.TIMEOUT, Strategy.WAIT_AND_RETRY),
    "modal": ({"cookie_modal": True}, ErrorType.MODAL, Strategy.CLOSE_MODAL_AND_RETRY),
    "expired": ({"expire_sessions": 1, "expire_path": FORM}, ErrorType.AUTH, Strategy.RE_AUTHENTICATE),
    "redrawn": ({"rerender_ms": 10, "rerender_pages": 1}, ErrorType.STALE, Strategy.REFRESH_AND_RETRY),
    "busy": (
        {"faults": [Fault(status=429, path=FORM)]},
        ErrorType.RATE_LIMITED,
        Strategy.BACK_OFF_AND_RETRY,
    ),
    "broken": (
        {"faults": [Fault(status=500, path=FORM, method="GET")]},
        ErrorType.SERVER_ERROR,
        Strategy.BACK_OFF_AND_RETRY,
    ),
}


@pytest.fixture(scope="module")
def stage(broker: Broker, tmp_path_factory: pytest.TempPathFactory, chromium_path: Path) -> Iterator[Stage]:
    with staged(broker, tmp_path_factory.mktemp("recovery"), chromium_path) as ready:
        ready.runner()
        yield ready


@pytest.fixture(scope="module")
def runs(stage: Stage) -> Iterator[dict[str, tuple[str, RunningSite]]]:
    """All troubles at once, each at a school of its own."""
    with ExitStack() as open_schools:
        schools = {
            name: open_schools.enter_context(serve(switches=Switches(**switches)))
            for name, (switches, _, _) in TROUBLES.items()
        }
        yield {name: (stage.register(school.url), school) for name, school in schools.items()}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_trouble_is_recovered_from_in_the_open_page(
    stage: Stage, runs: dict[str, tuple[str, RunningSite]], trouble: str
) -> None:
    _, error_type, strategy = TROUBLES[trouble]
    task, school = runs[trouble]
    stage.await_fact(task, "task.completed", timeout=90)
    planned = [fact.event for fact in stage.facts[task] if isinstance(fact.event, RecoveryPlanned)]
    assert [(fact.error_type, fact.strategy, fact.same_session) for fact in planned] == [(error_type, strategy, True)]
    kinds = [kind for kind in stage.kinds(task) if kind != "task.lease_renewed"]
    assert kinds[2:] == ["task.started", "task.recovery_planned", "task.recovered", "task.completed"]
    assert len([entry for entry in school.record() if entry.kind == "registered"]) == 1
    assert school.school.members.logins == (2 if strategy is Strategy.RE_AUTHENTICATE else 1)


def test_the_fourth_failure_goes_to_a_human_whose_word_lets_it_go_on(stage: Stage) -> None:
    with serve(switches=Switches(faults=[Fault(status=500, path=FORM, method="GET", times=4)])) as school:
        task = stage.register(school.url)
        escalated = stage.await_fact(task, "task.escalated", timeout=90).event
        assert isinstance(escalated, TaskEscalated)
        assert escalated.error_type is ErrorType.SERVER_ERROR
        assert stage.kinds(task).count("task.recovery_planned") == 3
        assert school.record() == []
        stage.ask(task, ResolveEscalation(operator="ann", resolution="retry", hints="the site is up again"))
        stage.await_fact(task, "task.completed", timeout=90)
        assert len(school.record()) == 1


def test_a_page_that_ends_its_runner_goes_to_a_human_after_three(
    broker: Broker, tmp_path: Path, chromium_path: Path
) -> None:
    with (
        staged(broker, tmp_path, chromium_path) as stage,
        serve(switches=Switches(slow_paths={"/classes": 60_000})) as school,
    ):
        task = stage.submit(goal='open "/classes"', site_url=school.url)
        for lost in range(1, 4):
            runner = stage.runner()
            stage.await_fact(task, "task.started", count=lost, timeout=90)
            runner.stop(signal.SIGKILL)
        escalated = stage.await_fact(task, "task.escalated", timeout=90).event
        assert isinstance(escalated, TaskEscalated)
        assert escalated.error_type is ErrorType.RUNNER_LOST
        claims = [fact.event for fact in stage.facts[task] if isinstance(fact.event, TaskClaimed)]
        assert len({claim.worker for claim in claims}) == 3
        until(lambda: stage.kinds(task).count("task.recovery_planned") == 2)
