"""A runner without a browser that keeps every rule of the lease protocol: `python -m benchmarks.nemesis_runner`.

It acts on a journal instead of a site, and behaves badly on purpose where a real one might: it is slow, it falls silent
and reports late, it fails, gives tasks back, and is killed. It acts only under a confirmed lease that outlasts the act,
and writes an intent before its one irreversible effect.
"""

from __future__ import annotations

import heapq
import itertools
import os
import random
import signal
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from benchmarks.nemesis_journal import Journal
from events.codec import decode, decode_step, encode
from events.commands import CompleteTask, FailAttempt, ReleaseTask, RenewLease, StartTask, TaskCommand, YieldTask
from events.envelope import StepEnvelope
from events.errors import PublishFailed
from events.partitioner import partition_of
from events.steps import StepExecuted, StepIntended
from events.topics import Topics
from events.worker import (
    Assignment,
    InboxEnvelope,
    LeaseConfirmed,
    LeaseEnded,
    StartConfirmed,
    StopRequested,
    WorkerAlive,
)
from producers.commands import CommandSender, new_command_id
from producers.kafka import KafkaPublisher
from producers.publisher import Placement

_CAPACITY = 60
_ALIVE_SECONDS = 1.0
_IDLE_SECONDS = 0.05
_MARGIN_SECONDS = 0.25  # a lease must outlast an act by this much: one append to a file
_STEP_SECONDS = 0.05
_DELIVERY_SECONDS = 5.0
#: What becomes of an attempt, and how often.
_FATES = {"done": 83, "long": 4, "silent": 4, "failed": 4, "hopeless": 2, "released": 3}


@dataclass(slots=True)
class Held:
    """One task under one lease."""

    task_id: str
    epoch: int
    lease_seconds: float
    steps_offset: int | None
    fate: str
    steps: int
    step: int = 0
    good_until: float = 0.0  #: monotonic; the lease surely lasts until then
    started: bool = False
    unconfirmed: dict[str, float] = field(default_factory=dict)  #: command id -> monotonic time it was sent at


@dataclass(slots=True)
class ReadSteps:
    """What is known of one partition of the steps."""

    since: int
    position: int
    meant: set[str] = field(default_factory=set)  #: tasks with an intent


