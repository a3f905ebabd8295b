"""The dispatcher's reading: all task facts and all signs of life, and how far commands are decided."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from events.errors import BrokerUnreachable, LogConflict
from events.topics import Topics

_CALL_SECONDS = 10.0
_ALIVE_WINDOW_MS = 20_000  # signs of life older than this tell nothing


@dataclass(frozen=True, slots=True)
class Reading:
    """One record: from `tasks.events`, or from `workers.alive` when `alive`."""

    alive: bool
    partition: int
    offset: int
    timestamp_ms: int
    value: bytes | None


class Reader:
    """Reads `tasks.events` from given offsets and `workers.alive` from a moment ago, without a consumer group."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._topics = topics
        self._consumer = Consumer(
            {
                **connection,
                "group.id": f"{topics.prefix}dispatch-reading",  # never joined, never committed
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 500,
                "fetch.min.bytes": 1,
            }
        )

    def begin(self, since: Mapping[int, int]) -> dict[int, int]:
        """Start reading; returns, by partition, the end of `tasks.events` as found now.

        Args:
            since: by partition, the offset to begin at; from the beginning where none is given.

        Raises:
            BrokerUnreachable: Kafka does not answer.
            LogConflict: the log ends before an offset given.
        """
        topics = self._topics
        try:
            starts, ends = [], {}
            for partition in range(topics.partitions):
                low, high = _watermarks(self._consumer, topics.task_events, partition)
                begin = max(low, since.get(partition, low))
                if begin > high:
                    raise LogConflict(f"{topics.task_events}[{partition}] ends at {high}, before {begin}")
                starts.append(TopicPartition(topics.task_events, partition, begin))
                ends[partition] = high
            recent = TopicPartition(topics.workers_alive, 0, int(time.time() * 1_000) - _ALIVE_WINDOW_MS)
            found = self._consumer.offsets_for_times([recent], timeout=_CALL_SECONDS)[0]
            if found.offset < 0:
                found.offset = _watermarks(self._consumer, topics.workers_alive, 0)[1]
            self._consumer.assign([*starts, found])
        except KafkaException as error:
            raise BrokerUnreachable(f"the dispatcher cannot read: {error.args[0].str()}") from error
        else:
            return ends

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

    def _readings(self, messages: Sequence[Message]) -> Iterator[Reading]:
        for message in messages:
            if message.error() is not None:
                continue  # librdkafka retries by itself; a long silence is the clock's business
            alive = message.topic() == self._topics.workers_alive
            yield Reading(
                alive,
                int(message.partition() or 0),
                int(message.offset() or 0),
                message.timestamp()[1],
                message.value(),
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
        try:
            return {p: _watermarks(self._consumer, self._topic, p)[1] for p in partitions}
        except KafkaException as error:
            raise BrokerUnreachable(f"ends of {self._topic}: {error.args[0].str()}") from error

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()


def _watermarks(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    found = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_CALL_SECONDS)
    if found is None:
        raise BrokerUnreachable(f"{topic}[{partition}]: no answer within {_CALL_SECONDS:g} s")
    return found
