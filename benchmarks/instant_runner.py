"""A runner without a browser: takes assignments, logs a few steps, completes at once. For measuring the rest."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from events.codec import decode, encode
from events.commands import CompleteTask, StartTask
from events.envelope import StepEnvelope
from events.partitioner import partition_of
from events.steps import StepExecuted
from events.topics import Topics
from events.worker import Assignment, InboxEnvelope, StartConfirmed, WorkerAlive
from producers.commands import CommandSender
from producers.kafka import KafkaPublisher

_ALIVE_SECONDS = 5.0


class InstantRunner:
    """Holds up to `capacity` tasks; `on_assignment` hears the task id and the moment it arrived.

    With `keeps` it never starts what it is given, and `kept` is set with the first; a lease lasts longer than is measured.
    """

    def __init__(
        self,
        connection: Mapping[str, Any],
        topics: Topics,
        *,
        capacity: int,
        steps: int,
        on_assignment: Callable[[str, float], None] | None = None,
        keeps: bool = False,
    ) -> None:
        self.worker = f"instant-{uuid.uuid4().hex[:12]}"
        self._topics, self._capacity, self._steps, self._heard = topics, capacity, steps, on_assignment
        self.kept = threading.Event()
        self._keeps = keeps
        self._publisher = KafkaPublisher(connection)
        self._sender = CommandSender(self._publisher, topics, f"runner:{self.worker}")
        self._consumer = Consumer(
            {**connection, "group.id": "instant", "enable.auto.commit": False, "fetch.wait.max.ms": 500}
        )
        self._leaving = threading.Event()
        self._threads = [threading.Thread(target=job, daemon=True) for job in (self._receive, self._live)]

    def start(self) -> None:
        """Announce the runner and begin to take tasks."""
        home = TopicPartition(self._topics.inbox, partition_of(self.worker, self._topics.partitions))
        _, home.offset = self._consumer.get_watermark_offsets(home, timeout=10)
        self._consumer.assign([home])
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take nothing more, and say so: what is granted after this would wait for its lease to run out."""
        self._capacity = 0
        self._announce()
        self._leaving.set()
        for thread in self._threads:
            thread.join(timeout=10)
        self._publisher.close()
        self._consumer.close()

    def _live(self) -> None:
        self._announce()
        while not self._leaving.wait(_ALIVE_SECONDS):
            self._announce()

    def _announce(self) -> None:
        alive = WorkerAlive(worker=self.worker, capacity=self._capacity, sent_at=datetime.now(UTC))
        self._publisher.send(self._topics.workers_alive, self.worker, encode(alive))

    def _receive(self) -> None:
        while not self._leaving.is_set():
            first = self._consumer.poll(0.2)
            if first is None:
                continue
            for message in [first, *self._consumer.consume(1_000, 0)]:
                if message.error() is None and message.key() == self.worker.encode():
                    self._take(decode(InboxEnvelope, message.value()), time.monotonic())

    def _take(self, note: InboxEnvelope, at: float) -> None:
        match note.message:
            case Assignment() if self._keeps:
                self.kept.set()
            case Assignment():
                if self._heard is not None:
                    self._heard(note.task_id, at)
                start = StartTask(worker=self.worker, lease_epoch=note.lease_epoch)
                self._sender.send(note.task_id, start)
            case StartConfirmed():
                for number in range(1, self._steps + 1):
                    self._publisher.send(self._topics.step_events, note.task_id, self._step(note, number))
                done = CompleteTask(worker=self.worker, lease_epoch=note.lease_epoch, total_steps=self._steps)
                self._sender.send(note.task_id, done)
            case _:
                return

    def _step(self, note: InboxEnvelope, number: int) -> bytes:
        return encode(
            StepEnvelope.model_construct(
                event_id=uuid.uuid4().hex,
                task_id=note.task_id,
                worker=self.worker,
                lease_epoch=note.lease_epoch,
                recorded_at=datetime.now(UTC),
                event=StepExecuted(
                    step_number=number,
                    action='click button "Next"',
                    ai_used="declared_plan",
                    duration_ms=12.5,
                    result="success",
                    url="http://127.0.0.1/",
                ),
            )
        )
