"""A runner that is stopped between intent and act, and one that dies while asked to end: real browser, real record."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.goals import demo_goals
from demo.site import RunningSite
from demo.site import serve as serve_school
from events.commands import CancelTask, PauseTask
from events.facts import TaskEscalated
from events.failure import ErrorType
from local.kafka_server import Broker
from tests.integration.runner_site import Site, serve
from tests.integration.time_stage import Stage, stage
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def together(broker: Broker, tmp_path: Path, chromium_path: Path) -> Iterator[Stage]:
    with stage(broker.bootstrap, tmp_path, chromium_path) as ready:
        yield ready


@pytest.fixture
def school() -> Iterator[RunningSite]:
    with serve_school() as running:
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


def test_a_runner_stopped_between_intent_and_act_does_not_act_when_it_goes_on(
    together: Stage, school: RunningSite, tmp_path: Path
) -> None:
    mark, log = tmp_path / "stopped", together.log
    together.processor("p")
    sleeper = together.runner("first", "benchmarks.stopping_runner", STOPPED_FILE=str(mark))
    task = log.submit(**demo_goals(school.url)[0].statement.model_dump(mode="json"))
    until(mark.exists, 60, what="the runner has stopped itself with its intent on the log")
    together.runner("second")

    # Its lease runs out; who takes over finds an intent, no effect, and asks a human.
    log.await_fact(task, "task.recovery_planned", timeout=90)
    escalated = log.await_fact(task, "task.escalated", timeout=90).event
    assert isinstance(escalated, TaskEscalated)
    assert escalated.error_type is ErrorType.UNCONFIRMED
    os.kill(int(sleeper.ready_file.read_text()), signal.SIGCONT)
    until(lambda: "lease over" in sleeper.log.read_text(), 20, what="the first runner hears that its lease is over")

    assert school.record() == []
    assert log.kinds(task)[-1] == "task.escalated"
    assert sleeper.stop(signal.SIGTERM) == 0
    assert school.record() == []


def test_a_runner_that_dies_while_asked_to_pause_or_cancel_leaves_the_task_paused_or_cancelled(
    together: Stage, site: Site
) -> None:
    log = together.log
    together.processor("p")
    runner = together.runner("r").await_ready()
    site.reply.clear()
    paused, cancelled = together.book(site, "Eden"), together.book(site, "Noa")
    together.posted(site, "Eden", "Noa")
    assert log.ask(paused, PauseTask()).result == "accepted"
    assert log.ask(cancelled, CancelTask()).result == "accepted"

    runner.stop(signal.SIGKILL)

    for task, end in ((paused, "task.paused"), (cancelled, "task.cancelled")):
        log.await_fact(task, end)
        assert log.kinds(task)[-1] == end
        assert log.kinds(task).count("task.claimed") == 1
    # Others are given out meanwhile, these are not.
    site.reply.set()
    together.runner("next")
    other = together.book(site, "Ann")
    log.await_fact(other, "task.completed", timeout=90)
    assert log.kinds(paused)[-1] == "task.paused"
    assert log.kinds(cancelled)[-1] == "task.cancelled"
    assert len(site.posted) == 3
