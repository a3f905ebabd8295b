"""`python -m runner` on a real broker with a real browser; the test plays the lifecycle agent."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from events.commands import CompleteTask, FailAttempt, ReleaseTask, RenewLease, StartTask, YieldTask
from events.failure import ErrorType
from events.steps import CheckpointSaved, StepExecuted, StepIntended
from events.worker import LeaseEnded, StopRequested
from local.kafka_server import Broker
from local.process_tree import alive, browsers_of, descendants_of
from tests.integration.processes import Process
from tests.integration.runner_agent import Agent
from tests.integration.runner_site import PASSWORD, Site, serve
from tests.integration.test_runner_browser import BOOKED, CONFIRMED, FIELDS, GOAL, LOG_IN
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser]

WAITING = f'{LOG_IN}, wait for "never shown", wait for "never shown"'


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def agent(broker: Broker) -> Iterator[Agent]:
    playing = Agent(broker.bootstrap)
    yield playing
    playing.close()


class Runner(Process):
    """A runner whose processes can be counted."""

    @property
    def pid(self) -> int:
        return int(self.ready_file.read_text())


@pytest.fixture
def runner(agent: Agent, broker: Broker, tmp_path: Path, chromium_path: Path) -> Iterator[Runner]:
    settings = {
        **agent.settings(broker.bootstrap, tmp_path / "home"),
        "GOALTRAIL_BROWSER__EXECUTABLE": str(chromium_path),
        "SCHOOL_PASS": PASSWORD,
    }
    started = Runner("runner", tmp_path, settings)
    started.start()
    yield started
    started.stop(signal.SIGKILL)


@pytest.mark.usefixtures("runner")
def test_a_task_from_assignment_to_completion(agent: Agent, site: Site) -> None:
    worker = agent.worker()
    assert (agent.alive[0].capacity, agent.alive[0].queues) == (3, ["default"])
    agent.answers_starts = False
    task = agent.assign(worker, GOAL, site.url, success_indicators=CONFIRMED, **FIELDS)
    start = agent.heard(task, StartTask)
    assert (start.worker, start.lease_epoch, start.steps_offset) == (worker, 1, 0)
    until(lambda: len(agent.of(task, StartTask)) > 1, 30, what="the start is sent again, still unanswered")
    assert not agent.steps
    assert not site.seen
    agent.answers_starts = True
    done = agent.heard(task, CompleteTask)
    assert site.posted == [{"child": "Eden", "day": "Tuesday"}]
    assert done.evidence == [f'the page shows "Confirmation number": {site.url}/done']
    events = [(step.event, step.lease_epoch, step.worker) for step in agent.steps_of(task)]
    assert {(epoch, name) for _, epoch, name in events} == {(1, worker)}
    numbers = [event.step_number for event, _, _ in events if isinstance(event, StepExecuted)]
    assert numbers == list(range(1, done.total_steps + 1))
    intended = next(n for n, (event, _, _) in enumerate(events) if isinstance(event, StepIntended))
    after = events[intended + 1][0]
    assert isinstance(after, StepExecuted)
    assert (after.step_number, after.irreversible) == (8, True)
    later = agent.assign(worker, f'{LOG_IN}, press "My bookings"', site.url, task_id=task, epoch=2, **FIELDS)
    assert agent.of(later, StartTask)[0].steps_offset == 0
    until(lambda: [s for s in agent.of(task, StartTask) if s.lease_epoch == 2])
    assert agent.of(task, StartTask)[-1].steps_offset == len(agent.steps_of(task))


@pytest.mark.usefixtures("runner")
def test_renewals_stops_and_endings(agent: Agent, site: Site) -> None:
    worker = agent.worker()
    ends, pauses, lapses = (agent.assign(worker, WAITING, site.url, **FIELDS) for _ in range(3))
    for task in (ends, pauses, lapses):
        renewal = agent.heard(task, RenewLease)
        assert renewal.lease_epoch == 1
    until(lambda: all(len(agent.steps_of(task)) >= 4 for task in (ends, pauses, lapses)), 60)
    agent.say(worker, ends, 1, LeaseEnded(reason="over"))
    agent.say(worker, pauses, 1, StopRequested(why="pause"))
    agent.answers_renewals = False
    released = agent.heard(lapses, ReleaseTask)
    assert "renewed" in released.reason
    assert not [*agent.of(ends, ReleaseTask), *agent.of(ends, FailAttempt), *agent.of(ends, CompleteTask)]
    assert len(site.posted) == 0


@pytest.mark.usefixtures("runner")
def test_a_pause_is_answered_after_the_step(agent: Agent, site: Site) -> None:
    worker = agent.worker()
    goal = f'{LOG_IN}, wait for "Tuesday", click "My bookings", wait for "nothing"'
    task = agent.assign(worker, f'{goal}, press "x"', site.url, **FIELDS)

    def saved() -> list[CheckpointSaved]:
        return [step.event for step in agent.steps_of(task) if isinstance(step.event, CheckpointSaved)]

    until(saved, 60, what="the login is behind it")
    agent.say(worker, task, 1, StopRequested(why="pause"))
    yielded = agent.heard(task, YieldTask)
    assert yielded.checkpoint == saved()[-1].artifact.sha256


def test_sigterm_gives_tasks_back_and_leaves_no_browser(agent: Agent, runner: Runner, site: Site) -> None:
    task = agent.assign(agent.worker(), WAITING, site.url, **FIELDS)
    until(lambda: agent.steps_of(task), 60)
    browsers = browsers_of(runner.pid)
    assert browsers
    began = monotonic()
    assert runner.stop(signal.SIGTERM) == 0
    assert monotonic() - began < 20
    assert "shutting down" in agent.heard(task, ReleaseTask).reason
    until(lambda: agent.alive[-1].capacity == 0, 30, what="a heartbeat without capacity")
    until(lambda: not [pid for pid in browsers if alive(pid)], 30, what="no browser is left")


def test_a_signal_to_the_whole_group_spares_the_browser_until_tasks_are_given_back(
    agent: Agent, runner: Runner, site: Site
) -> None:
    task = agent.assign(agent.worker(), WAITING, site.url, **FIELDS)
    until(lambda: agent.steps_of(task), 60)
    group = os.getpgid(runner.pid)
    others = descendants_of(runner.pid)
    assert others >= browsers_of(runner.pid)
    assert not [pid for pid in others if os.getpgid(pid) == group]


def test_kill_9_takes_the_browser_along(agent: Agent, runner: Runner, site: Site) -> None:
    task = agent.assign(agent.worker(), WAITING, site.url, **FIELDS)
    until(lambda: agent.steps_of(task), 60)
    browsers = browsers_of(runner.pid)
    assert browsers
    runner.stop(signal.SIGKILL)
    until(lambda: not [pid for pid in browsers if alive(pid)], 30, what="no browser is left")


def test_who_takes_over_verifies_what_was_intended(agent: Agent, runner: Runner, site: Site) -> None:
    """The first runner is killed while the site holds back its answer: the effect is there, and nobody was told."""
    site.reply.clear()
    first = agent.worker()
    task = agent.assign(first, GOAL, site.url, success_indicators=BOOKED, **FIELDS)
    until(lambda: site.posted, 20, what="the registration reached the site")
    runner.stop(signal.SIGKILL)
    site.reply.set()
    heartbeats = len(agent.alive)
    runner.start()
    until(lambda: len(agent.alive) > heartbeats, 10, what="the second runner")
    second = agent.worker()
    assert second != first
    offset = agent.of(task, StartTask)[0].steps_offset
    agent.assign(
        second, GOAL, site.url, task_id=task, epoch=2, steps_offset=offset, success_indicators=BOOKED, **FIELDS
    )
    done = agent.heard(task, CompleteTask)
    assert done.lease_epoch == 2
    assert len(site.posted) == 1
    executed = [s.event.step_number for s in agent.steps_of(task) if isinstance(s.event, StepExecuted)]
    assert executed == sorted(set(executed))
    assert done.total_steps == executed[-1]


def test_an_intent_without_effect_goes_to_a_human(agent: Agent, runner: Runner, site: Site) -> None:
    """Only the intent is on the log: the act is verified, found missing, and not done."""
    worker = agent.worker()
    site.reply.clear()
    task = agent.assign(worker, GOAL, site.url, success_indicators=BOOKED, **FIELDS)
    until(lambda: site.posted, 60)
    runner.stop(signal.SIGKILL)
    site.posted.clear()  # as if the request had never arrived
    site.reply.set()
    heartbeats = len(agent.alive)
    runner.start()
    until(lambda: len(agent.alive) > heartbeats)
    agent.assign(
        agent.worker(), GOAL, site.url, task_id=task, epoch=2, steps_offset=0, success_indicators=BOOKED, **FIELDS
    )
    failed = agent.heard(task, FailAttempt)
    assert failed.error_type is ErrorType.UNCONFIRMED
    assert not failed.session_alive
    assert not site.posted
