"""All facts of `tasks.events` as the log is now, in the order of each partition. The one file here with librdkafka."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from events.errors import BrokerUnreachable
from events.topics import Topics

_log = structlog.get_logger(__name__)

_CALL_SECONDS = 10.0
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record and its place."""

    partition: int
    offset: int
    value: bytes | None


def recorded_facts(connection: Mapping[str, Any], topics: Topics) -> Iterator[Recorded]:
    """Every record up to the ends as found now.

    Raises:
        BrokerUnreachable: Kafka does not answer, or stops answering on the way.
    """
    consumer = Consumer(
        {
            **connection,
            "group.id": f"{topics.prefix}backtest",  # never joined, never committed
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
        }
    )
    try:
        ahead = _assign(consumer, topics)
        while ahead:
            # consume() waits for a full batch or the whole time, and the last batch is never full.
            first = consumer.poll(_CALL_SECONDS)
            if first is None:
                raise BrokerUnreachable(f"{topics.task_events} could not be read to its end")
            for message in (first, *consumer.consume(_BATCH, timeout=0)):
                partition, offset = int(message.partition() or 0), int(message.offset() or 0)
                if message.error() is not None or offset >= ahead.get(partition, 0):
                    continue
                yield Recorded(partition, offset, message.value())
                if offset + 1 == ahead[partition]:
                    del ahead[partition]
    except KafkaException as error:
        raise BrokerUnreachable(f"{topics.task_events}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _assign(consumer: Consumer, topics: Topics) -> dict[int, int]:
    """Take every partition from its beginning; returns, by partition, the end to reach where there is something."""
    ahead: dict[int, int] = {}
    places: list[TopicPartition] = []
    for partition in range(topics.partitions):
        found = consumer.get_watermark_offsets(
            TopicPartition(topics.task_events, partition), timeout=_CALL_SECONDS, cached=False
        )
        if found is None:
            raise BrokerUnreachable(f"{topics.task_events}[{partition}] has no known end")
        low, high = found
        if low > 0:
            _log.warning(
                "older facts are archived and are not replayed",
                action="backtest.begin",
                place=f"{topics.task_events}[{partition}]@{low}",
            )
        if high > low:
            ahead[partition] = high
            places.append(TopicPartition(topics.task_events, partition, low))
    consumer.assign(places)
    return ahead
