"""Reads a whole topic without a group: every process that follows sees every record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from events.errors import BrokerUnreachable, UndecodableRecord

_POLL_SECONDS = 0.2  # how long a stop may take to be seen
_CALL_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_BATCH = 500

log = structlog.get_logger(__name__)

#: Takes the body of one record; UndecodableRecord is logged and the record passed over.
Deliver = Callable[[bytes], None]
#: Likewise with its key before it; an empty body takes back what the key had.
DeliverRow = Callable[[str, bytes], None]


class TopicFollower:
    """One thread, one topic, from the beginning or from the ends as found at the start.

    Ready means: from `beginning`, everything that was there at the start has been delivered; from `end`, the ends are
    known, so whatever is appended from now on will be delivered.
    """

    def __init__(
        self,
        connection: Mapping[str, Any],
        topic: str,
        deliver: Deliver,
        *,
        since: Literal["beginning", "end"],
        partitions: Collection[int] | None = None,
        key: str | None = None,
    ) -> None:
        """Prepare to follow.

        Args:
            connection: librdkafka settings.
            topic: what to follow.
            deliver: takes each body, in the follower's thread.
            since: where to begin.
            partitions: only these; all of them when omitted.
            key: only records with this key; of any key when omitted.
        """
        self._topic = topic
        self._partitions = partitions
        self._key = None if key is None else key.encode()
        self._deliver = deliver
        self._since = since
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._consumer = Consumer(
            {
                **connection,
                "group.id": f"goaltrail-follower-{topic}",  # librdkafka wants one; nothing is ever committed to it
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,  # compaction and transactions leave no record just before an end
                "fetch.wait.max.ms": 100,
                # Followed topics carry answers people wait for: ask the broker for the first byte, not for a batch.
                "fetch.min.bytes": 1,
            }
        )
        self._thread = threading.Thread(target=self._run, name=f"follower-{topic}", daemon=True)

    def start(self) -> None:
        """Begin to read; returns at once."""
        self._thread.start()

    def wait_ready(self, timeout_seconds: float) -> bool:
        """Wait until ready; false when the time is up."""
        return self._ready.wait(timeout_seconds)

    @property
    def ready(self) -> bool:
        """Whether the start is behind us."""
        return self._ready.is_set()

    def close(self) -> None:
        """Stop reading; no delivery comes after this."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_CALL_SECONDS)

    def _run(self) -> None:
        try:
            behind = self._assign()
            if not behind:
                self._ready.set()
            while not self._stop.is_set():
                # consume() waits for a full batch or the whole time; people wait for the first record alone.
                first = self._consumer.poll(_POLL_SECONDS)
                if first is not None:
                    for message in (first, *self._consumer.consume(_BATCH, timeout=0)):
                        self._take(message, behind)
        finally:
            self._consumer.close()

    def _assign(self) -> dict[int, int]:
        """Take all partitions; returns, per partition, the end still to be reached before ready."""
        while not self._stop.is_set():
            try:
                ends = self._ends()
            except (KafkaException, BrokerUnreachable) as error:
                log.warning("follower waits for the broker", action="wait", topic=self._topic, error=str(error))
                self._stop.wait(_RETRY_SECONDS)
                continue
            from_start = self._since == "beginning"
            self._consumer.assign(
                [
                    TopicPartition(self._topic, p, OFFSET_BEGINNING if from_start else high)
                    for p, (_, high) in ends.items()
                ]
            )
            return {p: high for p, (low, high) in ends.items() if from_start and high > low}
        return {}

    def _ends(self) -> dict[int, tuple[int, int]]:
        deadline = time.monotonic() + _CALL_SECONDS
        listed = self._consumer.list_topics(self._topic, timeout=_CALL_SECONDS).topics[self._topic]
        if listed.error is not None or not listed.partitions:
            raise BrokerUnreachable(f"topic {self._topic!r}: {listed.error or 'no partitions'}")
        return {
            p: self._consumer.get_watermark_offsets(
                TopicPartition(self._topic, p), timeout=max(0.1, deadline - time.monotonic())
            )
            for p in listed.partitions
            if self._partitions is None or p in self._partitions
        }

    def _take(self, message: Message, behind: dict[int, int]) -> None:
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's public name for it
                log.warning("follower reads on after an error", action="read", topic=self._topic, error=str(error))
                return
        elif self._key is None or message.key() == self._key:
            self._hand_over(message)
        partition, reached = int(message.partition() or 0), int(message.offset() or 0) + (error is None)
        if behind.get(partition, reached + 1) <= reached:
            del behind[partition]
        if not behind:
            self._ready.set()

    def _hand_over(self, message: Message) -> None:
        try:
            self._take_body(message)
        except UndecodableRecord as unreadable:
            place = f"{self._topic}[{message.partition()}]@{message.offset()}"
            log.warning("follower passes over a record", action="skip", record=place, error=str(unreadable))

    def _take_body(self, message: Message) -> None:
        self._deliver(message.value() or b"")


class TableFollower(TopicFollower):
    """Follows a compacted topic from its beginning: the newest record of a key is what the key has."""

    def __init__(self, connection: Mapping[str, Any], topic: str, deliver: DeliverRow) -> None:
        super().__init__(connection, topic, lambda _: None, since="beginning")
        self._deliver_row = deliver

    def _take_body(self, message: Message) -> None:
        key = message.key()
        if key:
            self._deliver_row(key.decode(errors="replace"), message.value() or b"")
