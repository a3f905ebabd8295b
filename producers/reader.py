"""Looks into the log at a known place: where a topic ends, one fact, the steps of one task, what ended since."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from events.codec import decode_fact, decode_step
from events.envelope import Envelope, StepEnvelope
from events.errors import BrokerUnreachable, LogConflict, UndecodableRecord
from events.partitioner import partition_of
from events.topics import Topics
from producers.publisher import Placement

_CALL_SECONDS = 10.0
_POLL_SECONDS = 0.1
_BATCH = 1_000


class LogReader:
    """Reads what is there by now and returns; one reading at a time, from any thread.

    Every call raises BrokerUnreachable when the log cannot be read to the end it had at the call.
    """

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._connection, self._topics = dict(connection), topics
        self._lock = threading.Lock()
        self._consumer: Consumer | None = None

    def step_ends(self) -> dict[int, int]:
        """The offset after the last record of `steps.events`, per partition."""
        return self._ends(self._topics.step_events)

    def fact_ends(self) -> dict[int, int]:
        """The offset after the last record of `tasks.events`, per partition."""
        return self._ends(self._topics.task_events)

    def steps_of(self, task_id: str, since: int) -> list[StepEnvelope]:
        """The task's step facts from offset `since` on, in order."""
        topic, key = self._topics.step_events, task_id.encode()
        partition = partition_of(task_id, self._topics.partitions)
        with self._lock:
            low, end = self._watermarks(topic, partition)
            start = max(low, since)  # what is older is archived, and of tasks that are over
            bodies = [m.value() for m in self._read(topic, {partition: (start, end)}) if m.key() == key]
        return [fact for body in bodies if (fact := _step(body)) is not None]

    def fact_at(self, place: str) -> Envelope | None:
        """The fact at `topic:partition:offset`; none when nothing we understand lies there."""
        topic, partition, offset = place.rsplit(":", 2)
        with self._lock:
            found = list(self._read(topic, {int(partition): (int(offset), int(offset) + 1)}))
        try:
            fact = decode_fact(found[0].value()) if found else None
        except UndecodableRecord:
            return None
        return fact if isinstance(fact, Envelope) else None

    def facts_since(
        self, positions: Mapping[int, int], wanted: Callable[[str], bool]
    ) -> tuple[list[tuple[Envelope, Placement]], dict[int, int]]:
        """Facts of the tasks wanted, from the positions to the ends as they are; and the positions after that.

        Raises:
            LogConflict: the log begins behind a position: what was there is archived.
        """
        topic, found = self._topics.task_events, []
        after = dict(positions)
        with self._lock:
            spans = {p: self._watermarks(topic, p) for p in positions}
            for p, (low, _) in spans.items():
                if positions[p] < low:
                    raise LogConflict(f"{topic}[{p}] begins at {low}, behind {positions[p]}")
            ends = {p: high for p, (_, high) in spans.items()}
            for message in self._read(topic, {p: (positions[p], ends[p]) for p in positions}):
                partition, offset = int(message.partition() or 0), int(message.offset() or 0)
                key = (message.key() or b"").decode(errors="replace")
                if wanted(key) and (fact := _fact(message)) is not None:
                    found.append((fact, Placement(topic, partition, offset)))
        after.update(ends)
        return found, after

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            if self._consumer is not None:
                self._consumer.close()
                self._consumer = None

    def _ends(self, topic: str) -> dict[int, int]:
        with self._lock:
            return {p: self._watermarks(topic, p)[1] for p in range(self._topics.partitions)}

    def _client(self) -> Consumer:
        if self._consumer is None:
            self._consumer = Consumer(
                {
                    **self._connection,
                    "group.id": "goaltrail-reader",  # librdkafka wants one; nothing is ever committed to it
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "fetch.min.bytes": 1,
                    "fetch.wait.max.ms": 50,
                }
            )
        return self._consumer

    def _watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        place = TopicPartition(topic, partition)
        try:
            low, high = self._client().get_watermark_offsets(place, timeout=_CALL_SECONDS)
        except KafkaException as error:
            raise BrokerUnreachable(f"{topic}[{partition}] has no known end: {error.args[0].str()}") from error
        return int(low), int(high)

    def _read(self, topic: str, spans: Mapping[int, tuple[int, int]]) -> Iterator[Message]:
        """Records with offsets in these spans (from, to); call with the lock held."""
        rest = {p: end for p, (start, end) in spans.items() if start < end}
        if not rest:
            return
        consumer = self._client()
        consumer.assign([TopicPartition(topic, p, spans[p][0]) for p in rest])
        deadline = time.monotonic() + _CALL_SECONDS
        try:
            while rest:
                # consume() waits for a full batch or the whole time, and somebody waits for the one fact there is.
                first = consumer.poll(_POLL_SECONDS)
                if first is None and time.monotonic() > deadline:
                    raise BrokerUnreachable(f"{topic!r} could not be read to its end in {len(rest)} partitions")
                for message in () if first is None else (first, *consumer.consume(_BATCH, timeout=0)):
                    partition, offset = int(message.partition() or 0), int(message.offset() or 0)
                    if message.error() is not None or partition not in rest:
                        continue
                    deadline = time.monotonic() + _CALL_SECONDS
                    if offset < rest[partition]:
                        yield message
                    if offset + 1 >= rest[partition]:
                        del rest[partition]
        finally:
            consumer.unassign()


def _fact(message: Message) -> Envelope | None:
    try:
        fact = decode_fact(message.value())
    except UndecodableRecord:
        return None  # the projections count and bury these
    return fact if isinstance(fact, Envelope) else None


def _step(body: bytes | None) -> StepEnvelope | None:
    try:
        fact = decode_step(body)
    except UndecodableRecord:
        return None
    return fact if isinstance(fact, StepEnvelope) else None
