"""The designated reader of what others wrote: records that nobody can read become dead letters, once per offset.

Readers of facts pass over what they cannot decode and go on; this one says what it was. It works beside the dispatcher,
so there is one of it, and is slow on purpose: its share of a processor is bounded however busy the log is, and a dead
letter may come late. Where it stopped is committed, under a group nobody joins.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from events.access import AccessEnvelope
from events.codec import decode, decode_fact, decode_step, encode
from events.dead_letter import bury
from events.errors import BrokerUnreachable, NewerSchema, UndecodableRecord
from events.outcome import Outcome
from events.paths import PathEnvelope
from events.topics import Topics
from events.webhooks import WebhookEnvelope
from events.worker import InboxEnvelope, WorkerAlive
from processors.office import Office

log = structlog.get_logger(__name__)

READER = "inspector"
_BATCH = 200
_PER_SECOND = 3_000  # about 3 % of a core
_POLL_SECONDS = 0.2  # how long a stop may take to be seen: a handover waits for it
_RETRY_SECONDS = 1.0
_COMMIT_SECONDS = 5.0
_CALL_SECONDS = 10.0
_LEAVE_SECONDS = 15.0


class Inspector(Office):
    """Reads from where the last reader stopped, and commits when it leaves."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._connection, self._topics = dict(connection), topics
        super().__init__("inspector", self._run, leave_seconds=_LEAVE_SECONDS)

    def _run(self, leaving: threading.Event) -> None:
        while not leaving.is_set():
            try:
                with _Reading(self._connection, self._topics) as reading:
                    reading.until(leaving)
            except (BrokerUnreachable, KafkaException) as error:
                log.warning("inspection goes on once the broker answers", action="inspect.wait", error=str(error))
                leaving.wait(_RETRY_SECONDS)


class _Reading:
    """One stretch of reading, from the committed offsets."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._topics = topics
        self._decoders: dict[str, Callable[[bytes | None], object]] = {
            topics.task_events: decode_fact,
            topics.step_events: decode_step,
            topics.workers_alive: lambda value: decode(WorkerAlive, value),
            topics.inbox: lambda value: decode(InboxEnvelope, value),
            topics.outcomes: lambda value: decode(Outcome, value),
            topics.access_events: lambda value: decode(AccessEnvelope, value),
            topics.webhook_events: lambda value: decode(WebhookEnvelope, value),
            topics.path_events: lambda value: decode(PathEnvelope, value),
        }
        self._consumer = Consumer(
            {
                **connection,
                "group.id": f"{topics.prefix}inspection",  # never joined
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                # Nobody waits for this reader: large, rare answers cost the broker least.
                "fetch.min.bytes": 64 * 1024,
                "fetch.wait.max.ms": 1_000,
                "queued.max.messages.kbytes": 4_096,
            }
        )
        self._producer = Producer(
            {**connection, "enable.idempotence": True, "acks": "all", "partitioner": "murmur2_random"}
        )
        self._read: dict[tuple[str, int], int] = {}  #: next offset of what was read and is not committed
        self._next_commit = time.monotonic() + _COMMIT_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def until(self, leaving: threading.Event) -> None:
        """Read on; raises BrokerUnreachable or KafkaException."""
        counts = {spec.name: spec.partitions for spec in self._topics.specs() if spec.name in self._decoders}
        places = [TopicPartition(name, p) for name, count in counts.items() for p in range(count)]
        known = self._consumer.committed(places, timeout=_CALL_SECONDS)
        for place in known:
            place.offset = place.offset if place.offset >= 0 else OFFSET_BEGINNING
        self._consumer.assign(known)
        while not leaving.is_set():
            messages = self._consumer.consume(_BATCH, _POLL_SECONDS)
            self._inspect(messages)
            if time.monotonic() >= self._next_commit:
                self._commit()
            leaving.wait(len(messages) / _PER_SECOND)
        self._commit()

    def _inspect(self, messages: Sequence[Message]) -> None:
        failed: list[str] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error.str())

        buried = 0
        for message in messages:
            if message.error() is not None:
                continue
            topic, partition, offset = str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)
            self._read[topic, partition] = offset + 1
            reason = self._fault(topic, message.value())
            if reason is None:
                continue
            buried += 1
            key = message.key()
            now = datetime.now(UTC)
            letter = bury(topic, partition, offset, key, message.value(), error=reason, reader=READER, at=now)
            self._producer.produce(self._topics.dead_letters, value=encode(letter), key=key, on_delivery=delivered)
        if buried and (self._producer.flush(_CALL_SECONDS) or failed):
            raise BrokerUnreachable(f"dead letters were not taken: {failed[:1]}")
        if buried:
            self._commit()

    def _fault(self, topic: str, value: bytes | None) -> UndecodableRecord | None:
        try:
            self._decoders[topic](value)
        except NewerSchema:
            return None  # an update will read it
        except UndecodableRecord as error:
            return error
        return None

    def _commit(self) -> None:
        self._next_commit = time.monotonic() + _COMMIT_SECONDS
        if self._read:
            places = [TopicPartition(topic, p, offset) for (topic, p), offset in self._read.items()]
            self._consumer.commit(offsets=places, asynchronous=False)
            self._read.clear()
