"""A dispatcher's book in a test's hands: facts happen, workers speak, claims are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events import facts as f
from events.chain import EMPTY, Stream, take
from events.envelope import Envelope, UnknownEnvelope
from events.facts import UnknownFact
from events.worker import WorkerAlive
from processors.dispatch import Book
from tests.given import NOW, SUBMITTED

MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    """A book, and the chain of each task it was told of."""

    book: Book = field(default_factory=lambda: Book(MINUTE))
    streams: dict[str, Stream] = field(default_factory=dict)

    def fact(self, task_id: str, event: f.TaskFact | UnknownFact, at: datetime = NOW) -> Envelope | UnknownEnvelope:
        stream = self.streams.get(task_id, EMPTY)
        common = {
            "event_id": f"{task_id}-{stream.version + 1}",
            "follows": stream.last_event,
            "task_id": task_id,
            "version": stream.version + 1,
            "command_offset": 0,
            "recorded_at": at,
            "causation_id": "command-1",
        }
        if isinstance(event, UnknownFact):
            return UnknownEnvelope.model_validate({**common, "event": event})
        return Envelope.model_validate({**common, "event": event})

    def happens(self, task_id: str, *events: f.TaskFact | UnknownFact, at: datetime = NOW) -> None:
        for event in events:
            fact = self.fact(task_id, event, at)
            self.streams[task_id] = take(self.streams.get(task_id, EMPTY), fact)
            assert self.book.take(fact)

    def submitted(self, task_id: str, at: datetime = NOW, **changes: object) -> None:
        self.happens(task_id, SUBMITTED.model_copy(update=changes), at=at)

    def worker(self, name: str = "w1", capacity: int = 1, *queues: str, at: datetime = NOW) -> None:
        alive = WorkerAlive(worker=name, capacity=capacity, queues=list(queues) or ["default"], sent_at=at)
        self.book.hear(alive, at)

    def granted(self, at: datetime = NOW, offset: int | None = 5) -> list[tuple[str, str]]:
        """Plan and record, as the dispatcher does."""
        pairs = self.book.plan(at)
        for task_id, _ in pairs:
            if offset is not None:
                self.book.sent(task_id, 0, offset)
        return pairs

    def order(self, at: datetime = NOW) -> list[str]:
        return [task_id for task_id, _ in self.book.plan(at)]