class NemesisRunner:
    """One thread: the inbox, and what is due."""

    def __init__(self, bootstrap: str, topics: Topics, journal: Journal) -> None:
        self.worker = f"nemesis-{uuid.uuid4().hex[:12]}"
        self.leaving = False
        connection = {"bootstrap.servers": bootstrap, "log_level": 2}
        reading = {
            **connection,
            "group.id": "nemesis",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
            "fetch.queue.backoff.ms": 20,
        }
        self._topics, self._journal = topics, journal
        self._publisher = KafkaPublisher(connection)
        self._sender = CommandSender(self._publisher, topics, f"runner:{self.worker}")
        self._inbox, self._steps = Consumer(reading), Consumer(reading)
        self._held: dict[str, Held] = {}
        self._read: dict[int, ReadSteps] = {}  #: by partition
        self._newest: dict[str, tuple[int, int]] = {}  #: task id -> epoch and version of the newest note taken
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._step_ends = {p: self._end_of(topics.step_events, p) for p in range(topics.partitions)}

    def run(self) -> None:
        """Work until asked to leave; then give back what is held."""
        home = TopicPartition(self._topics.inbox, partition_of(self.worker, self._topics.partitions))
        home.offset = self._end_of(home.topic, home.partition)
        self._inbox.assign([home])
        self._announce()
        while not self.leaving:
            for message in self._inbox.consume(200, 0.0 if self._is_due() else _IDLE_SECONDS):
                if message.error() is None and message.key() == self.worker.encode():
                    self._hear(decode(InboxEnvelope, message.value()))
            while self._is_due():
                heapq.heappop(self._due)[2]()
        for held in list(self._held.values()):
            self._report(held, ReleaseTask(worker=self.worker, lease_epoch=held.epoch, reason="shutdown"))
        self._publisher.close()

    def _is_due(self) -> bool:
        return bool(self._due) and self._due[0][0] <= time.monotonic()

    def _later(self, seconds: float, job: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._number), job))

    def _announce(self) -> None:
        alive = WorkerAlive(worker=self.worker, capacity=_CAPACITY, sent_at=datetime.now(UTC))
        self._publisher.send(self._topics.workers_alive, self.worker, encode(alive))
        self._later(_ALIVE_SECONDS, self._announce)

    def _hear(self, note: InboxEnvelope) -> None:
        if self._newest.get(note.task_id, (0, 0)) > (note.lease_epoch, note.version):
            return
        self._newest[note.task_id] = (note.lease_epoch, note.version)
        held = self._held.get(note.task_id)
        if isinstance(note.message, Assignment):
            if held is None or held.epoch < note.lease_epoch:
                self._accept(note, note.message)
            return
        if held is None or held.epoch != note.lease_epoch:
            return
        match note.message:
            case StartConfirmed() | LeaseConfirmed():
                self._confirmed(held, note)
            case StopRequested():
                self._end(held, YieldTask(worker=self.worker, lease_epoch=held.epoch))
            case LeaseEnded():
                del self._held[held.task_id]
            case _:
                return

    def _accept(self, note: InboxEnvelope, message: Assignment) -> None:
        fate = random.choices(list(_FATES), list(_FATES.values()))[0]
        lease = message.lease_ms / 1_000
        steps = int(1.5 * lease / _STEP_SECONDS) if fate == "long" else random.randint(1, 4)
        held = Held(note.task_id, note.lease_epoch, lease, message.steps_offset, fate, steps)
        self._held[held.task_id] = held
        # Whatever the task's first holder writes lies behind the ends as this process found them.
        offset = self._step_ends[partition_of(held.task_id, self._topics.partitions)]
        self._report(held, StartTask(worker=self.worker, lease_epoch=held.epoch, steps_offset=offset))

    def _confirmed(self, held: Held, note: InboxEnvelope) -> None:
        sent = held.unconfirmed.pop(note.command_id or "", None)
        if sent is not None:
            held.good_until = max(held.good_until, sent + held.lease_seconds)
        if isinstance(note.message, StartConfirmed) and not held.started:
            held.started = True
            if held.fate != "silent":
                self._later(held.lease_seconds / 4, lambda: self._renew(held))
            self._later(_STEP_SECONDS, lambda: self._take_step(held))

    def _renew(self, held: Held) -> None:
        if self._holds(held):
            self._report(held, RenewLease(worker=self.worker, lease_epoch=held.epoch, step_number=held.step))
            self._later(held.lease_seconds / 4, lambda: self._renew(held))

    def _take_step(self, held: Held) -> None:
        if not self._holds(held):
            return
        if held.step >= held.steps:
            self._finish(held)
            return
        if self._may_act(held):
            held.step += 1
            self._journal.act(held.task_id, held.epoch, self.worker, "step")
            self._log(held, StepExecuted(step_number=held.step, action="look", result="success"))
        self._later(_STEP_SECONDS, lambda: self._take_step(held))

    def _finish(self, held: Held) -> None:
        if not self._holds(held):
            return
        match held.fate:
            case "failed" | "hopeless":
                failure = FailAttempt(
                    worker=self.worker,
                    lease_epoch=held.epoch,
                    error_message="net::ERR_CONNECTION_RESET",
                    recovery_needed=held.fate == "failed",
                )
                self._end(held, failure)
            case "released":
                self._end(held, ReleaseTask(worker=self.worker, lease_epoch=held.epoch))
            case _ if not self._effect_is_there(held):
                self._later(_STEP_SECONDS, lambda: self._finish(held))
            case "silent":
                # As if the process had slept: no renewal, and a report that comes too late.
                self._later(held.lease_seconds * 1.5, lambda: self._complete(held))
            case _:
                self._complete(held)

    def _complete(self, held: Held) -> None:
        # Sent even if the inbox said that the lease is over: a sleeper would not have read it.
        self._report(held, CompleteTask(worker=self.worker, lease_epoch=held.epoch, total_steps=held.step))
        if self._holds(held):
            del self._held[held.task_id]

    def _effect_is_there(self, held: Held) -> bool:
        """Have the effect, once: see what predecessors did or meant to do, say what is meant, then act."""
        if self._was_meant(held) and self._journal.has_effect(held.task_id):
            return True
        if not self._may_act(held):
            return False
        step = held.step + 1
        try:
            self._log(held, StepIntended(step_number=step, action="register")).result(_DELIVERY_SECONDS)
        except (PublishFailed, TimeoutError):
            return False
        if not self._may_act(held):
            return False
        self._journal.act(held.task_id, held.epoch, self.worker, "effect")
        self._log(held, StepExecuted(step_number=step, action="register", result="success", irreversible=True))
        return True

    def _was_meant(self, held: Held) -> bool:
        """Whether the log holds an intent for this task, by anybody."""
        if held.steps_offset is None:
            return False
        home = partition_of(held.task_id, self._topics.partitions)
        read = self._read.get(home)
        if read is None or held.steps_offset < read.since:
            read = self._read[home] = ReadSteps(held.steps_offset, held.steps_offset)
        self._read_on(home, read)
        return held.task_id in read.meant

    def _read_on(self, home: int, read: ReadSteps) -> None:
        """Take what came since the last look: reading all of it each time would leave no time for leases."""
        end = self._end_of(self._topics.step_events, home)
        if read.position >= end:
            return
        self._steps.assign([TopicPartition(self._topics.step_events, home, read.position)])
        while read.position < end:
            # consume() waits for a full batch or the whole time, and the last batch is never full.
            first = self._steps.poll(0.2)
            for message in () if first is None else (first, *self._steps.consume(500, 0)):
                if message.error() is not None:
                    continue
                read.position = int(message.offset() or 0) + 1
                if isinstance(decode_step(message.value()).event, StepIntended):
                    read.meant.add((message.key() or b"").decode())
        self._steps.unassign()

    def _holds(self, held: Held) -> bool:
        return self._held.get(held.task_id) is held

    def _may_act(self, held: Held) -> bool:
        return held.started and time.monotonic() + _MARGIN_SECONDS < held.good_until

    def _report(self, held: Held, command: TaskCommand) -> None:
        command_id = new_command_id()
        held.unconfirmed[command_id] = time.monotonic()
        self._sender.send(held.task_id, command, command_id=command_id)

    def _end(self, held: Held, command: TaskCommand) -> None:
        self._report(held, command)
        del self._held[held.task_id]

    def _log(self, held: Held, event: StepExecuted | StepIntended) -> Future[Placement]:
        record = StepEnvelope(
            event_id=uuid.uuid4().hex,
            task_id=held.task_id,
            worker=self.worker,
            lease_epoch=held.epoch,
            recorded_at=datetime.now(UTC),
            event=event,
        )
        return self._publisher.send(self._topics.step_events, held.task_id, encode(record))

    def _end_of(self, topic: str, partition: int) -> int:
        found = self._steps.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        if found is None:
            raise SystemExit(f"{topic}[{partition}]: the broker does not answer")
        return found[1]


def main() -> None:
    """Run until SIGTERM."""
    topics = Topics(os.environ["GOALTRAIL_KAFKA__PREFIX"])
    journal = Journal(Path(os.environ["GOALTRAIL_HOME"]) / "journal.jsonl")
    runner = NemesisRunner(os.environ["KAFKA_BOOTSTRAP_SERVERS"], topics, journal)

    def leave(*_: object) -> None:
        runner.leaving = True

    signal.signal(signal.SIGTERM, leave)
    runner.run()


if __name__ == "__main__":
    main()
