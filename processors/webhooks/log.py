"""The webhook agent's hold on the log: reads three topics, looks single facts up again, appends its own."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from events.errors import BrokerUnreachable, LogConflict
from events.topics import Topics

_CALL_SECONDS = 10.0
_LOOK_SECONDS = 0.5
_CLOSE_SECONDS = 2.0
_BATCH = 500
_KEPT_BYTES = 8 * 1024 * 1024  # of facts that are likely to be looked up again


@dataclass(frozen=True, slots=True)
class Record:
    """One record, and where it lies."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None

    @property
    def place(self) -> str:
        """How acts on dead letters name it."""
        return f"{self.topic}:{self.partition}:{self.offset}"


class WebhookLog:
    """Reading without a consumer group, appending with every delivery awaited. For one thread."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._topics = topics
        quiet = {"enable.auto.commit": False, "auto.offset.reset": "error", "fetch.wait.max.ms": 500}
        reading = {**connection, **quiet, "group.id": f"{topics.prefix}webhook-reading"}  # never joined
        self._consumer = Consumer({**reading, "queued.max.messages.kbytes": 8_192})
        # A connection of its own, which waits for nothing: a question behind a fetch that waits would wait with it.
        self._looker = Consumer({**reading, "fetch.wait.max.ms": 5, "fetch.message.max.bytes": 512 * 1024})
        self._producer = Producer(
            {
                **connection,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.timeout.ms": 0,
                "linger.ms": 2,
            }
        )
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._kept_bytes = 0

    def to_the_end(self, topic: str, since: Mapping[tuple[str, int], int]) -> Iterator[list[Record]]:
        """All of a topic from the offsets given by partition to where it ends now.

        Raises:
            BrokerUnreachable: Kafka does not answer.
            LogConflict: the log ends before an offset given, or begins behind it.
        """
        open_ends: dict[int, int] = {}
        starts = []
        for partition in range(self._partitions(topic)):
            low, high = self._watermarks(topic, partition)
            begin = since.get((topic, partition), low)
            if not low <= begin <= high:
                raise LogConflict(f"{topic}[{partition}] reaches from {low} to {high}, not to {begin}")
            if begin < high:
                open_ends[partition] = high
                starts.append(TopicPartition(topic, partition, begin))
        self._consumer.assign(starts)
        heard = time.monotonic()
        while open_ends:
            records = self.read(_LOOK_SECONDS)
            for record in records:
                if record.offset + 1 >= open_ends.get(record.partition, record.offset + 2):
                    del open_ends[record.partition]
            if records:
                heard = time.monotonic()
            elif time.monotonic() - heard > _CALL_SECONDS:
                raise BrokerUnreachable(f"{topic}: silent before the ends of {sorted(open_ends)}")
            yield records

    def follow(self, since: Mapping[tuple[str, int], int]) -> None:
        """Read all three topics on from the offsets given, as they grow."""
        names = (self._topics.webhook_events, self._topics.task_events, self._topics.dead_letters)
        places = [(name, p) for name in names for p in range(self._partitions(name))]
        # What has no offset yet held nothing a moment ago, but need not begin at 0.
        self._consumer.assign([TopicPartition(name, p, since.get((name, p), OFFSET_BEGINNING)) for name, p in places])

    def read(self, wait_seconds: float) -> list[Record]:
        """What is there; waits up to `wait_seconds` for the first record."""
        first = self._consumer.poll(wait_seconds)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(_BATCH, 0)]
        return [_record(message) for message in messages if message.error() is None]

    def keep(self, record: Record) -> None:
        """Keep a fact at hand that is likely to be looked up."""
        if record.value is not None and self._kept.get((record.partition, record.offset)) is None:
            self._kept[record.partition, record.offset] = record.value
            self._kept_bytes += len(record.value)
        while self._kept_bytes > _KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])

    def fact(self, partition: int, offset: int) -> bytes:
        """The value of one record of `tasks.events`.

        Raises:
            BrokerUnreachable: Kafka does not answer.
            LogConflict: there is no such record any more.
        """
        kept = self._kept.get((partition, offset))
        if kept is not None:
            return kept
        topic = self._topics.task_events
        self._looker.assign([TopicPartition(topic, partition, offset)])
        deadline = time.monotonic() + _CALL_SECONDS
        while time.monotonic() < deadline:
            message = self._looker.poll(_LOOK_SECONDS)
            if message is None or message.error() is not None:
                continue
            record = _record(message)
            if (record.partition, record.offset) == (partition, offset) and record.value is not None:
                self._looker.unassign()
                self.keep(record)
                return record.value
            raise LogConflict(f"{topic}[{partition}]@{offset} is not there any more")
        raise BrokerUnreachable(f"{topic}[{partition}]@{offset}: no answer within {_CALL_SECONDS:g} s")

    def append(self, records: Sequence[tuple[str, str, bytes]], given_up: Callable[[], bool]) -> None:
        """Append topic, key and body each; returns once the broker has all, waiting for a silent one until `given_up`.

        Raises:
            BrokerUnreachable: given up, or refused; what was appended may be on the log nevertheless.
        """
        failed: list[str] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error.str())

        for topic, key, body in records:
            self._producer.produce(topic, value=body, key=key, on_delivery=delivered)
        while self._producer.flush(_LOOK_SECONDS) > 0:
            if given_up():
                raise BrokerUnreachable("tries were not recorded before this process was relieved")
        if failed:
            raise BrokerUnreachable(f"tries were not recorded: {failed[0]}")

    def close(self) -> None:
        """Leave the broker."""
        self._producer.flush(_CLOSE_SECONDS)
        self._consumer.close()
        self._looker.close()

    def _partitions(self, topic: str) -> int:
        return next(spec.partitions for spec in self._topics.specs() if spec.name == topic)

    def _watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        try:
            found = self._looker.get_watermark_offsets(TopicPartition(topic, partition), timeout=_CALL_SECONDS)
        except KafkaException as error:
            raise BrokerUnreachable(f"{topic}[{partition}]: {error.args[0].str()}") from error
        if found is None:
            raise BrokerUnreachable(f"{topic}[{partition}]: no answer within {_CALL_SECONDS:g} s")
        return found


def _record(message: Message) -> Record:
    return Record(
        str(message.topic()),
        int(message.partition() or 0),
        int(message.offset() or 0),
        message.key(),
        message.value(),
    )
