"""The three topics that webhooks are read from, in memory, and a webhook agent of one step at a time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events import facts as f
from events.chain import EMPTY, Stream, take
from events.codec import decode_dead_letter, encode
from events.dead_letter import DeadLetter, DeadLetterAct, DeadLetterDiscarded, DeadLetterRedriven, bury
from events.envelope import Envelope
from events.errors import WebhookGivenUp
from events.webhooks import WebhookEnvelope, WebhookFact, WebhookRedriven
from processors.webhooks.book import READER, Book, Message
from processors.webhooks.message import message_id
from processors.webhooks.rota import Rota
from processors.webhooks.tries import Outcome, WebhookPolicy, after
from tests.given import NOW, SUBMITTED

TASKS = "tasks.events"
URL = "https://hooks.example.org/goaltrail"
WANTED = SUBMITTED.model_copy(update={"callback_url": URL})
POLICY = WebhookPolicy(max_tries=3, at_once=4, at_once_per_host=2)


@dataclass
class Agent:
    """A log, and the agent that reads it; `crash` leaves the log and forgets the rest."""

    tasks: list[tuple[bytes, bytes]] = field(default_factory=list)
    tries: list[bytes] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    streams: dict[str, Stream] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    rota: Rota = field(default_factory=lambda: Rota(POLICY.at_once, POLICY.at_once_per_host))
    now: datetime = NOW

    def happens(self, task_id: str, *events: f.TaskFact) -> Message | None:
        """The task's next facts; the message the last one gave rise to."""
        message = None
        for event in events:
            fact = self.fact(task_id, event)
            self.streams[task_id] = take(self.streams.get(task_id, EMPTY), fact)
            message = self.append(fact)
        return message

    def fact(self, task_id: str, event: f.TaskFact) -> Envelope:
        stream = self.streams.get(task_id, EMPTY)
        return Envelope(
            event_id=f"{task_id}-{stream.version + 1}",
            follows=stream.last_event,
            task_id=task_id,
            version=stream.version + 1,
            command_offset=len(self.tasks),
            recorded_at=self.now,
            causation_id="command",
            event=event,
        )

    def append(self, fact: Envelope) -> Message | None:
        self.tasks.append((fact.task_id.encode(), encode(fact)))
        message = self.book.take_fact(0, len(self.tasks) - 1, *self.tasks[-1])
        self._react(message)
        return message

    def send(self) -> list[Message]:
        """What is tried now."""
        return self.rota.take(self.book, self.now)

    def lands(self, message: Message, outcome: Outcome) -> WebhookFact:
        """A try came to this."""
        attempt, tries = message.next_attempt, message.next_try
        fact = after(outcome, attempt, tries, policy=POLICY, now=self.now, roll=0.5)
        self.record(message, fact)
        return fact

    def record(self, message: Message, fact: WebhookFact) -> None:
        record = WebhookEnvelope(
            event_id=uuid.uuid4().hex,
            task_id=message.task_id,
            message_id=message_id(message.about),
            about=message.about,
            url=message.url,
            recorded_at=self.now,
            event=fact,
        )
        self.tries.append(encode(record))
        about, changed = self.book.take_try(self.tries[-1])
        self.rota.land(about)
        self._react(changed)

    def redrive(self, letter: int) -> None:
        self.act(DeadLetterRedriven(letter=_place(letter), by="eden", recorded_at=self.now))

    def discard(self, letter: int) -> None:
        self.act(DeadLetterDiscarded(letter=_place(letter), by="eden", recorded_at=self.now))

    def act(self, record: DeadLetter | DeadLetterAct) -> None:
        self.letters.append(encode(record))
        self._react(self.book.take_letter(_place(len(self.letters) - 1), self.letters[-1], topic=TASKS))

    def crash(self) -> None:
        """Begin anew from the log, as the office does without a snapshot."""
        self.book = replayed(self)
        self.rota = Rota(POLICY.at_once, POLICY.at_once_per_host)
        for message in list(self.book.messages.values()):
            self._react(message)

    def passes(self, time: timedelta) -> None:
        self.now += time

    def own_letters(self) -> list[DeadLetter]:
        found = [decode_dead_letter(value) for value in self.letters]
        return [letter for letter in found if isinstance(letter, DeadLetter) and letter.reader == READER]

    def _react(self, message: Message | None) -> None:
        if message is None:
            return
        self.rota.enter(message)
        if message.wants_letter:
            error = WebhookGivenUp(message.tried.error)
            key, at = message.task_id.encode(), self.now
            self.act(bury(TASKS, 0, message.ending, key, b"{}", error=error, reader=READER, at=at))
        if message.wants_redrive:
            self.record(message, WebhookRedriven(by=message.tried.by))


def replayed(log: Agent) -> Book:
    """The book of somebody who reads everything from the beginning, topic by topic."""
    book = Book()
    for value in log.tries:
        book.take_try(value)
    for offset, (key, value) in enumerate(log.tasks):
        book.take_fact(0, offset, key, value)
    for offset, value in enumerate(log.letters):
        book.take_letter(_place(offset), value, topic=TASKS)
    return book


def _place(offset: int) -> str:
    return f"dead-letters:0:{offset}"
