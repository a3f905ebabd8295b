"""One contract for every publisher: run on the fake and, with a broker, on the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition

from events.errors import BodyTooLarge, PublishFailed
from events.partitioner import partition_of
from events.topics import MAX_BODY_BYTES, Topics
from producers.admin import ensure_topics
from producers.kafka import KafkaPublisher
from producers.memory import InMemoryPublisher
from producers.publisher import Placement, Publisher

Record = tuple[str, bytes]
ReadBack = Callable[[int], list[Record]]

_DELIVERY_SECONDS = 8.0


class Ground:
    """A publisher, its topics, and a way to read one partition of the commands back."""

    def __init__(self, publisher: Publisher, topics: Topics, read: ReadBack) -> None:
        self.publisher = publisher
        self.topics = topics
        self.read = read

    def send(self, key: str, body: bytes) -> Future[Placement]:
        return self.publisher.send(self.topics.task_commands, key, body)


def _memory() -> Ground:
    topics = Topics("memory.")
    publisher = InMemoryPublisher(topics)

    def read(partition: int) -> list[Record]:
        records = publisher.records(topics.task_commands)
        return [(r.key, r.body) for r in records if r.placement.partition == partition]

    return Ground(publisher, topics, read)


def _kafka(bootstrap: str) -> Ground:
    connection = {"bootstrap.servers": bootstrap}
    topics = Topics(f"contract-{uuid4().hex[:8]}.")
    ensure_topics(connection, topics)

    def read(partition: int) -> list[Record]:
        consumer = Consumer({**connection, "group.id": "contract", "enable.auto.commit": False})
        try:
            place = TopicPartition(topics.task_commands, partition)
            _, end = consumer.get_watermark_offsets(place, timeout=10)
            consumer.assign([TopicPartition(topics.task_commands, partition, 0)])
            found = consumer.consume(end, timeout=10) if end else []
            return [((message.key() or b"").decode(), message.value() or b"") for message in found]
        finally:
            consumer.close()

    return Ground(KafkaPublisher(connection, delivery_timeout_seconds=_DELIVERY_SECONDS), topics, read)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    made = _memory() if request.param == "memory" else _kafka(request.getfixturevalue("broker").bootstrap)
    yield made
    made.publisher.close()


def test_a_record_is_where_its_future_says(ground: Ground) -> None:
    placed = ground.send("a key", b"a body").result(_DELIVERY_SECONDS)

    assert placed.topic == ground.topics.task_commands
    assert placed.partition == partition_of("a key", ground.topics.partitions)
    assert ground.read(placed.partition)[placed.offset] == ("a key", b"a body")


def test_keys_lie_where_kafkas_own_partitioner_puts_them(ground: Ground) -> None:
    keys = [f"key-{number}" for number in range(100)]

    placed = [ground.send(key, b"x").result(_DELIVERY_SECONDS) for key in keys]

    assert [place.partition for place in placed] == [partition_of(key, ground.topics.partitions) for key in keys]


def test_records_of_one_key_keep_the_order_of_their_sending(ground: Ground) -> None:
    bodies = [f"{number}".encode() for number in range(1_000)]

    futures = [ground.send("one key", body) for body in bodies]

    offsets = [future.result(_DELIVERY_SECONDS).offset for future in futures]
    assert offsets == list(range(1_000))
    assert [body for _, body in ground.read(partition_of("one key", ground.topics.partitions))] == bodies


def test_a_key_is_never_empty(ground: Ground) -> None:
    with pytest.raises(ValueError, match="key"):
        ground.send("", b"x")


def test_the_largest_body_is_taken_and_one_byte_more_is_not(ground: Ground) -> None:
    placed = ground.send("k", b"x" * MAX_BODY_BYTES).result(_DELIVERY_SECONDS)

    with pytest.raises(BodyTooLarge):
        ground.send("k", b"x" * (MAX_BODY_BYTES + 1))
    assert len(ground.read(placed.partition)) == 1


def test_an_unknown_topic_fails_in_the_future_and_not_in_the_call(ground: Ground) -> None:
    future = ground.publisher.send("no.such.topic", "k", b"x")

    with pytest.raises(PublishFailed):
        future.result(_DELIVERY_SECONDS * 2)


def test_a_waiter_that_is_cancelled_harms_no_other(ground: Ground) -> None:
    async def wait_and_leave() -> None:
        for number in range(20):
            waiting = asyncio.ensure_future(asyncio.wrap_future(ground.send("k", f"{number}".encode())))
            await asyncio.sleep(0)
            waiting.cancel()

    asyncio.run(wait_and_leave())

    placed = ground.send("k", b"after").result(_DELIVERY_SECONDS)
    assert placed.offset == 20


def test_flush_leaves_nothing_under_way(ground: Ground) -> None:
    futures = [ground.send(f"k{number}", b"x") for number in range(100)]

    assert ground.publisher.flush(_DELIVERY_SECONDS) == 0
    assert all(future.result(1) for future in futures)


def test_what_was_sent_before_the_close_arrives(ground: Ground) -> None:
    future = ground.send("k", b"last")

    ground.publisher.close()

    placed = future.result(1)
    assert ground.read(placed.partition)[placed.offset] == ("k", b"last")


def test_a_closed_publisher_takes_nothing(ground: Ground) -> None:
    ground.publisher.close()

    with pytest.raises(PublishFailed):
        ground.send("k", b"x").result(1)


def test_a_placement_is_written_as_readers_ask_for_it() -> None:
    assert str(Placement("goaltrail.tasks.events", 3, 17)) == "goaltrail.tasks.events:3:17"
