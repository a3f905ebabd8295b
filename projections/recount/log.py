"""Every record of some partitions, from where they begin to given ends. The one file here with librdkafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaException, TopicPartition

from events.errors import BrokerUnreachable

_CALL_SECONDS = 10.0
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as it lies on the log."""

    place: tuple[str, int]
    offset: int
    timestamp_ms: int
    value: bytes | None


class Shelved(Protocol):
    """What left the log, however it is kept."""

    def read(self, place: tuple[str, int], stop: int) -> Iterator[Raw]:
        """All records of a partition below an offset; none when some of them are missing."""
        ...


class RawLog:
    """The log, read once from the beginning; what left it, from where it went."""

    def __init__(self, connection: Mapping[str, Any], shelved: Shelved | None = None) -> None:
        self._shelved = shelved
        self._consumer = Consumer(
            {
                **connection,
                "group.id": "goaltrail-recount",  # never joined, never committed
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 20,  # the next partitions wait for the end of a fetch from those before
            }
        )
        self.cut: set[tuple[str, int]] = set()  #: partitions that have lost records at their beginning
        self._spans: dict[tuple[str, int], tuple[int, int]] = {}  #: asked for once: while it reads, each takes 0.2 s
        self._gone: dict[tuple[str, int], int] = {}  #: offset at which partitions begin that do not begin at 0

    def spans(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], tuple[int, int]]:
        """Where those partitions begin and end that there are.

        Raises:
            BrokerUnreachable: Kafka does not answer.
        """
        try:
            known = self._consumer.list_topics(timeout=_CALL_SECONDS).topics
            return {
                place: self._span(place)
                for place in places
                if place[0] in known and place[1] in known[place[0]].partitions
            }
        except KafkaException as error:
            raise BrokerUnreachable(f"the log cannot be read: {error.args[0].str()}") from error

    def read(self, ends: Mapping[tuple[str, int], int]) -> Iterator[Raw]:
        """All records below `ends`, partition by partition in order, partitions in any.

        Raises:
            BrokerUnreachable: Kafka does not answer, or stops answering on the way.
        """
        try:
            ahead = self._assign(ends)
            yield from self._unshelved(ends)
            while ahead:
                # consume() waits for a full batch or the whole time, and the last batch is never full.
                first = self._consumer.poll(_CALL_SECONDS)
                if first is None:
                    raise BrokerUnreachable(f"not read to the end: {sorted(ahead)}")
                for message in (first, *self._consumer.consume(_BATCH, timeout=0)):
                    place, offset = (str(message.topic()), int(message.partition() or 0)), int(message.offset() or 0)
                    if message.error() is not None or offset >= ahead.get(place, 0):
                        continue
                    yield Raw(place, offset, message.timestamp()[1], message.value())
                    if offset + 1 == ahead[place]:
                        del ahead[place]
        except KafkaException as error:
            raise BrokerUnreachable(f"the log cannot be read: {error.args[0].str()}") from error

    def _unshelved(self, ends: Mapping[tuple[str, int], int]) -> Iterator[Raw]:
        for place, low in sorted(self._gone.items()):
            self.cut.add(place)
            for raw in self._shelved.read(place, low) if self._shelved else ():
                self.cut.discard(place)
                if raw.offset < ends[place]:
                    yield raw

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _assign(self, ends: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
        ahead: dict[tuple[str, int], int] = {}
        places: list[TopicPartition] = []
        self._gone = {}
        for place, end in ends.items():
            low, _ = self._span(place)
            if low > 0:
                self._gone[place] = low
            if end > low:
                ahead[place] = end
                places.append(TopicPartition(*place, low))
        self._consumer.assign(places)
        return ahead

    def _span(self, place: tuple[str, int]) -> tuple[int, int]:
        if place in self._spans:
            return self._spans[place]
        found = self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=_CALL_SECONDS, cached=False)
        if found is None:
            raise BrokerUnreachable(f"{place[0]}[{place[1]}] has no known beginning")
        self._spans[place] = int(found[0]), int(found[1])
        return self._spans[place]
