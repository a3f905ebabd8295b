"""Makes partitions begin later: says so on the log, and has the broker delete what is older."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from events.beginning import LogBeginning
from events.codec import encode
from events.errors import BrokerUnreachable
from events.topics import Topics
from producers.kafka import KafkaPublisher

_CALL_SECONDS = 30.0


def publish_beginnings(connection: Mapping[str, Any], topics: Topics, beginnings: Sequence[LogBeginning]) -> None:
    """Tell readers without a snapshot what they need to begin there; returns once the broker has it.

    Raises:
        PublishFailed: the broker did not take it.
    """
    publisher = KafkaPublisher(connection)
    try:
        sent = [publisher.send(topics.beginnings, beginning.key, encode(beginning)) for beginning in beginnings]
        for placed in sent:
            placed.result(_CALL_SECONDS)
    finally:
        publisher.close()


def delete_before(connection: Mapping[str, Any], offsets: Mapping[tuple[str, int], int]) -> None:
    """Delete all records below the offset given for each topic and partition; they are gone for good.

    Raises:
        BrokerUnreachable: the broker did not do it, or not all of it; do it again.
    """
    asked = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
    client = AdminClient(dict(connection))  # a name of its own: one that is let go answers nothing any more
    try:
        for done in client.delete_records(asked, request_timeout=_CALL_SECONDS).values():
            done.result(_CALL_SECONDS)
    except (KafkaException, TimeoutError) as error:
        raise BrokerUnreachable(f"records were not deleted: {error}") from error
