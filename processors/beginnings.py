"""Looks up what is published of partitions whose older records went to the archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from events.beginning import LogBeginning
from events.codec import decode
from events.errors import BrokerUnreachable, LogConflict, UndecodableRecord
from events.topics import Topics

_CALL_SECONDS = 10.0
_BATCH = 1_000


def published_beginning(
    connection: Mapping[str, Any], topics: Topics, topic_id: str, *, partition: int, low: int
) -> LogBeginning:
    """What a fold of `tasks.events`, the topic with this id, starts with where a partition begins at `low`.

    Raises:
        BrokerUnreachable: Kafka does not answer.
        LogConflict: records are gone and nothing was published in their place.
    """
    found: LogBeginning | None = None
    try:
        for value in _values(connection, topics):
            beginning = _read(value)
            if beginning is not None and (beginning.topic_id, beginning.partition) == (topic_id, partition):
                found = beginning
    except KafkaException as error:
        raise BrokerUnreachable(f"{topics.beginnings}: {error.args[0].str()}") from error
    if found is None or found.beginning < low:
        raise LogConflict(
            f"{topics.task_events}[{partition}] begins at {low}, and {topics.beginnings} does not say what was before:"
            " records were deleted by something else than `goaltrail archive run`; see docs/archive.md"
        )
    return found


def _values(connection: Mapping[str, Any], topics: Topics) -> list[bytes | None]:
    """Everything the topic holds, oldest first; compaction leaves one record per partition or a few."""
    consumer = Consumer(
        {
            **connection,
            "group.id": f"{topics.prefix}beginnings-reading",  # never joined, never committed
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,  # compaction may take the record before the end
        }
    )
    values: list[bytes | None] = []
    try:
        consumer.assign([TopicPartition(topics.beginnings, 0, 0)])
        while True:
            message = consumer.poll(_CALL_SECONDS)
            if message is None:
                raise BrokerUnreachable(f"{topics.beginnings} could not be read to its end")
            error = message.error()
            if error is None:
                values.append(message.value())
            elif error.code() == error._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name
                return values
            else:
                raise BrokerUnreachable(f"{topics.beginnings}: {error.str()}")
    finally:
        consumer.close()


def _read(value: bytes | None) -> LogBeginning | None:
    try:
        return decode(LogBeginning, value)
    except UndecodableRecord:
        return None  # not ours; what is missing then shows
