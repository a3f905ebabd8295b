"""Reads the log from given offsets, in micro-batches; librdkafka and its errors stay in here."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from events.errors import BrokerUnreachable
from projections.records import Intake, LogShape, Place, Record

_log = structlog.get_logger(__name__)

_EARLIEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call] # ships no types
_LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call] # ships no types
_CALL_SECONDS = 10.0
_SETTLING_SECONDS = 0.1
_IDLE_SECONDS = 0.25  # how long a look at an empty log lasts; a record ends it at once
_CADENCE_SECONDS = 0.1  # a batch costs 20 ms whatever its size, so under load records gather for this long
_BATCH = 1_000
_BATCH_BEHIND = 4_000  # a fifth less work per record; more saves nothing and makes readers wait
_QUEUE_KIB = 65_536  # bounds what a batch can hold in memory


#: While a broker is away librdkafka prints twenty lines a second; `_outage` says it instead.
_PATIENCE = {"log_level": 2, "reconnect.backoff.max.ms": 1_000}


class LogReader:
    """Every partition of some topics, from the offsets it is told; it commits nothing to Kafka."""

    def __init__(self, connection: Mapping[str, Any], topics: Iterable[str]) -> None:
        self._topics = list(topics)
        client = {**connection, **_PATIENCE, "error_cb": _outage}
        self._admin = AdminClient(client)
        self._consumer = Consumer(
            {
                **client,
                "group.id": "goaltrail-projections",  # librdkafka wants one; nothing is committed under it
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",  # what is not there any more must show, not be skipped
                "queued.max.messages.kbytes": _QUEUE_KIB,
                "fetch.queue.backoff.ms": 20,
                "fetch.wait.max.ms": 250,
            }
        )
        self._batch = _BATCH
        self._last_batch = 0.0

    def shape(self) -> LogShape:
        """Which log this is, and where its partitions begin and end now; raises BrokerUnreachable."""
        until = monotonic() + _CALL_SECONDS
        while True:
            try:
                return self._shape()
            except (KafkaException, TimeoutError) as error:
                if monotonic() > until or not _settles(error):
                    raise _unreachable(error) from error
            self._consumer.poll(_SETTLING_SECONDS)  # nothing is assigned yet: it only waits

    def reaches(self, _place: Place, start: int) -> int:
        """Up to which offset what left the log is read from elsewhere: nowhere."""
        return start

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """The offset the next record of each partition gets; raises BrokerUnreachable."""
        try:
            return self._offsets(places, _LATEST)
        except (KafkaException, TimeoutError) as error:
            raise _unreachable(error) from error

    def start(self, offsets: Mapping[Place, int]) -> None:
        """Read these partitions from these offsets on."""
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in offsets.items()])

    def stop_partition(self, place: Place) -> None:
        """Read no more of one partition."""
        self._consumer.incremental_unassign([TopicPartition(*place)])

    def take(self, stopping: threading.Event) -> Intake:
        """What has come in: at once when the log was quiet, else all that gathers in a tenth of a second."""
        first = self._consumer.consume(1, timeout=_IDLE_SECONDS)
        if not first:
            self._batch = _BATCH
            return Intake()
        stopping.wait(self._last_batch + _CADENCE_SECONDS - monotonic())
        messages = first + self._consumer.consume(self._batch - 1, timeout=0)
        self._last_batch = monotonic()
        self._batch = _BATCH_BEHIND if len(messages) == self._batch else _BATCH
        return _intake(messages)

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _shape(self) -> LogShape:
        described = self._admin.describe_topics(TopicCollection(self._topics), request_timeout=_CALL_SECONDS)
        found = {name: future.result(_CALL_SECONDS) for name, future in described.items()}
        cluster = self._admin.describe_cluster(request_timeout=_CALL_SECONDS).result(_CALL_SECONDS)
        places = [Place(name, partition.id) for name, topic in found.items() for partition in topic.partitions]
        return LogShape(
            cluster_id=str(cluster.cluster_id),
            topic_ids={name: str(topic.topic_id) for name, topic in found.items()},
            beginnings=self._offsets(places, _EARLIEST),
            ends=self._offsets(places, _LATEST),
        )

    def _offsets(self, places: Iterable[Place], spec: OffsetSpec) -> dict[Place, int]:
        asked = self._admin.list_offsets(
            {TopicPartition(*place): spec for place in places}, request_timeout=_CALL_SECONDS
        )
        return {
            Place(partition.topic, partition.partition): int(future.result(_CALL_SECONDS).offset)
            for partition, future in asked.items()
        }


def _outage(error: KafkaError) -> None:
    """Called by librdkafka; it goes on trying by itself, and meanwhile the reading stands still."""
    if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - librdkafka's name
        _log.warning("kafka is away", action="wait", error=error.str())


def _unreachable(error: Exception) -> BrokerUnreachable:
    return BrokerUnreachable(f"Kafka does not answer: {error.args[0] if error.args else 'the time is up'}")


def _settles(error: Exception) -> bool:
    """Whether it is what a broker says of a topic that was made a moment ago."""
    return isinstance(error, KafkaException) and error.args[0].code() in {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }


def _intake(messages: Iterable[Message]) -> Intake:
    records: list[Record] = []
    truncated: list[Place] = []
    for message in messages:
        place = Place(str(message.topic()), int(message.partition() or 0))
        error = message.error()
        if error is None:
            records.append(Record(place, int(message.offset() or 0), message.value(), message.timestamp()[1]))
        elif error.code() in {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}:  # noqa: SLF001 - librdkafka's name
            truncated.append(place)
        else:
            # librdkafka tries again by itself; a broker that is gone for long shows as lag.
            _log.warning("kafka", action="read", place=f"{place.topic}[{place.partition}]", error=error.str())
    return Intake(records, tuple(truncated))
