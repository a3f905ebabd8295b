"""The peer of `benchmarks.lifecycle`: one confluent-kafka loop that calls the same `decide`, with nothing around it.

No Faust, no catching up, no offset check, no dead letters, no dispatcher: it claims each submitted task for the first
worker it hears of. What is left is the least that the same decisions can cost in Python on the same broker.
"""

from __future__ import annotations

import os
import signal
import uuid
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, Message, Producer

from events.chain import EMPTY, Stream, take
from events.codec import decode, decode_command, encode
from events.commands import ClaimTask, CommandEnvelope, SubmitTask, TaskCommand
from events.envelope import Envelope
from events.errors import CommandRejected
from events.task import Claimed, InProgress, lease_of
from events.topics import Topics
from events.worker import InboxEnvelope, InboxMessage, StartConfirmed, WorkerAlive
from processors.decider import decide
from processors.followups import assignment
from processors.policy import Policy

_BATCH = 500


class BareLoop:
    """Consumes commands, decides, produces facts and inbox messages, commits."""

    def __init__(self, bootstrap: str, topics: Topics) -> None:
        self._topics = topics
        self._policy = Policy()
        self._streams: dict[str, Stream] = {}
        self._worker: str | None = None
        connection: dict[str, Any] = {"bootstrap.servers": bootstrap}
        self._consumer = Consumer(
            {
                **connection,
                "group.id": f"{topics.prefix}bare",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
            }
        )
        self._producer = Producer(
            {**connection, "enable.idempotence": True, "partitioner": "murmur2_random", "linger.ms": 5}
        )

    def run(self) -> None:
        """Until SIGTERM."""
        self._consumer.subscribe([self._topics.task_commands, self._topics.workers_alive])
        running = True

        def stop(*_: object) -> None:
            nonlocal running
            running = False

        signal.signal(signal.SIGTERM, stop)
        while running:
            first = self._consumer.poll(0.1)
            if first is None:
                continue
            for message in [first, *self._consumer.consume(_BATCH, 0)]:
                if message.error() is None:
                    self._take(message)
            self._producer.flush()
            self._consumer.commit(asynchronous=True)

    def _take(self, message: Message) -> None:
        if message.topic() == self._topics.workers_alive:
            self._worker = decode(WorkerAlive, message.value()).worker
            return
        envelope = decode_command(message.value())
        now = datetime.fromtimestamp(message.timestamp()[1] / 1_000, UTC)
        self._decide(envelope, envelope.command, int(message.offset() or 0), now)
        if isinstance(envelope.command, SubmitTask) and self._worker is not None:
            self._decide(envelope, ClaimTask(worker=self._worker), int(message.offset() or 0), now)

    def _decide(self, envelope: CommandEnvelope, command: TaskCommand, offset: int, now: datetime) -> None:
        stream = self._streams.get(envelope.task_id, EMPTY)
        try:
            event = decide(stream.task, command, now, self._policy)
        except CommandRejected:
            return
        if event is None:
            return
        fact = Envelope.model_construct(
            event_id=uuid.uuid4().hex,
            follows=stream.last_event,
            task_id=envelope.task_id,
            version=stream.version + 1,
            command_offset=offset,
            recorded_at=now,
            causation_id=envelope.command_id,
            caused_by=envelope.issued_by,
            event=event,
        )
        stream = self._streams[envelope.task_id] = take(stream, fact)
        self._producer.produce(self._topics.task_events, value=encode(fact), key=envelope.task_id)
        self._tell(envelope, stream)

    def _tell(self, envelope: CommandEnvelope, stream: Stream) -> None:
        task, lease = stream.task, lease_of(stream.task)
        if lease is None:
            return
        note: InboxMessage
        if isinstance(task, Claimed):
            note = assignment(task, self._policy)
        elif isinstance(task, InProgress):
            note = StartConfirmed(deadline=task.deadline)
        else:
            return
        told = InboxEnvelope(
            worker=lease.worker,
            task_id=envelope.task_id,
            lease_epoch=lease.epoch,
            version=stream.version,
            command_id=envelope.command_id,
            message=note,
        )
        self._producer.produce(self._topics.inbox, value=encode(told), key=lease.worker)


if __name__ == "__main__":
    BareLoop(os.environ["KAFKA_BOOTSTRAP_SERVERS"], Topics(os.environ["GOALTRAIL_KAFKA__PREFIX"])).run()
