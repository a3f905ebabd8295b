"""Reads stretches of the log for the archive, keys and headers included. The one file here with librdkafka."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Generator, Mapping
from time import monotonic
from typing import Any, cast

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from events.errors import BrokerUnreachable, StoreMismatch
from events.topics import Topics
from projections.archive.segment import Kept
from projections.consumer import LogReader
from projections.records import LogShape, Place

_PATIENCE_SECONDS = 30.0
_BATCH = 5_000
_SETTLING_SECONDS = 0.2


class ArchivableLog:
    """The log as whoever archives it sees it."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self.topics = topics
        self._connection = connection
        self._reader = LogReader(connection, [spec.name for spec in topics.specs()])
        self._consumer = Consumer(
            {
                **connection,
                "group.id": topics.processors,  # asked for its offsets; never joined, never committed
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "check.crcs": True,
                # One partition after the other, each to its end: a fetch that waits there holds up the next one.
                "fetch.wait.max.ms": 20,
                "fetch.queue.backoff.ms": 20,
            }
        )

    def shape(self) -> LogShape:
        """Which log this is, and where its partitions begin and end now; raises BrokerUnreachable."""
        return self._reader.shape()

    def records(self, place: Place, start: int, stop: int) -> Generator[Kept, None, None]:
        """All records from `start` up to, but not including, `stop`; one reading at a time.

        Raises:
            BrokerUnreachable: Kafka does not answer.
            StoreMismatch: they are not all there any more.
        """
        position = start
        if position >= stop:
            return
        try:
            self._consumer.assign([TopicPartition(*place, start)])
            while position < stop:
                first = self._consumer.poll(_PATIENCE_SECONDS)
                if first is None:
                    raise BrokerUnreachable(f"{place.topic}[{place.partition}] is silent at {position} of {stop}")
                for message in (first, *self._consumer.consume(_BATCH, timeout=0)):
                    _require_record(message, place)
                    record = _kept(message)
                    if position <= record.offset < stop:
                        yield record
                    position = max(position, record.offset + 1)
        except KafkaException as error:
            raise BrokerUnreachable(f"{place.topic}[{place.partition}]: {error.args[0].str()}") from error
        finally:
            self._consumer.unassign()

    def decided_to(self) -> dict[int, int | None]:
        """By partition, the highest command the processors have done with; none where the broker does not know."""
        places = [TopicPartition(self.topics.task_commands, p) for p in range(self.topics.partitions)]
        until = monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                found = self._consumer.committed(places, timeout=_PATIENCE_SECONDS)
                break
            except KafkaException as error:
                # A broker that was just started looks for who keeps the group, and says so.
                if monotonic() > until or not error.args[0].retriable():
                    raise BrokerUnreachable(f"committed offsets: {error.args[0].str()}") from error
            self._consumer.poll(_SETTLING_SECONDS)  # nothing is assigned: it only waits
        return {place.partition: place.offset - 1 if place.offset >= 0 else None for place in found}

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()
        self._reader.close()


def _require_record(message: Message, place: Place) -> None:
    error = message.error()
    if error is None:
        return
    said = f"{place.topic}[{place.partition}]: {error.str()}"
    if error.retriable():
        raise BrokerUnreachable(said)
    raise StoreMismatch(said)


def _kept(message: Message) -> Kept:
    found = cast("list[tuple[str, str | bytes | None]]", message.headers() or [])
    told = [[name, None if value is None else b64encode(_bytes(value)).decode()] for name, value in found]
    offset, stamp = int(message.offset() or 0), int(message.timestamp()[1])
    return Kept(offset, stamp, message.key(), message.value(), json.dumps(told) if told else None)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
