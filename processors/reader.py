"""The dispatcher's reading: all task facts, all signs of life, operators' orders; and how far commands are decided."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from events.errors import BrokerUnreachable, LogConflict
from events.topics import Topics

log = structlog.get_logger(__name__)

_CALL_SECONDS = 10.0
_CALL_AGAIN_SECONDS = 1.0
_ALIVE_WINDOW_MS = 20_000  # signs of life older than this tell nothing

Source = Literal["facts", "alive", "orders"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One record, and which of the dispatcher's topics it comes from."""

    source: Source
    partition: int
    offset: int
    timestamp_ms: int
    value: bytes | None
    key: bytes | None = None


class Reader:
    """Reads facts and orders from given offsets and signs of life from a moment ago, without a consumer group."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._topics = topics
        self._sources: dict[str | None, Source] = {
            topics.task_events: "facts",
            topics.workers_alive: "alive",
            topics.queue_commands: "orders",
        }
        name = {"group.id": f"{topics.prefix}dispatch-reading", "enable.auto.commit": False}  # never joined
        # A client that reads answers nothing else before its fetch is over, which takes half a second when it is quiet.
        self._asker = Consumer({**connection, **name})
        self._consumer = Consumer(
            {
                **connection,
                **name,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 500,
                "fetch.min.bytes": 1,
                # Catching up reads faster than the default lets librdkafka refill its queue, and needs no more than this.
                "queued.max.messages.kbytes": 32_768,
                "fetch.queue.backoff.ms": 20,
            }
        )

    def decided_orders(self) -> Iterator[tuple[int, bytes | None]]:
        """All of `queues.events` with its offsets, as far as it reaches now; raises BrokerUnreachable."""
        topic = self._topics.queue_events
        low, high = _watermarks(self._asker, topic, 0)
        if low == high:
            return
        self._consumer.assign([TopicPartition(topic, 0, low)])
        deadline = time.monotonic() + _CALL_SECONDS
        reached = low
        while reached < high:
            for message in self._consumer.consume(high - reached, 0.5):
                if message.error() is None:
                    reached = int(message.offset() or 0) + 1
                    deadline = time.monotonic() + _CALL_SECONDS
                    yield reached - 1, message.value()
            if time.monotonic() > deadline:
                raise BrokerUnreachable(f"{topic}: silent at {reached} of {high}")

    def begin(self, since: Mapping[int, int], orders_from: int) -> dict[int, int]:
        """Start reading: facts from the offset given by partition, or all of them; orders from theirs.

        Returns:
            By partition, the offset of the first fact that will be read.

        Raises:
            BrokerUnreachable: Kafka does not answer.
            LogConflict: the log ends before an offset given, or begins behind it.
        """
        topics = self._topics
        starts = []
        for partition in range(topics.partitions):
            low, high = _watermarks(self._asker, topics.task_events, partition)
            begin = since.get(partition, low)
            if not low <= begin <= high:
                raise LogConflict(f"{topics.task_events}[{partition}] reaches from {low} to {high}, not to {begin}")
            starts.append(TopicPartition(topics.task_events, partition, begin))
        try:
            recent = TopicPartition(topics.workers_alive, 0, int(time.time() * 1_000) - _ALIVE_WINDOW_MS)
            found = self._asker.offsets_for_times([recent], timeout=_CALL_SECONDS)[0]
            if found.offset < 0:
                found.offset = _watermarks(self._asker, topics.workers_alive, 0)[1]
            low = _watermarks(self._asker, topics.queue_commands, 0)[0]
            orders = TopicPartition(topics.queue_commands, 0, max(low, orders_from))
            self._consumer.assign([*starts, found, orders])
            return {place.partition: place.offset for place in starts}
        except KafkaException as error:
            raise BrokerUnreachable(f"the dispatcher cannot read: {error.args[0].str()}") from error

    def ends(self) -> dict[int, int]:
        """By partition, where `tasks.events` ends now; raises BrokerUnreachable."""
        topic = self._topics.task_events
        return {p: _watermarks(self._asker, topic, p)[1] for p in range(self._topics.partitions)}

    def orders_noted(self) -> int:
        """Up to which order those that nobody can read are dead letters; raises BrokerUnreachable."""
        place = TopicPartition(self._topics.queue_commands, 0)
        try:
            return max(0, self._asker.committed([place], timeout=_CALL_SECONDS)[0].offset)
        except KafkaException as error:
            raise BrokerUnreachable(f"committed offset of {place.topic}: {error.args[0].str()}") from error

    def note_order(self, offset: int) -> None:
        """The order at `offset` is a dead letter; raises BrokerUnreachable."""
        place = TopicPartition(self._topics.queue_commands, 0, offset + 1)
        try:
            self._asker.commit(offsets=[place], asynchronous=False)
        except KafkaException as error:
            raise BrokerUnreachable(f"offset of {place.topic} not committed: {error.args[0].str()}") from error

    def read(self, wait_seconds: float, most: int = 2_000) -> Iterator[Reading]:
        """Records that are there, at most `most`; waits up to `wait_seconds` for the first one."""
        message = self._consumer.poll(wait_seconds)
        if message is None:
            return
        yield from self._readings([message])
        yield from self._readings(self._consumer.consume(most, 0))

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()
        self._asker.close()

    def _readings(self, messages: Sequence[Message]) -> Iterator[Reading]:
        for message in messages:
            if message.error() is not None:
                continue  # librdkafka retries by itself; a long silence is the clock's business
            yield Reading(
                self._sources[message.topic()],
                int(message.partition() or 0),
                int(message.offset() or 0),
                message.timestamp()[1],
                message.value(),
                message.key(),
            )


class GroupProgress:
    """How far the lifecycle group has come in `tasks.commands`, asked without joining it."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics, group: str) -> None:
        self._topic = topics.task_commands
        self._consumer = Consumer({**connection, "group.id": group, "enable.auto.commit": False})

    def committed(self, partitions: Sequence[int]) -> dict[int, int]:
        """Committed offset by partition, 0 where there is none; raises BrokerUnreachable."""
        asked = [TopicPartition(self._topic, partition) for partition in partitions]
        try:
            found = self._consumer.committed(asked, timeout=_CALL_SECONDS)
        except KafkaException as error:
            raise BrokerUnreachable(f"committed offsets: {error.args[0].str()}") from error
        return {place.partition: max(0, place.offset) for place in found}

    def ends(self, partitions: Sequence[int]) -> dict[int, int]:
        """The offset the next command will get, by partition; raises BrokerUnreachable."""
        return {p: _watermarks(self._consumer, self._topic, p)[1] for p in partitions}

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()


def await_topics(connection: Mapping[str, Any], topics: Topics) -> None:
    """Return once the broker tells every partition of what processors consume, however long that takes.

    A group whose leader does not know them yet gives its members nothing, and stays like that: seen after processors
    were started while the broker was silent.
    """
    consumed = (topics.task_commands, topics.workers_alive)
    consumer = Consumer({**connection, "group.id": f"{topics.prefix}processors-starting"})
    try:
        while missing := _unknown(consumer, consumed):
            log.warning("waiting for the broker", action="start.wait", missing=missing)
            time.sleep(_CALL_AGAIN_SECONDS)
    finally:
        consumer.close()


def _unknown(consumer: Consumer, wanted: Sequence[str]) -> list[str]:
    try:
        known = consumer.list_topics(timeout=_CALL_SECONDS).topics
    except KafkaException:
        return list(wanted)
    return [name for name in wanted if name not in known or not known[name].partitions]


def _watermarks(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    try:
        found = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_CALL_SECONDS)
    except KafkaException as error:
        raise BrokerUnreachable(f"{topic}[{partition}]: {error.args[0].str()}") from error
    if found is None:
        raise BrokerUnreachable(f"{topic}[{partition}]: no answer within {_CALL_SECONDS:g} s")
    return found
