"""Where a rebuild takes its records from, chunk by chunk; the log itself is one such place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter
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
#: Offset, value, and milliseconds since 1970.
Kept = tuple[int, bytes | None, int | None]

_GRAB = 10_000  # records taken over at once
_GATHER_SECONDS = 0.2  # consume() waits until it has all it was asked for, or so long
_QUEUE_KIB = 131_072


@dataclass(frozen=True, slots=True)
class RawTables:
    """The tables a source fills, one per frequent topic: `("partition" INTEGER, "offset" BIGINT, lines VARCHAR)`.

    A row holds records of one partition that follow each other without a gap, one a line; `offset` is the first one's.
    """

    facts: str  #: for records of `tasks.events`
    steps: str  #: for records of `steps.events`


@dataclass(slots=True)
class Loaded:
    """One chunk; per partition its records follow those of the chunk before."""

    records: int = 0  #: in all, those in `others` included; 0: there are no more
    others: list[Record] = field(default_factory=list)  #: of rare topics, and values that are not one line of text
    ends: dict[Place, int] = field(default_factory=dict)  #: the offset after the last record, per partition


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
        chunk = islice(self._records, most)
        for place, records in groupby(chunk, key=itemgetter(0)):
            sorting.add(place.topic, place.partition, [(offset, value, at_ms) for _, offset, value, at_ms in records])
        loaded = sorting.finish()
        self._ahead = self._ahead - loaded.records if loaded.records else 0
        return loaded

    def close(self) -> None:
        """Nothing is held."""


class Sorting:
    """Lines of frequent topics into the tables, all else aside; one chunk."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, topics: Topics, tables: RawTables) -> None:
        self._appenders = {
            topics.task_events: connection.appender(tables.facts),
            topics.step_events: connection.appender(tables.steps),
        }
        self.loaded = Loaded()

    def add(self, topic: str, partition: int, records: Sequence[Kept]) -> None:
        """Sort records of one partition in, in the order of their offsets."""
        place, last = Place(topic, partition), records[-1][0]
        self.loaded.records += len(records)
        self.loaded.ends[place] = last + 1
        appender = self._appenders.get(topic)
        if appender is None:
            self._aside(place, records)
        elif last - records[0][0] + 1 == len(records) and (lines := _lines(records)) is not None:
            appender.append_row(partition, records[0][0], lines)
        elif len(records) == 1:
            self._aside(place, records)
        else:  # a gap, or a value that is not a line of text: found by halving
            middle = len(records) // 2
            self._add_half(topic, partition, records[:middle])
            self._add_half(topic, partition, records[middle:])

    def finish(self) -> Loaded:
        """Write what was sorted in."""
        for appender in self._appenders.values():
            appender.flush()
        return self.loaded

    def _add_half(self, topic: str, partition: int, records: Sequence[Kept]) -> None:
        self.loaded.records -= len(records)  # they are counted
        self.add(topic, partition, records)

    def _aside(self, place: Place, records: Sequence[Kept]) -> None:
        self.loaded.others.extend(Record(place, *record) for record in records)


def _lines(records: Sequence[Kept]) -> str | None:
    try:
        lines = b"\n".join([value for _, value, _ in records])  # type: ignore[misc] # TypeError: a value is None
        return lines.decode() if lines.count(b"\n") == len(records) - 1 else None
    except (TypeError, UnicodeDecodeError):
        return None


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
        sorting = Sorting(connection, self._topics, tables)
        frequent = {self._topics.task_events, self._topics.step_events}
        while self._unread and sorting.loaded.records < most:
            for (topic, partition), records in _by_place(self._grab(), frequent).items():
                sorting.add(topic, partition, records)
                place, end = Place(topic, partition), records[-1][0] + 1
                self._next[place] = end
                if end >= self._ends[place]:
                    self._unread.discard(place)
        return sorting.finish()

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


def _by_place(messages: list[Message], untimed: set[str]) -> dict[tuple[str, int], list[Kept]]:
    """Called for every record: this loop is half of what reading costs in Python."""
    places: dict[Any, list[Kept]] = {}
    for message in messages:
        if message.error() is not None:
            _refuse(message)
            continue
        place = (message.topic(), message.partition())
        records = places.get(place)
        if records is None:
            records = places[place] = []
        at_ms = None if place[0] in untimed else message.timestamp()[1]
        records.append((message.offset(), message.value(), at_ms))  # type: ignore[arg-type] # there is no error
    return places


def _refuse(message: Message) -> None:
    error, place = message.error(), f"{message.topic()}[{message.partition()}]"
    if error is None:
        return
    if error.code() in {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}:  # noqa: SLF001 - librdkafka's name
        raise StoreMismatch(f"{place} was cut short while it was read; try again")
    # librdkafka tries again by itself.
    _log.warning("kafka", action="read", place=place, error=error.str())
