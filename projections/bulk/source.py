"""Where a rebuild takes its records from, chunk by chunk; the log itself is one such place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any, Protocol

import duckdb
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from events.errors import BrokerUnreachable, StoreMismatch
from events.topics import Topics
from projections.records import Place, Record

_log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 30.0  # a broker that gives nothing for so long is away
_GRAB = 10_000  # records taken over at once
_GATHER_SECONDS = 0.2  # consume() waits until it has all it was asked for, or so long
_Row = tuple[int, int, str]
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

    def ahead(self) -> int:
        """Records that are still to come, roughly."""
        ...

    def load(self, connection: duckdb.DuckDBPyConnection, tables: RawTables, most: int) -> Loaded:
        """Add about `most` further records to the tables; called from one thread, not the one that folds."""
        ...

    def close(self) -> None:
        """Let go of what it holds; called once, also after an error."""
        ...


class RecordSource:
    """Records that come one by one, as from an archive."""

    def __init__(self, records: Iterator[Record], topics: Topics, spans: Mapping[Place, tuple[int, int]]) -> None:
        """`spans` says where each partition of them begins and ends."""
        self._records, self._topics = records, topics
        self._ahead = sum(end - start for start, end in spans.values())

    def ahead(self) -> int:
        """Records that were not given yet, at most."""
        return self._ahead

    def load(self, connection: duckdb.DuckDBPyConnection, tables: RawTables, most: int) -> Loaded:
        """Add the next records to the tables."""
        sorting = Sorting(connection, self._topics, tables)
        for record in islice(self._records, most):
            sorting.add(record)
        loaded = sorting.finish()
        self._ahead = self._ahead - loaded.records if loaded.records else 0
        return loaded

    def close(self) -> None:
        """Nothing is held."""


class Sorting:
    """Texts of frequent topics into the tables, all else aside; one chunk."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, topics: Topics, tables: RawTables) -> None:
        self._appenders = {
            topics.task_events: connection.appender(tables.facts),
            topics.step_events: connection.appender(tables.steps),
        }
        self._rows: dict[str, list[tuple[int, int, str]]] = {topic: [] for topic in self._appenders}
        self._loaded = Loaded()

    def add(self, record: Record) -> None:
        """Sort one record in."""
        rows = self._rows.get(record.place.topic)
        self._loaded.records += 1
        if rows is not None and record.value is not None:
            try:
                rows.append((record.place.partition, record.offset, record.value.decode()))
            except UnicodeDecodeError:
                pass
            else:
                return
        self._loaded.others.append(record)

    def finish(self) -> Loaded:
        """Write what was sorted in."""
        for topic, appender in self._appenders.items():
            appender.append_rows(self._rows[topic])
            appender.flush()
        return self._loaded


class KafkaSource:
    """The log from given offsets up to where it ended when the rebuild began, or a little further."""

    def __init__(
        self, connection: Mapping[str, Any], topics: Topics, *, starts: Mapping[Place, int], ends: Mapping[Place, int]
    ) -> None:
        """Begin to read; partitions without a start are left alone."""
        self._ends = {place: ends[place] for place in starts}
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
        self._unread = {place for place, start in starts.items() if start < self._ends[place]}
        self._consumer.assign([TopicPartition(*place, starts[place]) for place in sorted(self._unread)])

    def ahead(self) -> int:
        """Records below the ends that were not given yet."""
        return sum(self._ends[place] - self._next[place] for place in self._unread)

    def load(self, connection: duckdb.DuckDBPyConnection, tables: RawTables, most: int) -> Loaded:
        """Add about `most` further records to the tables.

        Raises:
            BrokerUnreachable: Kafka gives nothing any more.
            StoreMismatch: records were thrown away before they could be read.
        """
        loaded = Loaded()
        frequent = {self._topics.task_events: tables.facts, self._topics.step_events: tables.steps}
        appenders = {topic: connection.appender(table) for topic, table in frequent.items()}
        while self._unread and loaded.records < most:
            rows: dict[str, list[_Row]] = {topic: [] for topic in frequent}
            self._sort(self._grab(), rows, loaded)
            for topic, appender in appenders.items():
                appender.append_rows(rows[topic])
        for appender in appenders.values():
            appender.flush()
        return loaded

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _grab(self) -> list[Message]:
        until = monotonic() + _PATIENCE_SECONDS
        try:
            while not (messages := self._consumer.consume(_GRAB, timeout=_GATHER_SECONDS)):
                if monotonic() > until:
                    raise BrokerUnreachable(f"Kafka gives no more records; unread are {sorted(self._unread)}")
        except KafkaException as error:
            raise BrokerUnreachable(f"the log cannot be read: {error.args[0]}") from error
        return messages

    def _sort(self, messages: list[Message], rows: dict[str, list[_Row]], loaded: Loaded) -> None:
        """Texts of frequent topics into `rows`, all else into `loaded`; this loop is most of what reading costs."""
        at: dict[Any, int] = {}
        for message in messages:
            if message.error() is not None:
                _refuse(message)
                continue
            # All four are there in a message without an error.
            topic: Any = message.topic()
            partition: Any = message.partition()
            offset: Any = message.offset()
            value = message.value()
            at[topic, partition] = offset
            texts = rows.get(topic)
            if texts is not None and value is not None:
                try:
                    texts.append((partition, offset, value.decode()))
                except UnicodeDecodeError:
                    pass
                else:
                    continue
            loaded.others.append(Record(Place(topic, partition), offset, value, message.timestamp()[1]))
        loaded.records += len(messages)
        for place, offset in at.items():
            self._next[place] = offset + 1
            if offset + 1 >= self._ends[place]:
                self._unread.discard(place)


def _refuse(message: Message) -> None:
    error, place = message.error(), f"{message.topic()}[{message.partition()}]"
    if error is None:
        return
    if error.code() in {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}:  # noqa: SLF001 - librdkafka's name
        raise StoreMismatch(f"{place} was cut short while it was read; try again")
    # librdkafka tries again by itself.
    _log.warning("kafka", action="read", place=place, error=error.str())
