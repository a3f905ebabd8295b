"""The path agent's side of the log: `paths.events` read on as it grows, `paths` read once, both appended to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from events.errors import BrokerUnreachable
from events.topics import Topics

_CALL_SECONDS = 10.0
_LOOK_SECONDS = 0.2
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it lies, its key and its body."""

    topic: str
    place: str
    key: str
    value: bytes | None


class PathLog:
    """Reading without a consumer group, appending with every delivery awaited. For one thread."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._topics = topics
        self._partitions = {spec.name: spec.partitions for spec in topics.specs()}
        self._consumer = Consumer(
            {
                **connection,
                "group.id": f"{topics.prefix}path-reading",  # never joined
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,  # compaction may take the records before an end
            }
        )
        # As every writer of keyed records: librdkafka's own default sends a key elsewhere than Java and aiokafka do.
        self._producer = Producer(
            {**connection, "enable.idempotence": True, "acks": "all", "partitioner": "murmur2_random", "linger.ms": 2}
        )

    def to_the_end(self, topic: str) -> Iterator[Record]:
        """All that a topic holds now; `read` goes on behind it.

        Raises:
            BrokerUnreachable: Kafka does not answer.
        """
        ahead = set(range(self._partitions[topic]))
        try:
            self._consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in ahead])
            while ahead:
                message = self._consumer.poll(_CALL_SECONDS)
                if message is None:
                    raise BrokerUnreachable(f"{topic}: silent before the ends of {sorted(ahead)}")
                error = message.error()
                if error is None:
                    yield _record(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name
                    ahead.discard(int(message.partition() or 0))
                elif not error.retriable():
                    raise BrokerUnreachable(f"{topic}: {error.str()}")
        except KafkaException as error:
            raise BrokerUnreachable(f"{topic}: {error.args[0].str()}") from error

    def read(self, wait_seconds: float) -> list[Record]:
        """What came since; waits up to `wait_seconds` for the first record."""
        first = self._consumer.poll(wait_seconds)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(_BATCH, 0)]
        return [_record(message) for message in messages if message.error() is None]

    def append(self, records: Sequence[tuple[str, str, bytes | None]], given_up: Callable[[], bool]) -> None:
        """Append topic, key and body each; returns once the broker has all of them.

        Raises:
            BrokerUnreachable: given up, or refused; what was appended may be on the log nevertheless.
        """
        failed: list[str] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error.str())

        for topic, key, body in records:
            self._producer.produce(topic, value=body, key=key, on_delivery=delivered)
        while self._producer.flush(_LOOK_SECONDS) > 0:
            if given_up():
                raise BrokerUnreachable("paths were not published before this process was relieved")
        if failed:
            raise BrokerUnreachable(f"paths were not published: {failed[0]}")

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()


def _record(message: Message) -> Record:
    topic = str(message.topic())
    place = f"{topic}:{message.partition()}:{message.offset()}"
    return Record(topic, place, (message.key() or b"").decode(errors="replace"), message.value())
