"""Pauses and lost workers on real parts: another worker goes on where a checkpoint was kept, logged in as before."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.site import Fault, RunningSite, Switches, serve
from events.commands import CancelTask, PauseTask, ResumeTask
from events.facts import TaskClaimed, TaskPaused
from local.kafka_server import Broker
from tests.integration.processes import Process
from tests.integration.runner_stage import Stage, staged
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser, pytest.mark.timeout(180)]

#: Opening the classes takes a while: the third step of the plan that is not the opening of a page is under way so long.
SLOW = Switches(slow_paths={"/classes": 1_400}, slow_times=1)
FORM = "/classes/dolphins/register"


@pytest.fixture(scope="module")
def stage(broker: Broker, tmp_path_factory: pytest.TempPathFactory, chromium_path: Path) -> Iterator[Stage]:
    with staged(broker, tmp_path_factory.mktemp("pause"), chromium_path, backoff=3.0) as ready:
        yield ready


def logging_in(school: RunningSite) -> bool:
    """Whether the login was sent; its answer leads to the slow page."""
    return school.school.members.logins == 1


def claims(stage: Stage, task: str) -> list[str]:
    return [fact.event.worker for fact in stage.facts[task] if isinstance(fact.event, TaskClaimed)]


def paused(stage: Stage, task: str) -> TaskPaused:
    fact = stage.await_fact(task, "task.paused", timeout=90).event
    assert isinstance(fact, TaskPaused)
    return fact


def replaced(stage: Stage, runner: Process, number: signal.Signals = signal.SIGKILL) -> None:
    """End the runner and start another."""
    runner.stop(number)
    stage.runner()


def test_a_paused_task_outlives_its_worker_and_stays_logged_in(stage: Stage) -> None:
    runner = stage.runner()
    with serve(switches=SLOW) as school:
        task = stage.register(school.url)
        until(lambda: logging_in(school), 30, what="the third step is under way")
        stage.send(task, PauseTask(reason="lunch"))
        assert paused(stage, task).checkpoint is not None
        replaced(stage, runner)
        stage.send(task, ResumeTask())
        stage.await_fact(task, "task.completed", timeout=90)
        assert len(set(claims(stage, task))) == 2
        assert school.school.members.logins == 1
        assert len(school.record()) == 1


def test_a_lost_workers_task_goes_on_at_its_last_checkpoint(stage: Stage) -> None:
    """No pause here: the worker is killed while the form loads, logged in and some pages on."""
    with serve(switches=Switches(slow_paths={FORM: 3_000}, slow_times=1)) as school:
        task = stage.register(school.url)
        until(lambda: logging_in(school), 30)
        until(lambda: school.school.troubles.slow_left == 0, 20, what="the form is asked for")
        replaced(stage, stage.runners[-1])
        stage.await_fact(task, "task.completed", timeout=90)
        assert "task.recovery_planned" in stage.kinds(task)
        assert len(set(claims(stage, task))) == 2
        assert school.school.members.logins == 1
        assert len(school.record()) == 1


def test_a_worker_that_ends_while_asked_to_pause_leaves_a_task_that_goes_on(stage: Stage) -> None:
    with serve(switches=Switches(slow_paths={FORM: 3_000}, slow_times=1)) as school:
        task = stage.register(school.url)
        until(lambda: school.school.troubles.slow_left == 0, 30, what="the form is asked for")
        stage.send(task, PauseTask())
        stage.await_fact(task, "task.pause_requested")
        replaced(stage, stage.runners[-1], signal.SIGTERM)
        assert paused(stage, task).checkpoint is None
        stage.send(task, ResumeTask())
        stage.await_fact(task, "task.completed", timeout=90)
        assert school.school.members.logins == 1
        assert len(school.record()) == 1


def test_a_pause_during_the_wait_of_a_recovery_closes_the_page_and_keeps_its_checkpoint(stage: Stage) -> None:
    with serve(switches=Switches(faults=[Fault(status=429, path=FORM)])) as school:
        task = stage.register(school.url)
        stage.await_fact(task, "task.recovery_planned", timeout=90)
        stage.send(task, PauseTask())
        paused(stage, task)
        stage.send(task, ResumeTask())
        stage.await_fact(task, "task.completed", timeout=90)
        assert len(claims(stage, task)) == 2
        assert school.school.members.logins == 1
        assert len(school.record()) == 1


def test_a_worker_that_ends_while_asked_to_cancel_leaves_a_cancelled_task(stage: Stage) -> None:
    with serve(switches=Switches(slow_paths={FORM: 3_000}, slow_times=1)) as school:
        task = stage.register(school.url)
        until(lambda: school.school.troubles.slow_left == 0, 30, what="the form is asked for")
        stage.send(task, CancelTask())
        stage.await_fact(task, "task.cancel_requested")
        stage.runners[-1].stop(signal.SIGTERM)
        stage.await_fact(task, "task.cancelled", timeout=90)
        assert school.record() == []
