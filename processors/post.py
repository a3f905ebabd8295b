"""Commands that processors themselves send: claims of the dispatcher, checks of the timers. They decide nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from events.codec import encode
from events.commands import CommandEnvelope, TaskCommand
from events.topics import Topics

Delivered = Callable[[str, int, int | None], None]


class CommandPost:
    """Appends commands in a processor's name; what became of each is told to `delivered` during `poll`."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics, name: str, *, timeout_ms: int) -> None:
        self._topics = topics
        self._name = name
        self._producer = Producer(
            {
                **connection,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.timeout.ms": timeout_ms,
                "linger.ms": 0,
            }
        )

    def send(self, task_id: str, command: TaskCommand, delivered: Delivered) -> None:
        """Append one command; `delivered` hears the task id, the partition, and the offset or none."""
        envelope = CommandEnvelope.model_construct(
            command_id=uuid.uuid4().hex,
            task_id=task_id,
            issued_at=datetime.now(UTC),
            issued_by=self._name,
            reply=False,
            command=command,
        )

        def report(error: KafkaError | None, message: Message) -> None:
            delivered(task_id, int(message.partition() or 0), None if error else message.offset())

        self._producer.produce(self._topics.task_commands, value=encode(envelope), key=task_id, on_delivery=report)

    def poll(self) -> None:
        """Hand over delivery reports that have come in."""
        self._producer.poll(0)

    def close(self) -> None:
        """Give what is under way a moment."""
        self._producer.flush(2.0)
