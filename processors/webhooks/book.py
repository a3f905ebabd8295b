"""Which messages are owed to whom, and how far each is: a reading of three topics, so that none can be forgotten. Pure.

It holds unfinished tasks that have a `callback_url`, and messages that are not delivered: places on the log instead of
bodies, so that a day's worth of messages for a receiver that is down fits into memory. Facts of a task and its messages
lie in partitions of the same number, but are read one topic after the other: what is known of a message before its task
is waits in `early`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from datetime import datetime

from events.chain import EMPTY
from events.codec import decode, decode_dead_letter, decode_fact
from events.dead_letter import DeadLetter, DeadLetterRedriven
from events.envelope import Envelope, UnknownEnvelope
from events.facts import TaskSubmitted
from events.webhooks import WebhookAbandoned, WebhookDelivered, WebhookEnvelope, WebhookFact, WebhookFailed
from processors.webhooks.message import Progress, status_told

READER = "webhooks"
_SUBMITTED = b'"type":"task.submitted"'
_HAS_CALLBACK = b'"callback_url":"'  # a null, or the name inside a caller's text (where quotes are escaped), is none
_OUR_LETTER = b'"reader":"webhooks"'
_ACT = b'"type":"dead_letter.'


@dataclass(slots=True)
class Line:
    """An unfinished task somebody wants to hear of."""

    task_id: str
    url: str
    partition: int
    submission: int  #: offset of its first fact
    last_event: str
    version: int
    progress: Progress = field(default_factory=Progress)


@dataclass(slots=True)
class Tried:
    """What was tried for one message; abandoned and redriven any number of times, in turns."""

    attempt: int = 0  #: tries over all
    floor: int = 0  #: tries before the last redrive
    retry_at: datetime | None = None
    error: str = ""  #: of the last try
    abandonments: int = 0
    redrives: int = 0
    delivered: bool = False
    letters: list[str] = field(default_factory=list)  #: places of its dead letters, one per abandonment
    acted: int = 0  #: the newest letter an operator asked to redrive, 1-based
    by: str = ""  #: that operator

    @property
    def abandoned(self) -> bool:
        """Whether nothing is tried until an operator says so."""
        return self.abandonments > self.redrives

    def take(self, fact: WebhookFact) -> None:
        """Take one fact; two agents at once repeat each other's, which changes nothing."""
        match fact:
            case WebhookDelivered():
                self.delivered = True
            case WebhookFailed():
                if fact.attempt > self.attempt:
                    self.attempt, self.retry_at, self.error = fact.attempt, fact.retry_at, fact.error
            case WebhookAbandoned():
                if not self.abandoned:
                    self.attempt, self.error = max(self.attempt, fact.attempt), fact.error
                    self.abandonments += 1
            case _:
                if self.abandoned:
                    self.redrives, self.floor, self.retry_at = self.abandonments, self.attempt, None


_DELIVERED = Tried(delivered=True)  # one for all: a start without a snapshot meets every delivery there ever was


@dataclass(slots=True)
class Message:
    """Something a receiver is owed: that of one fact."""

    about: str  #: the fact's `event_id`
    task_id: str
    url: str
    partition: int
    submission: int  #: offset of the task's first fact
    ending: int  #: offset of the fact it tells of
    progress: Progress
    tried: Tried

    @property
    def next_attempt(self) -> int:
        """The number of the next try, over all."""
        return self.tried.attempt + 1

    @property
    def next_try(self) -> int:
        """Its number since the submission or the last redrive."""
        return self.tried.attempt + 1 - self.tried.floor

    @property
    def wants_letter(self) -> bool:
        """Whether it was abandoned and no dead letter tells of that."""
        return self.tried.abandonments > len(self.tried.letters)

    @property
    def wants_redrive(self) -> bool:
        """Whether an operator asked for new tries, and they have not begun."""
        return self.tried.abandoned and self.tried.acted >= self.tried.abandonments


