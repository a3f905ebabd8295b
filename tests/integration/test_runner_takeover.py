"""Runners and processors together: a runner that dies is replaced, under a higher epoch, and nothing is done twice."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.codec import decode_fact
from events.commands import SubmitTask
from events.envelope import Envelope
from events.facts import TaskClaimed, TaskCompleted, TaskFact, TaskFailed, TaskReleased
from events.topics import Topics
from local.kafka_server import Broker
from producers.admin import ensure_topics
from producers.commands import CommandSender
from producers.follower import TopicFollower
from producers.kafka import KafkaPublisher
from producers.task_ids import new_task_id
from tests.integration.processes import Process, settings_of
from tests.integration.runner_site import PASSWORD, Site, serve
from tests.integration.test_runner_browser import BOOKED, FIELDS, GOAL
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser, pytest.mark.timeout(180)]


class Log:
    """What a service sees: it submits, and reads the facts."""

    def __init__(self, bootstrap: str) -> None:
        connection = {"bootstrap.servers": bootstrap, "log_level": 2}
        self.topics = Topics(f"t{uuid.uuid4().hex[:8]}.", 3)
        ensure_topics(connection, self.topics)
        self.publisher = KafkaPublisher(connection)
        self.facts: dict[str, list[TaskFact]] = {}
        self._follower = TopicFollower(connection, self.topics.task_events, self._take, since="beginning")
        self._follower.start()

    def submit(self, goal: str, site_url: str, **fields: Any) -> str:
        task_id = new_task_id()
        command = SubmitTask(goal=goal, site_url=site_url, **fields)
        CommandSender(self.publisher, self.topics, "test").send(task_id, command).result(10)
        return task_id

    def of(self, task_id: str, kind: type[TaskFact]) -> list[Any]:
        return [fact for fact in self.facts.get(task_id, []) if isinstance(fact, kind)]

    def close(self) -> None:
        self._follower.close()
        self.publisher.close()

    def _take(self, body: bytes) -> None:
        envelope = decode_fact(body)
        assert isinstance(envelope, Envelope)
        self.facts.setdefault(envelope.task_id, []).append(envelope.event)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def log(broker: Broker) -> Iterator[Log]:
    reading = Log(broker.bootstrap)
    yield reading
    reading.close()


@pytest.fixture
def processes(log: Log, broker: Broker, tmp_path: Path, chromium_path: Path) -> Iterator[dict[str, Process]]:
    settings, _ = settings_of(broker.bootstrap, log.topics.prefix, tmp_path / "home")
    settings |= {"GOALTRAIL_BROWSER__EXECUTABLE": str(chromium_path), "SCHOOL_PASS": PASSWORD}
    started = {
        "processors": Process("processors", tmp_path / "p", settings),
        "first": Process("runner", tmp_path / "first", settings),
        "second": Process("runner", tmp_path / "second", settings),
    }
    started["processors"].start()
    started["first"].start()
    yield started
    for process in started.values():
        process.stop(signal.SIGKILL)


def test_a_killed_runner_is_replaced_and_its_act_is_not_repeated(
    log: Log, processes: dict[str, Process], site: Site
) -> None:
    task = log.submit(GOAL, site.url, success_indicators=BOOKED, **FIELDS)
    plain = log.submit('open /odd, press "Open"', site.url)
    until(lambda: log.of(plain, TaskCompleted), 60, what="a plain task is completed")
    until(lambda: log.of(task, TaskCompleted), 60, what="a registration is completed")
    site.reply.clear()
    later = log.submit(
        GOAL, site.url, success_indicators=BOOKED, **{**FIELDS, "inputs": {**FIELDS["inputs"], "child": "Ann"}}
    )
    until(lambda: any(entry["child"] == "Ann" for entry in site.posted), 60, what="the registration reached the site")
    processes["first"].stop(signal.SIGKILL)
    site.reply.set()
    processes["second"].start()
    done = until(lambda: log.of(later, TaskCompleted), 60, what="the second runner completed the task")[0]
    claims = log.of(later, TaskClaimed)
    assert [claim.lease_epoch for claim in claims] == list(range(1, len(claims) + 1))
    assert claims[0].worker != claims[-1].worker
    assert done.lease_epoch == claims[-1].lease_epoch
    assert sorted(entry["child"] for entry in site.posted) == ["Ann", "Eden"]


def test_a_runner_that_is_stopped_gives_its_task_to_the_next(
    log: Log, processes: dict[str, Process], site: Site
) -> None:
    held = log.submit('open /odd, wait for "never", wait for "never"', site.url)
    unreachable = log.submit('open /odd, press "Saturday night class"', site.url)
    failed = until(lambda: log.of(unreachable, TaskFailed), 60)[0]
    assert "Saturday night class" in failed.error_message
    until(lambda: log.of(held, TaskClaimed), 30)
    until(lambda: "/odd" in site.seen, 30)
    assert processes["first"].stop(signal.SIGTERM) == 0
    processes["second"].start()
    until(lambda: len(log.of(held, TaskClaimed)) > 1, 30, what="claimed again")
    assert len(log.of(held, TaskReleased)) == 1
    assert log.of(held, TaskClaimed)[-1].attempt == 1
