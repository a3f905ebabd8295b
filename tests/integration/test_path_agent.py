"""The path agent on a real broker: what may be replayed is published, taken back, and made good after a gap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from events.action import Click, Target
from events.codec import decode, encode
from events.errors import UndecodableRecord
from events.failure import ErrorType
from events.paths import (
    PathEnvelope,
    PathFact,
    PathFailed,
    PathLearned,
    PathQuarantined,
    PathStep,
    UsablePath,
    path_key,
)
from events.topics import Topics
from local.kafka_server import Broker
from processors.paths import PathLog, PathOffice, PathPolicy
from producers.admin import ensure_topics
from producers.follower import TopicFollower
from producers.kafka import KafkaPublisher
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

SITE = "https://pool.example.org"
LEARNED = PathLearned(steps=[PathStep(action=Click(target=Target(role="button", name="Register")))])


class Scene:
    """A log of its own, its path agent, and what both topics hold."""

    def __init__(self, bootstrap: str) -> None:
        self.connection = {"bootstrap.servers": bootstrap, "log_level": 2}
        self.topics = Topics(f"paths{uuid4().hex[:8]}.", 3)
        ensure_topics(self.connection, self.topics)
        self.publisher = KafkaPublisher(self.connection)
        self.said: list[PathEnvelope] = []
        self.published: list[UsablePath | None] = []
        self._followers = [
            TopicFollower(self.connection, self.topics.path_events, self._hear, since="beginning"),
            TopicFollower(self.connection, self.topics.paths, self._see, since="beginning"),
        ]
        for follower in self._followers:
            follower.start()

    def office(self) -> PathOffice:
        office = PathOffice(lambda: PathLog(self.connection, self.topics), self.topics, PathPolicy(failures_in_row=2))
        office.start()
        return office

    def say(self, pattern: str, event: PathFact) -> str:
        fact = PathEnvelope(
            event_id=uuid4().hex,
            path_key=path_key(SITE, pattern),
            site=SITE,
            goal_pattern=pattern,
            recorded_at=datetime.now(UTC),
            event=event,
        )
        self.publisher.send(self.topics.path_events, fact.path_key, encode(fact)).result(10)
        return fact.event_id

    def fail(self, pattern: str, path: str) -> None:
        self.say(pattern, PathFailed(path=path, error_type=ErrorType.STALE))

    def close(self) -> None:
        for follower in self._followers:
            follower.close()
        self.publisher.close()

    def _hear(self, body: bytes | None) -> None:
        try:
            self.said.append(decode(PathEnvelope, body))
        except UndecodableRecord:
            return

    def _see(self, body: bytes | None) -> None:
        self.published.append(None if not body else decode(UsablePath, body))


@pytest.fixture
def scene(broker: Broker) -> Iterator[Scene]:
    made = Scene(broker.bootstrap)
    yield made
    made.close()


def test_what_is_learned_is_published_and_what_fails_too_often_is_taken_back(scene: Scene) -> None:
    office = scene.office()
    path = scene.say("register {{child}}", LEARNED)
    scene.publisher.send(scene.topics.path_events, "x", b"not ours").result(10)
    [usable] = until(lambda: list(scene.published))
    assert usable is not None
    assert (usable.path, usable.goal_pattern) == (path, "register {{child}}")

    scene.fail("register {{child}}", path)
    scene.fail("register {{child}}", path)
    until(lambda: scene.published[-1] is None)
    office.stop()

    assert [fact.event.path for fact in scene.said if isinstance(fact.event, PathQuarantined)] == [path]


def test_what_was_said_while_nobody_was_in_charge_is_made_good_once(scene: Scene) -> None:
    first = scene.office()
    path = scene.say("one", LEARNED)
    until(lambda: len(scene.published) == 1)
    first.stop()
    scene.fail("one", path)
    scene.fail("one", path)
    other = scene.say("two", LEARNED)

    second = scene.office()
    until(lambda: len(scene.published) >= 3)
    second.stop()
    third = scene.office()
    last = scene.say("three", LEARNED)
    until(lambda: any(usable is not None and usable.path == last for usable in scene.published))
    third.stop()

    assert sorted(usable.path if usable else "" for usable in scene.published) == sorted([path, "", other, last])
    assert len([fact for fact in scene.said if isinstance(fact.event, PathQuarantined)]) == 1
