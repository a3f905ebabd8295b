"""The real publisher: an idempotent librdkafka producer, its errors translated here and nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from events.errors import BodyTooLarge, PublishFailed
from events.topics import MAX_BODY_BYTES
from producers.publisher import Placement

_POLL_SECONDS = 0.1  # how long the delivery thread rests in librdkafka when nothing is under way
_CLOSE_SECONDS = 10.0


def producer_config(connection: Mapping[str, Any], *, linger_ms: float = 0.5) -> dict[str, Any]:
    """Librdkafka settings every producer of ours has.

    `murmur2_random` is Kafka's own partitioner; librdkafka's default puts 92 % of keys elsewhere (design.md §3.7).
    """
    return {
        **connection,
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "linger.ms": linger_ms,
        "compression.type": "none",
        "queue.buffering.max.messages": 1_000_000,
    }


class KafkaPublisher:
    """Appends to Kafka; deliveries are reported by a thread of its own, so futures end without help."""

    def __init__(self, connection: Mapping[str, Any], *, delivery_timeout_seconds: float = 30.0) -> None:
        config = producer_config(connection)
        config["message.timeout.ms"] = int(delivery_timeout_seconds * 1_000)
        self._producer = Producer(config)
        self._open = True
        self._thread = threading.Thread(target=self._deliver, name="publisher-deliveries", daemon=True)
        self._thread.start()

    def send(self, topic: str, key: str, body: bytes) -> Future[Placement]:
        """Append one record; see `Publisher.send`."""
        if not key:
            raise ValueError(f"a record of {topic!r} needs a key")
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"a body for {topic!r} is {len(body)} bytes, at most {MAX_BODY_BYTES} are taken")
        future: Future[Placement] = Future()
        if not self._open:
            # Nobody would report the delivery any more.
            future.set_exception(PublishFailed(f"{topic!r} did not take a record: the publisher is closed"))
            return future

        # What is under way cannot be recalled: a waiter that is cancelled must not cancel it, or its report would find
        # no future to end, and an error in a report ends the thread that everybody waits for.
        future.set_running_or_notify_cancel()

        def delivered(error: KafkaError | None, message: Message) -> None:
            _settle(future, error, message)

        try:
            self._producer.produce(topic, value=body, key=key.encode(), on_delivery=delivered)
        except (BufferError, KafkaException) as error:
            future.set_exception(PublishFailed(f"{topic!r} did not take a record: {error}"))
        return future

    def flush(self, timeout_seconds: float) -> int:
        """Wait for what is under way; see `Publisher.flush`."""
        return int(self._producer.flush(timeout_seconds))

    def close(self) -> None:
        """Flush and stop."""
        self._producer.flush(_CLOSE_SECONDS)
        self._open = False
        self._thread.join(timeout=_CLOSE_SECONDS)

    def _deliver(self) -> None:
        while self._open:
            self._producer.poll(_POLL_SECONDS)


def _settle(future: Future[Placement], error: KafkaError | None, message: Message) -> None:
    if error is not None:
        future.set_exception(PublishFailed(f"{message.topic()!r} did not take a record: {error}"))
        return
    future.set_result(Placement(str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)))
