"""Appends records to topics of its own, as the lifecycle agent and a runner would, and reads them with a projector."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from events.codec import encode
from events.facts import TaskFact, UnknownFact
from events.topics import Topics
from producers.admin import ensure_topics
from producers.kafka import KafkaPublisher
from projections.projector import Projector
from tests.unit.projections.log import TaskLog


class Writer:
    """Appends records to topics of its own, as the lifecycle agent and a runner would."""

    def __init__(self, bootstrap: str) -> None:
        self.connection: dict[str, Any] = {"bootstrap.servers": bootstrap}
        self.topics = Topics(f"p{uuid4().hex[:8]}.", 3)
        ensure_topics(self.connection, self.topics)
        self.publisher = KafkaPublisher(self.connection)

    def raw(self, topic: str, key: str, value: bytes) -> str:
        place = self.publisher.send(topic, key, value).result(10)
        return f"{place.topic}:{place.partition}:{place.offset}"

    def facts(self, task: TaskLog, *facts: TaskFact | UnknownFact) -> str:
        """The token of the last one."""
        token = ""
        for fact in facts:
            task.facts(fact)
            token = self.raw(self.topics.task_events, task.task_id, encode(task.envelopes[-1]))
        return token

    def step(self, task: TaskLog, event: Any) -> str:
        return self.raw(self.topics.step_events, task.task_id, encode(task.step(event)))

    def projector(self, path: Path) -> Projector:
        return Projector(self.connection, self.topics, path / "readings.duckdb")
