"""Where a rebuild takes its records from, chunk by chunk; the log itself is one such place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import duckdb
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from events.errors import BrokerUnreachable, StoreMismatch
from events.topics import Topics
from projections.records import Place, Record

_PATIENCE_SECONDS = 30.0  # a broker that gives nothing for so long is away
_GRAB = 20_000  # records taken over at once; a list of more only costs memory
_QUEUE_KIB = 131_072


@dataclass(frozen=True, slots=True)
class RawTables:
    """The tables a source fills: `("partition" INTEGER, "offset" BIGINT, value VARCHAR)`, one per frequent topic."""

    facts: str  #: for records of `tasks.events`
    steps: str  #: for records of `steps.events`


@dataclass(slots=True)
class Loaded:
    """One chunk; per partition its records follow those of the chunk before."""

    records: int = 0  #: in all, those in `others` included; 0: there are no more
    others: list[Record] = field(default_factory=list)  #: of rare topics, and values that are no text


class ChunkSource(Protocol):
    """Gives every record of some stretch of the log once, each partition in the order of its offsets."""

    ends: Mapping[Place, int]  #: the offset after the last record it gives, per partition

    def ahead(self) -> int:
        """Records that are still to come, roughly."""
        ...

    def load(self, connection: duckdb.DuckDBPyConnection, tables: RawTables, most: int) -> Loaded:
        """Add about `most` further records to the tables; called from one thread, not the one that folds."""
        ...

    def close(self) -> None:
        """Let go of what it holds; called once, also after an error."""
        ...


class KafkaSource:
    """The log from given offsets up to where it ended when the rebuild began, or a little further."""

    def __init__(
        self, connection: Mapping[str, Any], topics: Topics, *, starts: Mapping[Place, int], ends: Mapping[Place, int]
    ) -> None:
        """Begin to read; partitions without a start are left alone."""
        self.ends = {place: ends[place] for place in starts}
        self._next = dict(starts)
        self._topics = topics
        self._consumer = Consumer(
            {
                **connection,
                "group.id": "goaltrail-rebuild",  # librdkafka wants one; nothing is committed under it
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "queued.max.messages.kbytes": _QUEUE_KIB,
                "queued.min.messages": 1_000_000,
            }
        )
        self._unread = {place for place, start in starts.items() if start < self.ends[place]}
        self._consumer.assign([TopicPartition(*place, starts[place]) for place in sorted(self._unread)])

    def ahead(self) -> int:
        """Records below the ends that were not given yet."""
        return sum(self.ends[place] - self._next[place] for place in self._unread)

    def load(self, connection: duckdb.DuckDBPyConnection, tables: RawTables, most: int) -> Loaded:
        """Add about `most` further records to the tables.

        Raises:
            BrokerUnreachable: Kafka gives nothing any more.
            StoreMismatch: records were thrown away before they could be read.
        """
        loaded = Loaded()
        appenders = {
            self._topics.task_events: connection.appender(tables.facts),
            self._topics.step_events: connection.appender(tables.steps),
        }
        while self._unread and loaded.records < most:
            rows: dict[str, list[tuple[int, int, str]]] = {topic: [] for topic in appenders}
            for message in self._grab():
                self._sort_in(message, rows, loaded)
            for topic, appender in appenders.items():
                appender.append_rows(rows[topic])
        for appender in appenders.values():
            appender.flush()
        return loaded

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _grab(self) -> list[Message]:
        # consume() waits until it has as many as asked for, or the time is up; so only the first is waited for.
        try:
            first = self._consumer.poll(_PATIENCE_SECONDS)
            if first is None:
                raise BrokerUnreachable(f"Kafka gives no more records; not read to the end: {sorted(self._unread)}")
            return [first, *self._consumer.consume(_GRAB, timeout=0)]
        except KafkaException as error:
            raise BrokerUnreachable(f"the log cannot be read: {error.args[0]}") from error

    def _sort_in(self, message: Message, rows: dict[str, list[tuple[int, int, str]]], loaded: Loaded) -> None:
        topic, partition, offset = str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)
        place = Place(topic, partition)
        if message.error() is not None:
            if place in self._unread and not message.error().retriable():  # type: ignore[union-attr]
                raise StoreMismatch(f"{topic}[{partition}] cannot be read: {message.error()}")
            return
        if place not in self._unread:
            return
        self._next[place] = offset + 1
        if offset + 1 >= self.ends[place]:
            self._unread.discard(place)
        loaded.records += 1
        value = message.value()
        text = rows.get(topic)
        if text is not None and value is not None:
            try:
                text.append((partition, offset, value.decode()))
            except UnicodeDecodeError:
                pass
            else:
                return
        loaded.others.append(Record(place, offset, value, message.timestamp()[1]))
