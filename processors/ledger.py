"""The processors' hold on the log: reads one partition of facts, appends to it offset by offset, sends follow-ups.

Source: design.md §2.1-2.5. Blocking; the agent calls it in a thread.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from events.codec import decode_fact
from events.errors import BrokerUnreachable, LogConflict, NewerSchema, TopicMismatch, UndecodableRecord
from events.topics import Topics
from processors.beginnings import published_beginning
from processors.bulk import bulk
from processors.faults import Faults
from processors.fold import PartitionFold
from processors.snapshots import LogIdentity

_WATERMARK_SECONDS = 10.0
_READ_SECONDS = 1.0
_READ_BATCH = 2_000
_FLUSH_SECONDS = 3_600.0  # a fact may be late, never overtaken; the watchdog ends a process that waits too long


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A follow-up: goes to the partition of its key."""

    topic: str
    key: bytes | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """Facts to append to one partition, and the offset the first of them must get."""

    partition: int
    first_offset: int
    facts: Sequence[tuple[str, bytes]]  #: task id, body


class Ledger:
    """Facts of the partitions this process owns. One instance per process, one caller at a time."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics, faults: Faults) -> None:
        self._connection = dict(connection)
        self._topics = topics
        self._faults = faults
        self._lock = threading.Lock()
        self._admin = AdminClient(dict(connection))
        self._consumer = Consumer(
            {
                **connection,
                "group.id": f"{topics.prefix}ledger-reading",  # never joined, never committed
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": False,
                "fetch.wait.max.ms": 50,
                "check.crcs": True,
            }
        )
        self._producer = Producer(
            {
                **connection,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.timeout.ms": 0,
                # Long enough to put a batch's facts into one request per partition; a flush does not wait for it.
                "linger.ms": 5,
                "queue.buffering.max.messages": 1_000_000,
            }
        )

    def require_broker_clock(self) -> None:
        """Make sure that commands are stamped by the broker: decisions take their time from it.

        Raises:
            BrokerUnreachable: Kafka does not answer.
            TopicMismatch: the topic takes the senders' clocks.
        """
        topic = self._topics.task_commands
        asked = ConfigResource(ResourceType.TOPIC, topic)
        try:
            found = self._admin.describe_configs([asked], request_timeout=_WATERMARK_SECONDS)
            stamped = found[asked].result(timeout=_WATERMARK_SECONDS)["message.timestamp.type"].value
        except KafkaException as error:
            raise BrokerUnreachable(f"{topic}: {error.args[0].str()}") from error
        if stamped != "LogAppendTime":
            raise TopicMismatch(
                f"{topic} has message.timestamp.type={stamped}: set it to LogAppendTime, as leases are measured by it"
            )

    def watermark(self, partition: int) -> int:
        """The offset the next fact of the partition will get; raises BrokerUnreachable."""
        return self._watermarks(self._topics.task_events, partition)[1]

    def commands_end(self, partition: int) -> int:
        """The offset the next command of the partition will get; raises BrokerUnreachable."""
        return self._watermarks(self._topics.task_commands, partition)[1]

    def identity(self) -> LogIdentity:
        """Which log this is; raises BrokerUnreachable."""
        topic = self._topics.task_events
        try:
            found = self._admin.describe_topics(TopicCollection([topic]), request_timeout=_WATERMARK_SECONDS)
            described = found[topic].result(timeout=_WATERMARK_SECONDS)
            cluster = self._admin.list_topics(topic, timeout=_WATERMARK_SECONDS).cluster_id
        except KafkaException as error:
            raise BrokerUnreachable(f"{topic}: {error.args[0].str()}") from error
        return LogIdentity(str(cluster), str(described.topic_id))

    def catch_up(self, fold: PartitionFold) -> int:
        """Read the partition from the fold's next offset to its end; returns how many facts were read.

        Raises:
            BrokerUnreachable: Kafka does not answer.
            LogConflict: the log ends before what was folded already, or begins behind it and nobody said what was there.
            NewerSchema: a newer version wrote here; this one must not decide.
        """
        low, high = self._watermarks(self._topics.task_events, fold.partition)
        if fold.next_offset > high:
            raise LogConflict(f"{self._topics.task_events}[{fold.partition}] ends at {high}, before {fold.next_offset}")
        if fold.next_offset < low:
            topic_id = self.identity().topic_id
            known = published_beginning(self._connection, self._topics, topic_id, partition=fold.partition, low=low)
            fold.begin_at(known.beginning, known.decided_to)
        if fold.next_offset >= high:
            return 0
        with self._lock:
            here = TopicPartition(self._topics.task_events, fold.partition, fold.next_offset)
            self._consumer.assign([here])
            try:
                with bulk():
                    return self._read_to(fold, high)
            finally:
                self._consumer.unassign()

    def append(self, runs: Sequence[Run]) -> None:
        """Append facts of several partitions at once and return when each lies at the offset it must have.

        Raises:
            LogConflict: one lies elsewhere, so somebody else wrote; the process must end.
        """
        placed: dict[int, list[int | None]] = {run.partition: [] for run in runs}
        failed: list[str] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failed.append(error.str())
            placed[int(message.partition() or 0)].append(message.offset())

        self._faults.strike("before_facts")
        for run in runs:
            for index, (task_id, body) in enumerate(run.facts):
                self._producer.produce(
                    self._topics.task_events, value=body, key=task_id, partition=run.partition, on_delivery=delivered
                )
                if index == len(run.facts) // 2:
                    self._faults.strike("between_facts")
        self._flush()
        for run in runs:
            expected = list(range(run.first_offset, run.first_offset + len(run.facts)))
            found = placed[run.partition]
            if failed or found != expected:
                raise LogConflict(
                    f"{self._topics.task_events}[{run.partition}]: facts lie at {found[:5]} instead of {expected[:5]}"
                    f" (of {len(run.facts)}; {failed[:1] or 'somebody else wrote'})"
                )

    def send(self, records: Sequence[Outgoing]) -> None:
        """Send follow-ups and return once the broker has them; raises BrokerUnreachable."""
        failed: list[str] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failed.append(f"{message.topic()}: {error.str()}")

        self._faults.strike("before_follow_ups")
        for record in records:
            self._producer.produce(record.topic, value=record.body, key=record.key, on_delivery=delivered)
        self._flush()
        self._faults.strike("after_follow_ups")
        if failed:
            raise BrokerUnreachable(f"follow-ups were not taken: {failed[0]}")

    def close(self) -> None:
        """Leave the broker."""
        self._producer.flush(_WATERMARK_SECONDS)
        self._consumer.close()

    def _flush(self) -> None:
        if self._producer.flush(_FLUSH_SECONDS) > 0:
            raise BrokerUnreachable("records are still under way after an hour")

    def _watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        try:
            found = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_WATERMARK_SECONDS)
        except KafkaException as error:
            raise BrokerUnreachable(f"{topic}[{partition}]: {error.args[0].str()}") from error
        if found is None:
            raise BrokerUnreachable(f"{topic}[{partition}]: no answer within {_WATERMARK_SECONDS:g} s")
        return found

    def _read_to(self, fold: PartitionFold, high: int) -> int:
        read = 0
        while fold.next_offset < high:
            for message in self._consumer.consume(min(_READ_BATCH, high - fold.next_offset), _READ_SECONDS):
                error = message.error()
                if error is not None:
                    raise BrokerUnreachable(f"{message.topic()}[{message.partition()}]: {error.str()}")
                read += 1
                fold_record(fold, int(message.offset() or 0), message.value())
        return read


def fold_record(fold: PartitionFold, offset: int, value: bytes | None) -> None:
    """Take one record of `tasks.events` into a fold; unreadable ones are counted. Raises NewerSchema."""
    if offset < fold.next_offset:
        return
    try:
        fold.apply(decode_fact(value), offset)
    except NewerSchema:
        raise
    except UndecodableRecord:
        fold.next_offset = offset + 1
        fold.unreadable += 1
