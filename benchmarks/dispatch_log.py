"""Tasks written straight into a log as facts, and facts seen as they arrive: both ends of the dispatch benchmarks."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import uuid_utils
from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.machine import Machine
from events.codec import encode
from events.envelope import Envelope
from events.facts import TaskSubmitted
from events.partitioner import partition_of

_PATIENCE_SECONDS = 300.0


def write_submissions(
    machine: Machine,
    count: int,
    *,
    queues: list[str],
    site: str = "http://127.0.0.1/",
    expires_at: datetime | None = None,
) -> float:
    """Append that many submitted tasks, spread over the queues, before any processor starts; returns the seconds."""
    begun = time.monotonic()
    producer = Producer({**machine.connection, "linger.ms": 20, "queue.buffering.max.messages": 200_000})
    since = datetime.now(UTC) - timedelta(minutes=10)
    for number in range(count):
        task_id = str(uuid_utils.uuid7())
        fact = Envelope.model_construct(
            event_id=uuid.uuid4().hex,
            follows=None,
            task_id=task_id,
            version=1,
            command_offset=-1,  # of a log whose commands are long gone
            schema_version=1,
            recorded_at=since + timedelta(microseconds=number),
            causation_id=uuid.uuid4().hex,
            caused_by="benchmark",
            event=TaskSubmitted(
                goal="Register Eden for Tuesday",
                site_url=site,
                queue=queues[number % len(queues)],
                inputs={"n": number},
                expires_at=expires_at,
            ),
        )
        home = partition_of(task_id, machine.topics.partitions)
        while True:
            try:
                producer.produce(machine.topics.task_events, value=encode(fact), key=task_id, partition=home)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1_000 == 0:
            producer.poll(0)
    if producer.flush(_PATIENCE_SECONDS):
        raise SystemExit("the broker did not take all submissions")
    return time.monotonic() - begun


class FactWatch:
    """Hears every new fact of the log as raw bytes, with the moment it arrived; from its creation on."""

    def __init__(self, machine: Machine, heard: Callable[[bytes, float], None]) -> None:
        self._heard = heard
        self._consumer = Consumer(
            {**machine.connection, "group.id": "watch", "enable.auto.commit": False, "fetch.wait.max.ms": 500}
        )
        places = [TopicPartition(machine.topics.task_events, p) for p in range(machine.topics.partitions)]
        for place in places:
            _, place.offset = self._consumer.get_watermark_offsets(place, timeout=10)
        self._consumer.assign(places)
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._leaving.set()
        self._thread.join()
        self._consumer.close()

    def _watch(self) -> None:
        while not self._leaving.is_set():
            first = self._consumer.poll(0.2)
            if first is None:
                continue
            for message in [first, *self._consumer.consume(1_000, 0)]:
                if message.error() is None:
                    self._heard(message.value() or b"", time.monotonic())
