"""A log in memory with the real decider behind it, and no dispatcher: the test grants. Clients cannot tell the difference."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from events.codec import decode, decode_fact, decode_step, encode
from events.commands import ClaimTask, SubmitTask, TaskCommand
from events.envelope import Envelope, StepEnvelope
from events.outcome import Outcome
from events.topics import Topics
from events.worker import InboxEnvelope, InboxMessage, WorkerAlive
from processors.batch import Deciding, RawCommand
from processors.fold import PartitionFold
from processors.policy import Policy
from producers.commands import CommandSender
from producers.follower import Deliver
from producers.link import LogLink
from producers.memory import InMemoryPublisher
from producers.outcomes import OutcomeDesk
from producers.path_book import Shelf
from producers.publisher import Placement
from producers.task_ids import new_task_id
from tests.wait import until

TOPICS = Topics("t.", 1)
SITE = "https://swim.example"


class Hall:
    """Decides in a thread of its own, as a processor would; `mute` loses its answers."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.publisher = InMemoryPublisher(TOPICS)
        self.desk = OutcomeDesk()
        self.mute = False
        self.shelf = Shelf()
        self._deciding = Deciding(PartitionFold(0), policy or Policy(), TOPICS)
        self._inboxes: dict[str, Deliver] = {}
        self._commands: queue.Queue[RawCommand | None] = queue.Queue()
        self._thread = threading.Thread(target=self._decide, daemon=True)
        self._thread.start()
        self._sender = CommandSender(self, TOPICS, "test")

    # What a client sees.

    def connect(self, connection: Mapping[str, Any], topics: Topics, running: ExitStack, *, seconds: float) -> LogLink:
        """Stands in for `producers.link.connect`."""
        del connection, topics, running, seconds
        return LogLink(TOPICS, self, self.desk, self, self._open_inbox, lambda: self.shelf.find)

    def send(self, topic: str, key: str, body: bytes) -> Future[Placement]:
        placed = self.publisher.send(topic, key, body)
        if topic == TOPICS.task_commands:
            now = int(datetime.now(UTC).timestamp() * 1_000)
            self._commands.put(RawCommand(placed.result().offset, now, key.encode(), body))
        return placed

    def flush(self, timeout_seconds: float) -> int:
        return self.publisher.flush(timeout_seconds)

    def close(self) -> None:
        self._commands.put(None)
        self._thread.join()

    def step_ends(self) -> dict[int, int]:
        return {0: len(self.publisher.records(TOPICS.step_events))}

    def fact_ends(self) -> dict[int, int]:
        return {0: len(self.facts())}

    def steps_of(self, task_id: str, since: int) -> list[StepEnvelope]:
        records = self.publisher.records(TOPICS.step_events)[since:]
        steps = [decode_step(record.body) for record in records if record.key == task_id]
        return [step for step in steps if isinstance(step, StepEnvelope)]

    def fact_at(self, place: str) -> Envelope | None:
        return self.facts()[int(place.rsplit(":", 1)[1])]

    def facts_since(
        self, positions: Mapping[int, int], wanted: Callable[[str], bool]
    ) -> tuple[list[tuple[Envelope, Placement]], dict[int, int]]:
        there = self.facts()
        found = [
            (fact, Placement(TOPICS.task_events, 0, offset))
            for offset, fact in enumerate(there)
            if offset >= positions[0] and wanted(fact.task_id)
        ]
        return found, {0: len(there)}

    # What a test does and sees.

    def submit(self, **fields: Any) -> str:
        task_id = new_task_id()
        self.order(task_id, SubmitTask(**{"goal": "register", "site_url": SITE, **fields}))
        return task_id

    def order(self, task_id: str, command: TaskCommand) -> None:
        self._sender.send(task_id, command)

    def grant(self, task_id: str, worker: str = "") -> None:
        """Give the task to a worker, the one that claims unless another is named."""
        self.order(task_id, ClaimTask(worker=worker or self.claiming().worker))

    def claiming(self) -> WorkerAlive:
        """The word of the worker that wants tasks now."""
        return until(lambda: [word for word in self.words()[-1:] if word.capacity], what="a worker that wants tasks")[0]

    def words(self) -> list[WorkerAlive]:
        return [decode(WorkerAlive, record.body) for record in self.publisher.records(TOPICS.workers_alive)]

    def facts(self) -> list[Envelope]:
        facts = [decode_fact(record.body) for record in self.publisher.records(TOPICS.task_events)]
        return [fact for fact in facts if isinstance(fact, Envelope)]

    def kinds(self, task_id: str) -> list[str]:
        return [fact.event.type for fact in self.facts() if fact.task_id == task_id]

    def tell(self, worker: str, task_id: str, message: InboxMessage, *, epoch: int = 1, version: int = 99) -> None:
        note = InboxEnvelope(worker=worker, task_id=task_id, lease_epoch=epoch, version=version, message=message)
        self._inboxes[worker](encode(note))

    def _open_inbox(self, worker: str, deliver: Deliver) -> _Closed:
        self._inboxes[worker] = deliver
        return _Closed()

    def _decide(self) -> None:
        while (command := self._commands.get()) is not None:
            batch = self._deciding.decide_all([command])
            for task_id, body in batch.facts:
                self.publisher.send(TOPICS.task_events, task_id, body)
            for note in batch.inbox:
                if note.worker in self._inboxes:
                    self._inboxes[note.worker](encode(note))
            for outcome in batch.outcomes:
                self._answer(outcome)

    def _answer(self, outcome: Outcome) -> None:
        if not self.mute:
            self.desk.answer(outcome)


class _Closed:
    def close(self) -> None:
        """Nothing runs behind it."""