@dataclass(slots=True)
class Book:
    """Everything that is owed."""

    lines: dict[bytes, Line] = field(default_factory=dict)  #: by record key
    messages: dict[str, Message] = field(default_factory=dict)  #: by `about`
    early: dict[str, Tried] = field(default_factory=dict)  #: by `about`, for messages that are not known yet
    places: dict[tuple[int, int], str] = field(default_factory=dict)  #: partition and offset of what was abandoned
    letters: dict[str, str] = field(default_factory=dict)  #: place of a dead letter -> `about`
    highest: dict[int, int] = field(default_factory=dict)  #: by partition, the highest command offset taken
    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)  #: by topic and partition

    def take_fact(self, partition: int, offset: int, key: bytes | None, value: bytes | None) -> Message | None:
        """Take one record of `tasks.events`; the message it gives rise to, if any.

        Raises:
            UndecodableRecord: of a task that somebody wants to hear of.
        """
        if key is None or value is None:
            return None
        line = self.lines.get(key)
        if line is None:
            if _HAS_CALLBACK in value and _SUBMITTED in value:
                self._open(partition, offset, key, decode_fact(value))
            return None
        fact = decode_fact(value)
        if fact.follows != line.last_event or fact.version != line.version + 1:
            return None
        line.last_event, line.version = fact.event_id, fact.version
        self.highest[partition] = max(self.highest.get(partition, -1), fact.command_offset)
        return self._move(line, key, offset, fact) if isinstance(fact, Envelope) else None

    def opened_by(self, key: bytes | None, offset: int) -> bool:
        """Whether the record at `offset` began a task that is kept."""
        line = self.lines.get(key) if key is not None else None
        return line is not None and line.submission == offset

    def take_try(self, value: bytes | None) -> tuple[str, Message | None]:
        """Take one record of `webhooks.events`: which message it is of, and that message if it is still owed.

        Raises:
            UndecodableRecord: no such record.
        """
        record = decode(WebhookEnvelope, value)
        message = self.messages.get(record.about)
        if message is None:
            if isinstance(record.event, WebhookDelivered):
                self.early[record.about] = _DELIVERED
            else:
                self.early.setdefault(record.about, Tried()).take(record.event)
            return record.about, None
        message.tried.take(record.event)
        if message.tried.delivered:
            self._forget(message)
            return record.about, None
        self._place(message)
        return record.about, message

    def take_letter(self, place: str, value: bytes | None, *, topic: str) -> Message | None:
        """Take one record of `dead-letters`, where it is about webhooks; the message it changed.

        Args:
            place: `topic:partition:offset` of the record.
            value: its bytes.
            topic: the name of `tasks.events`.

        Raises:
            UndecodableRecord: one of ours that nobody can read.
        """
        if value is None or not (_OUR_LETTER in value or _ACT in value):
            return None
        record = decode_dead_letter(value)
        if isinstance(record, DeadLetter):
            return self._buried(place, record, topic)
        message = self.messages.get(self.letters.get(record.letter, ""))
        if message is None:
            return None
        if isinstance(record, DeadLetterRedriven):
            message.tried.acted = max(message.tried.acted, message.tried.letters.index(record.letter) + 1)
            message.tried.by = record.by
            return message
        if message.tried.abandoned:
            self._forget(message)
        return None

    def _open(self, partition: int, offset: int, key: bytes, fact: Envelope | UnknownEnvelope) -> None:
        if not isinstance(fact, Envelope) or not isinstance(fact.event, TaskSubmitted) or not fact.event.callback_url:
            return
        # A writer that was replaced may deliver late; commands are decided in order, so its facts show older ones.
        first = fact.version == EMPTY.version + 1 and fact.follows == EMPTY.last_event
        if not first or fact.command_offset < self.highest.get(partition, -1):
            return
        self.highest[partition] = fact.command_offset
        url = sys.intern(fact.event.callback_url)
        self.lines[key] = Line(fact.task_id, url, partition, offset, fact.event_id, fact.version)

    def _move(self, line: Line, key: bytes, offset: int, fact: Envelope) -> Message | None:
        line.progress.take(fact.event, fact.recorded_at)
        status = status_told(fact.event)
        if status is None:
            return None
        if status != "ESCALATED":
            del self.lines[key]
        tried = self.early.pop(fact.event_id, None) or Tried()
        if tried.delivered:
            return None
        told = replace(line.progress)
        message = Message(fact.event_id, line.task_id, line.url, line.partition, line.submission, offset, told, tried)
        self.messages[message.about] = message
        self._place(message)
        return message

    def _buried(self, place: str, letter: DeadLetter, topic: str) -> Message | None:
        if letter.reader != READER or letter.topic != topic:
            return None
        message = self.messages.get(self.places.get((letter.partition, letter.offset), ""))
        if message is not None:
            message.tried.letters.append(place)
            self.letters[place] = message.about
        return message

    def _place(self, message: Message) -> None:
        if message.tried.abandonments:
            self.places[message.partition, message.ending] = message.about

    def _forget(self, message: Message) -> None:
        del self.messages[message.about]
        self.places.pop((message.partition, message.ending), None)
        for place in message.tried.letters:
            self.letters.pop(place, None)
