"""What a runner starts and writes goes with it, however it ends; what dies under it is replaced."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.commands import CompleteTask, FailAttempt, ReleaseTask
from events.failure import ErrorType
from local.kafka_server import Broker
from local.process_tree import alive, browsers_of, descendants_of
from tests.integration.processes import Process
from tests.integration.runner_agent import Agent
from tests.integration.runner_site import PASSWORD, Site, serve
from tests.integration.test_runner_browser import CONFIRMED, FIELDS, GOAL, LOG_IN
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser]

WAITING = f'{LOG_IN}, wait for "never shown", wait for "never shown"'


class Runner(Process):
    """A runner with a folder for temporary files that nobody else writes to."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.temporary = folder / "t"
        self.temporary.mkdir()
        super().__init__("runner", folder, {**settings, "TMPDIR": str(self.temporary)})

    @property
    def pid(self) -> int:
        return int(self.ready_file.read_text())

    @property
    def left(self) -> list[str]:
        """What lies in its folder for temporary files."""
        return sorted(entry.name for entry in self.temporary.iterdir())

    def tree(self) -> set[int]:
        """Driver and browser."""
        return descendants_of(self.pid)

    def driver(self) -> int:
        (pid,) = {pid for pid in self.tree() if b"run-driver" in Path(f"/proc/{pid}/cmdline").read_bytes()}
        return pid


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def agent(broker: Broker) -> Iterator[Agent]:
    playing = Agent(broker.bootstrap)
    yield playing
    playing.close()


@pytest.fixture
def runner(agent: Agent, broker: Broker, tmp_path: Path, chromium_path: Path) -> Iterator[Runner]:
    settings = {
        **agent.settings(broker.bootstrap, tmp_path / "home"),
        "GOALTRAIL_BROWSER__EXECUTABLE": str(chromium_path),
        "SCHOOL_PASS": PASSWORD,
    }
    started = Runner(tmp_path, settings)
    started.start()
    yield started
    started.stop(signal.SIGKILL)


def busy(agent: Agent, site: Site) -> str:
    """A task that is under way and will not end by itself soon."""
    task = agent.assign(agent.worker(), WAITING, site.url, **FIELDS)
    until(lambda: agent.steps_of(task), what="the task is under way")
    return task


def gone(pids: set[int]) -> None:
    assert pids
    until(lambda: not [pid for pid in pids if alive(pid)], 10, what="driver and browser are gone")


def test_kill_9_leaves_no_process_and_the_next_start_clears_what_lay_on_disk(
    agent: Agent, runner: Runner, site: Site
) -> None:
    busy(agent, site)
    started = runner.tree()
    assert runner.driver() in started
    runner.stop(signal.SIGKILL)
    gone(started)
    (left,) = runner.left
    runner.start()
    assert left not in runner.left
    second = runner.tree()
    assert runner.stop(signal.SIGTERM) == 0
    gone(second)
    assert runner.left == []


def test_sigterm_leaves_no_process_and_nothing_on_disk(agent: Agent, runner: Runner, site: Site) -> None:
    task = busy(agent, site)
    started = runner.tree()
    assert len(runner.left) == 1
    assert runner.stop(signal.SIGTERM) == 0
    agent.heard(task, ReleaseTask)
    gone(started)
    assert runner.left == []


@pytest.mark.parametrize("victim", ["browser", "driver"])
def test_what_is_killed_under_a_runner_is_replaced(agent: Agent, runner: Runner, site: Site, victim: str) -> None:
    task = busy(agent, site)
    before = runner.tree()
    for pid in browsers_of(runner.pid) if victim == "browser" else {runner.driver()}:
        os.kill(pid, signal.SIGKILL)
    assert agent.heard(task, FailAttempt).error_type is ErrorType.BROWSER_CRASHED
    again = agent.assign(agent.worker(), GOAL, site.url, success_indicators=CONFIRMED, **FIELDS)
    agent.heard(again, CompleteTask)
    assert len(site.posted) == 1
    after = runner.tree()
    gone(before - after)
    assert runner.stop(signal.SIGTERM) == 0
    gone(after)
    assert runner.left == []


def test_a_driver_that_answers_nobody_any_more_is_ended_with_its_runner(agent: Agent, runner: Runner) -> None:
    agent.worker()
    started = runner.tree()
    os.kill(runner.driver(), signal.SIGSTOP)
    assert runner.stop(signal.SIGTERM, timeout=30) == 0
    gone(started)
    assert runner.left == []
