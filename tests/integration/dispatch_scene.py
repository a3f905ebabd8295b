"""What dispatch is asked and seen to do on a real log: orders and their facts, runners that do every task, a recount."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from events.codec import decode, encode
from events.commands import StartTask
from events.envelope import Envelope
from events.facts import TaskClaimed
from events.queues import DispatchCommand, DispatchCommandEnvelope, DispatchEnvelope
from producers.follower import TopicFollower
from tests.integration.processing import Watched, Worker
from tests.wait import until

_ENDED = {"task.completed", "task.failed", "task.cancelled", "task.released", "task.paused", "task.recovery_planned"}


class Orders:
    """Sends orders and reads what the dispatcher recorded."""

    def __init__(self, log: Watched) -> None:
        self._log = log
        self.facts: list[DispatchEnvelope] = []
        self._follower = TopicFollower(
            log.connection,
            log.topics.queue_events,
            lambda body: self.facts.append(decode(DispatchEnvelope, body)),
            since="beginning",
        )
        self._follower.start()

    def send(self, subject: str, command: DispatchCommand, *, command_id: str | None = None) -> str:
        """Append one order that wants an answer; its id."""
        sent = command_id or uuid.uuid4().hex
        envelope = DispatchCommandEnvelope(
            command_id=sent, subject=subject, issued_at=datetime.now(UTC), issued_by="test", reply=True, command=command
        )
        self._log.publisher.send(self._log.topics.queue_commands, subject, encode(envelope)).result(10)
        return sent

    def give(self, subject: str, command: DispatchCommand) -> str:
        """Send an order and wait for its answer; the result."""
        sent = self.send(subject, command)
        until(lambda: sent in self._log.outcomes, 30.0, what=f"an answer to {command.type}")
        return self._log.outcomes[sent].result

    def kinds(self, subject: str) -> list[str]:
        """Types of the subject's facts, in order."""
        return [fact.event.type for fact in list(self.facts) if fact.subject == subject]

    def close(self) -> None:
        """Stop reading."""
        self._follower.close()


class Crew:
    """Workers that start and complete whatever they are given, one thread for all."""

    def __init__(self, log: Watched, workers: Iterable[Worker]) -> None:
        self._log, self._workers = log, {worker.name: worker for worker in workers}
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def rest(self) -> None:
        """Do no more."""
        self._leaving.set()
        self._thread.join()

    def _work(self) -> None:
        done = 0
        while not self._leaving.is_set():
            notes = list(self._log.notes)
            for note in notes[done:]:
                worker = self._workers.get(note.worker)
                if worker is None:
                    continue
                if note.message.type == "assignment":
                    self._log.send(note.task_id, StartTask(worker=worker.name, lease_epoch=note.lease_epoch))
                elif note.message.type == "start_confirmed":
                    self._log.send(note.task_id, worker.completion(note.lease_epoch))
            done = len(notes)
            self._leaving.wait(0.01)


def epochs_overlap(facts: Iterable[Envelope]) -> bool:
    """Whether a task was claimed while an earlier claim of it still held."""
    held = False
    for fact in facts:
        if isinstance(fact.event, TaskClaimed):
            if held:
                return True
            held = True
        elif fact.event.type in _ENDED:
            held = False
    return False


def most_at_once(log: Watched, key: dict[str, str]) -> Counter[str]:
    """By key, the most tasks that ever held a worker at one moment of the broker's clock."""
    moves: list[tuple[datetime, int, str]] = []
    for task_id, facts in log.facts.items():
        for fact in facts:
            if isinstance(fact.event, TaskClaimed):
                moves.append((fact.recorded_at, 1, key[task_id]))
            elif fact.event.type in _ENDED and any(isinstance(f.event, TaskClaimed) for f in facts):
                moves.append((fact.recorded_at, -1, key[task_id]))
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for _, change, name in sorted(moves, key=lambda move: (move[0], move[1])):
        now[name] += change
        most[name] = max(most[name], now[name])
    return most
