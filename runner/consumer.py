"""Reads the log for a runner: its inbox as it grows, and the steps of earlier attempts. The one file with librdkafka."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from events.codec import decode, decode_step
from events.envelope import StepEnvelope
from events.errors import BrokerUnreachable, UndecodableRecord
from events.partitioner import partition_of
from events.topics import Topics
from events.worker import InboxEnvelope

_POLL_SECONDS = 0.2  # how long a stop may take to be seen
_ENDS_SECONDS = 3.0  # a runner that is asked to stop while it waits for the broker stops after this
_CALL_SECONDS = 10.0
_BATCH = 500

log = structlog.get_logger("runner")


def _consumer(connection: Mapping[str, Any]) -> Consumer:
    return Consumer(
        {
            **connection,
            "group.id": "goaltrail-runner",  # librdkafka wants one; partitions are assigned by hand, nothing is committed
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": False,
            "fetch.min.bytes": 1,  # a task waits for each of these messages
            "fetch.error.backoff.ms": 100,
        }
    )


class InboxReader:
    """A thread that hands over what the inbox says to one worker, from the end as it was before it announced itself."""

    def __init__(
        self, connection: Mapping[str, Any], topics: Topics, worker: str, deliver: Callable[[list[InboxEnvelope]], None]
    ) -> None:
        self._consumer = _consumer(connection)
        self._topic, self._worker, self._deliver = topics.inbox, worker, deliver
        self._partition = partition_of(worker, topics.partitions)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        """Find the end and begin to read; whatever is sent to this worker after the return will be delivered.

        Raises:
            BrokerUnreachable: the end of the inbox cannot be found out.
        """
        home = TopicPartition(self._topic, self._partition)
        home.offset = _ends(self._consumer, home)[1]
        self._consumer.assign([home])
        self._thread.start()

    def close(self) -> None:
        """Stop reading; nothing is delivered afterwards."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_CALL_SECONDS)
        self._consumer.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            first = self._consumer.poll(_POLL_SECONDS)
            if first is None:
                continue
            heard = [note for m in (first, *self._consumer.consume(_BATCH, timeout=0)) if (note := self._read(m))]
            if heard and not self._stop.is_set():
                self._deliver(heard)

    def _read(self, message: Message) -> InboxEnvelope | None:
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's public name for it
                log.warning("inbox reads on after an error", action="inbox.read", error=str(error))
            return None
        if message.key() != self._worker.encode():
            return None
        try:
            return decode(InboxEnvelope, message.value())
        except UndecodableRecord as unreadable:
            place = f"{self._topic}[{message.partition()}]@{message.offset()}"
            log.warning("inbox passes over a record", action="inbox.skip", record=place, error=str(unreadable))
            return None


class StepsReader:
    """Looks into `steps.events`: where it ends now, and what it says of one task."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._connection, self._topics = connection, topics

    def ends(self) -> dict[int, int]:
        """The offset after the last record, per partition.

        Raises:
            BrokerUnreachable: Kafka does not answer.
        """
        consumer = _consumer(self._connection)
        try:
            partitions = range(self._topics.partitions)
            return {p: _ends(consumer, TopicPartition(self._topics.step_events, p))[1] for p in partitions}
        finally:
            consumer.close()

    def of_task(self, task_id: str, since: int) -> list[StepEnvelope]:
        """The task's step facts from offset `since` to the end as it is now, in order; blocks.

        Raises:
            BrokerUnreachable: they cannot be read to the end.
        """
        consumer = _consumer(self._connection)
        home = TopicPartition(self._topics.step_events, partition_of(task_id, self._topics.partitions))
        try:
            low, high = _ends(consumer, home)
            home.offset = max(low, min(since, high))
            consumer.assign([home])
            bodies = _bodies(consumer, task_id.encode(), home.offset, high)
            return [fact for body in bodies if isinstance(fact := decode_step(body), StepEnvelope)]
        finally:
            consumer.close()


def _ends(consumer: Consumer, home: TopicPartition) -> tuple[int, int]:
    try:
        low, high = consumer.get_watermark_offsets(home, timeout=_ENDS_SECONDS)
    except KafkaException as error:
        said = error.args[0].str()
        raise BrokerUnreachable(f"{home.topic}[{home.partition}] has no known end: {said}") from error
    return int(low), int(high)


def _bodies(consumer: Consumer, key: bytes, offset: int, high: int) -> Iterator[bytes | None]:
    """Bodies with this key; records of other tasks are passed over unread."""
    deadline = time.monotonic() + _CALL_SECONDS
    while offset < high:
        messages = consumer.consume(_BATCH, timeout=_POLL_SECONDS)
        if not messages and time.monotonic() > deadline:
            raise BrokerUnreachable(f"earlier steps could be read to offset {offset} of {high} only")
        for message in messages:
            if message.error() is not None:
                continue
            deadline = time.monotonic() + _CALL_SECONDS
            offset = int(message.offset() or 0) + 1
            if message.key() == key and offset <= high:
                yield message.value()
