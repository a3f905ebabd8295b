"""What processors send beside the ledger: claims, checks of the timers, and the dispatcher's answers to operators."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, Message, Producer

from events.codec import encode
from events.commands import CommandEnvelope, TaskCommand
from events.errors import BrokerUnreachable
from events.topics import Topics
from processors.clock import BrokerClock

_CLOSE_SECONDS = 2.0
_LOOK_SECONDS = 0.5

Delivered = Callable[[str, int, int | None], None]


class CommandPost:
    """Appends commands in a processor's name; what became of each is told to `delivered` during `poll`."""

    def __init__(  # whose records they are, and which clock hears of the broker's timestamps
        self, connection: Mapping[str, Any], topics: Topics, name: str, *, timeout_ms: int, clock: BrokerClock
    ) -> None:
        self._topics = topics
        self._clock = clock
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

        sent_at = time.monotonic()

        def report(error: KafkaError | None, message: Message) -> None:
            kind, moment = message.timestamp()
            if error is None and kind == TIMESTAMP_LOG_APPEND_TIME:
                self._clock.stamped(moment, sent_at)
            delivered(task_id, int(message.partition() or 0), None if error else message.offset())

        self._producer.produce(self._topics.task_commands, value=encode(envelope), key=task_id, on_delivery=report)

    def poll(self) -> None:
        """Hand over delivery reports that have come in."""
        self._producer.poll(0)

    def close(self) -> None:
        """Give what is under way a moment."""
        self._producer.flush(_CLOSE_SECONDS)


class AwaitedPost:
    """Appends one record at a time, and returns once the broker has it: for what is rare and must not be lost."""

    def __init__(self, connection: Mapping[str, Any], given_up: Callable[[], bool]) -> None:
        self._given_up = given_up
        self._producer = Producer(
            {
                **connection,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.timeout.ms": 0,
                "linger.ms": 0,
            }
        )

    def append(self, topic: str, key: bytes | None, body: bytes) -> int:
        """The offset of the record; waits for a silent broker until `given_up`.

        Raises:
            BrokerUnreachable: given up, or refused; the record may be on the log nevertheless, or come there late.
        """
        found: list[int] = []
        failed: list[str] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failed.append(error.str())
            else:
                found.append(int(message.offset() or 0))

        self._producer.produce(topic, value=body, key=key, on_delivery=delivered)
        while self._producer.flush(_LOOK_SECONDS) > 0:
            if self._given_up():
                raise BrokerUnreachable(f"{topic}: not delivered before this process was relieved")
        if failed:
            raise BrokerUnreachable(f"{topic}: {failed[0]}")
        return found[0]

    def close(self) -> None:
        """Give what is under way a moment."""
        self._producer.flush(_CLOSE_SECONDS)
