"""A log of a test's own, seen from outside: commands go in, facts, notes, answers and dead letters are read."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from events.codec import decode, decode_fact, encode
from events.commands import CompleteTask, FailAttempt, ReleaseTask, RenewLease, StartTask, SubmitTask, TaskCommand
from events.dead_letter import DeadLetter
from events.envelope import Envelope
from events.outcome import Outcome
from events.topics import Topics
from events.worker import Assignment, InboxEnvelope, InboxMessage, StartConfirmed, WorkerAlive
from producers.admin import ensure_topics
from producers.commands import CommandSender, new_command_id
from producers.follower import TopicFollower
from producers.kafka import KafkaPublisher
from producers.task_ids import new_task_id
from tests.integration.processes import Process, settings_of
from tests.wait import until

PARTITIONS = 3
READY_S = 20.0


class Watched:
    """Everything one log holds, by task and by worker, as it is appended."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        connection = {"bootstrap.servers": bootstrap, "log_level": 2}
        self.connection, self.folder = connection, folder
        self.topics = Topics(f"t{uuid.uuid4().hex[:8]}.", PARTITIONS)
        ensure_topics(connection, self.topics)
        self.environment, _ = settings_of(bootstrap, self.topics.prefix, folder / "home")
        self.publisher = KafkaPublisher(connection)
        self.sender = CommandSender(self.publisher, self.topics, "test")
        self.facts: dict[str, list[Envelope]] = {}
        self.notes: list[InboxEnvelope] = []
        self.outcomes: dict[str, Outcome] = {}
        self.dead: list[DeadLetter] = []
        self._processes: list[Process] = []
        takers = {
            self.topics.task_events: self._fact,
            self.topics.inbox: lambda body: self.notes.append(decode(InboxEnvelope, body)),
            self.topics.outcomes: self._outcome,
            self.topics.dead_letters: lambda body: self.dead.append(decode(DeadLetter, body)),
        }
        self._followers = [
            TopicFollower(connection, topic, taker, since="beginning") for topic, taker in takers.items()
        ]
        for follower in self._followers:
            follower.start()

    def processor(self, name: str = "a", **settings: str) -> Process:
        """Start one more processor and wait until it is ready."""
        return self.launched(name, **settings).start()

    def launched(self, name: str, **settings: str) -> Process:
        """One more processor, not started yet."""
        process = Process("processors", self.folder / name, {**self.environment, **settings})
        self._processes.append(process)
        return process

    def submit(self, **fields: Any) -> str:
        """Submit one task and return once the broker has it."""
        task_id = new_task_id()
        self.send(task_id, SubmitTask(**{"goal": "register", "site_url": "http://127.0.0.1/", **fields}))
        return task_id

    def send(self, task_id: str, command: TaskCommand, *, reply: bool = False, command_id: str | None = None) -> str:
        """Append one command and return its id once the broker has it."""
        sent = command_id or new_command_id()
        self.sender.send(task_id, command, command_id=sent, reply=reply).result(10)
        return sent

    def ask(self, task_id: str, command: TaskCommand) -> Outcome:
        """Append one command and wait for its outcome."""
        asked = self.send(task_id, command, reply=True)
        until(lambda: asked in self.outcomes, READY_S, what=f"an answer to {command.type}")
        return self.outcomes[asked]

    def kinds(self, task_id: str) -> list[str]:
        """Types of the task's facts, in order."""
        return [fact.event.type for fact in list(self.facts.get(task_id, []))]

    def await_fact(self, task_id: str, kind: str, *, count: int = 1, timeout: float = READY_S) -> Envelope:
        """The `count`th fact of this type."""

        def found() -> list[Envelope]:
            there = [fact for fact in list(self.facts.get(task_id, [])) if fact.event.type == kind]
            return there[count - 1 : count]

        return until(found, timeout, what=f"{count} x {kind} of {task_id}, which has {self.kinds(task_id)}")[0]

    def close(self) -> None:
        """End all processes and stop reading."""
        for process in self._processes:
            process.stop()
        for follower in self._followers:
            follower.close()
        self.publisher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fact(self, body: bytes) -> None:
        fact = decode_fact(body)
        assert isinstance(fact, Envelope)
        self.facts.setdefault(fact.task_id, []).append(fact)

    def _outcome(self, body: bytes) -> None:
        outcome = decode(Outcome, body)
        self.outcomes[outcome.command_id] = outcome


class Worker:
    """A runner moved by hand; it tells that it is alive until it dies."""

    def __init__(self, log: Watched, *, capacity: int = 1) -> None:
        self.name = f"worker-{uuid.uuid4().hex[:8]}"
        self._log, self._capacity = log, capacity
        self._dead = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def assignment(self, task_id: str | None = None, *, after: int = 0) -> InboxEnvelope:
        """The next assignment, of this task if one is named, behind the first `after`."""
        return until(lambda: self._assignments(task_id)[after : after + 1], READY_S, what="an assignment")[0]

    def start(self, task_id: str, epoch: int) -> InboxEnvelope:
        """Start the task and wait for the confirmation."""
        self._log.send(task_id, StartTask(worker=self.name, lease_epoch=epoch))
        return until(lambda: self.told(task_id, StartConfirmed), READY_S, what="a confirmed start")[-1]

    def told(self, task_id: str, kind: type[InboxMessage]) -> list[InboxEnvelope]:
        """Notes of one type that this worker got about the task."""
        mine = [note for note in list(self._log.notes) if note.worker == self.name and note.task_id == task_id]
        return [note for note in mine if isinstance(note.message, kind)]

    def renewal(self, epoch: int) -> RenewLease:
        return RenewLease(worker=self.name, lease_epoch=epoch)

    def completion(self, epoch: int) -> CompleteTask:
        return CompleteTask(worker=self.name, lease_epoch=epoch, final_result="done")

    def release(self, epoch: int) -> ReleaseTask:
        return ReleaseTask(worker=self.name, lease_epoch=epoch)

    def failure(self, epoch: int, message: str, *, again: bool = True) -> FailAttempt:
        return FailAttempt(worker=self.name, lease_epoch=epoch, error_message=message, recovery_needed=again)

    def die(self) -> None:
        """Fall silent for ever, and let nothing more be given."""
        self._dead.set()
        self._thread.join()
        self._announce(0)

    def _assignments(self, task_id: str | None) -> list[InboxEnvelope]:
        mine = [note for note in list(self._log.notes) if note.worker == self.name]
        return [n for n in mine if isinstance(n.message, Assignment) and task_id in {None, n.task_id}]

    def _live(self) -> None:
        self._announce(self._capacity)
        while not self._dead.wait(1.0):
            self._announce(self._capacity)

    def _announce(self, capacity: int) -> None:
        alive = WorkerAlive(worker=self.name, capacity=capacity, sent_at=datetime.now(UTC))
        self._log.publisher.send(self._log.topics.workers_alive, self.name, encode(alive))
