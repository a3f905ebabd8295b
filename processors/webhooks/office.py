"""The webhook agent's shell: a thread that reads the log and calls receivers while this process is in charge.

Each try is a fact on the log before the next is planned, and the book learns of it there like of everybody else's: a
crash at any point forgets nothing, and at worst repeats a try under the same `webhook-id`.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

import structlog
from standardwebhooks.webhooks import Webhook

from events.codec import decode_fact, encode
from events.dead_letter import bury
from events.errors import BrokerUnreachable, LogConflict, UndecodableRecord, WebhookGivenUp
from events.topics import Topics
from events.webhooks import WebhookEnvelope, WebhookFact, WebhookRedriven
from processors.office import Office
from processors.snapshots import Snapshots
from processors.webhooks.book import READER, Book, Message
from processors.webhooks.log import Record, WebhookLog
from processors.webhooks.message import body_of, message_id
from processors.webhooks.rota import Rota
from processors.webhooks.sender import Sender
from processors.webhooks.signing import headers_of
from processors.webhooks.tries import Outcome, Refused, Unanswered, WebhookPolicy, after

log = structlog.get_logger(__name__)

_IDLE_SECONDS = 0.5
_BUSY_SECONDS = 0.02  # how long an answer is waited for while receivers are asked, before the log is looked at
_RETRY_SECONDS = 1.0
_BROKEN_SECONDS = 30.0
_SAVE_SECONDS = 60.0
_LAST_ANSWERS_SECONDS = 1.0  # what a term that ends gives tries under way; they would be repeated by the next
_LEAVE_SECONDS = 10.0
_SNAPSHOT = "webhooks"


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """What the agent is made of; factories, since each term of office begins afresh."""

    log: Callable[[], WebhookLog]
    snapshots: Callable[[], Snapshots]
    sender: Sender
    signers: tuple[Webhook, ...]
    topics: Topics
    policy: WebhookPolicy


class WebhookOffice(Office):
    """Calls receivers; tries under way when it leaves end by themselves, unrecorded unless they end at once."""

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts
        super().__init__("webhooks", self._run, leave_seconds=_LEAVE_SECONDS)

    def _run(self, leaving: threading.Event) -> None:
        while not leaving.is_set():
            try:
                _Term(self._parts, leaving).serve()
            except BrokerUnreachable as error:
                log.warning("webhooks wait for the broker", action="webhooks.wait", error=str(error))
                leaving.wait(_RETRY_SECONDS)
            except Exception:
                # Tasks go on without webhooks; messages wait on the log meanwhile.
                log.exception("webhooks broke; they begin anew", action="webhooks.broken")
                leaving.wait(_BROKEN_SECONDS)


class _Term:
    """One term of office: the book as far as it is read, and the tries under way."""

    def __init__(self, parts: WebhookParts, leaving: threading.Event) -> None:
        self._parts, self._leaving = parts, leaving
        self._topics, self._policy = parts.topics, parts.policy
        self._snapshots, self._log = parts.snapshots(), parts.log()
        self._book = self._snapshots.load(_SNAPSHOT, Book) or Book()
        self._rota = Rota(self._policy.at_once, self._policy.at_once_per_host)
        self._landed: SimpleQueue[tuple[str, Outcome]] = SimpleQueue()
        self._under_way = 0
        self._next_save = time.monotonic() + _SAVE_SECONDS

    def serve(self) -> None:
        """Until relieved; raises BrokerUnreachable."""
        try:
            self._catch_up()
            self._react(list(self._book.messages.values()))
            self._log.follow(self._book.next_offsets)
            while not self._leaving.is_set():
                self._turn()
            self._last_answers()
        except LogConflict as conflict:
            self._snapshots.discard(_SNAPSHOT, str(conflict))
            raise BrokerUnreachable(str(conflict)) from conflict
        finally:
            self._log.close()

    def _catch_up(self) -> None:
        # Tries before tasks, so that a message that was delivered long ago is known as such when it is met.
        for topic in (self._topics.webhook_events, self._topics.task_events, self._topics.dead_letters):
            for records in self._log.to_the_end(topic, self._book.next_offsets):
                for record in records:
                    self._take(record)
                if self._leaving.is_set():
                    raise BrokerUnreachable("relieved before the log was read")
        log.info("calling", action="webhooks.begin", tasks=len(self._book.lines), owed=len(self._book.messages))

    def _turn(self) -> None:
        # Whoever brings news is waited for: receivers that were asked, else the log.
        answers = self._answers(_BUSY_SECONDS)
        self._record(answers)
        taken = [self._take(record) for record in self._log.read(0.0 if self._under_way else self._patience())]
        self._react([message for message in taken if message is not None])
        now = datetime.now(UTC)
        for message in self._rota.take(self._book, now):
            self._try(message, now)
        self._save()

    def _patience(self) -> float:
        due = self._rota.next_due()
        return _IDLE_SECONDS if due is None else min(_IDLE_SECONDS, max(0.0, due - time.time()))

    def _take(self, record: Record) -> Message | None:
        """Fold one record; the message it changed, if that is owed still."""
        book, topics = self._book, self._topics
        book.next_offsets[record.topic, record.partition] = record.offset + 1
        try:
            if record.topic == topics.task_events:
                message = book.take_fact(record.partition, record.offset, record.key, record.value)
                if message is not None or book.opened_by(record.key, record.offset):
                    self._log.keep(record)
                return message
            if record.topic == topics.webhook_events:
                about, message = book.take_try(record.value)
                self._rota.land(about)
                return message
            return book.take_letter(record.place, record.value, topic=topics.task_events)
        except UndecodableRecord as error:
            log.warning("unreadable record", action="webhooks.skip", place=record.place, error=str(error))
            return None

    def _react(self, changed: list[Message]) -> None:
        """Plan what is to be tried; write what is to be told of what was given up or shall be tried anew."""
        now = datetime.now(UTC)
        records: list[tuple[str, str, bytes]] = []
        for message in changed:
            self._rota.enter(message)
            if message.wants_letter:
                records.append((self._topics.dead_letters, message.task_id, self._letter(message, now)))
            if message.wants_redrive:
                records.append(self._fact(message, WebhookRedriven(by=message.tried.by), now))
        self._append(records)

    def _answers(self, wait_seconds: float) -> list[tuple[str, Outcome]]:
        """What receivers said; waits for the first answer if any was asked."""
        answers: list[tuple[str, Outcome]] = []
        with suppress(Empty):
            while self._under_way:
                answers.append(self._landed.get(timeout=0 if answers else wait_seconds))
                self._under_way -= 1
        return answers

    def _record(self, answers: list[tuple[str, Outcome]]) -> None:
        now = datetime.now(UTC)
        records: list[tuple[str, str, bytes]] = []
        for about, outcome in answers:
            message = self._book.messages.get(about)
            if message is None or message.tried.abandoned:
                self._rota.land(about)  # another agent brought it to an end meanwhile
                continue
            roll = random.random()  # noqa: S311 - jitter, no secret
            attempt, tries = message.next_attempt, message.next_try
            fact = after(outcome, attempt, tries, policy=self._policy, now=now, roll=roll)
            records.append(self._fact(message, fact, now))
            log.info(
                "tried", action=fact.type, task_id=message.task_id, attempt=attempt, error=getattr(fact, "error", "")
            )
        self._append(records)

    def _append(self, records: list[tuple[str, str, bytes]]) -> None:
        if records:
            self._log.append(records, self._leaving.is_set)

    def _fact(self, message: Message, fact: WebhookFact, now: datetime) -> tuple[str, str, bytes]:
        envelope = WebhookEnvelope(
            event_id=uuid.uuid4().hex,
            task_id=message.task_id,
            message_id=message_id(message.about),
            about=message.about,
            url=message.url,
            recorded_at=now,
            event=fact,
        )
        return self._topics.webhook_events, message.task_id, encode(envelope)

    def _letter(self, message: Message, now: datetime) -> bytes:
        tried = message.tried
        error = WebhookGivenUp(f"{message.url}, tried {tried.attempt} times: {tried.error}")
        key, topic = message.task_id.encode(), self._topics.task_events
        body = self._body(message)
        letter = bury(topic, message.partition, message.ending, key, body, error=error, reader=READER, at=now)
        return encode(letter)

    def _body(self, message: Message) -> bytes | None:
        """What the receiver is told; none if the log does not tell any more. Raises BrokerUnreachable."""
        try:
            told = [decode_fact(self._log.fact(message.partition, at)) for at in (message.submission, message.ending)]
            return body_of(told[0], told[1], message.progress)
        except (LogConflict, UndecodableRecord) as error:
            log.warning("a message cannot be made", action="webhooks.skip", task_id=message.task_id, error=str(error))
            return None

    def _try(self, message: Message, now: datetime) -> None:
        self._under_way += 1
        body = self._body(message)
        if body is None:
            self._landed.put((message.about, Refused("the facts to tell of are not on the log any more")))
            return
        headers = headers_of(message_id(message.about), body, self._parts.signers, now)

        def post() -> None:
            try:
                outcome = self._parts.sender.post(message.url, headers, body)
            except Exception as error:
                log.exception("a try broke", action="webhooks.try", task_id=message.task_id)
                outcome = Unanswered(f"{type(error).__name__}: {error}"[:500])
            self._landed.put((message.about, outcome))

        # A thread per try, not a pool: a pool is joined when the process ends, however slow the receiver is.
        threading.Thread(target=post, name="webhook", daemon=True).start()

    def _last_answers(self) -> None:
        deadline = time.monotonic() + _LAST_ANSWERS_SECONDS
        while self._under_way and time.monotonic() < deadline:
            self._record(self._answers(_BUSY_SECONDS))

    def _save(self) -> None:
        if time.monotonic() < self._next_save:
            return
        self._next_save = time.monotonic() + _SAVE_SECONDS
        facts = sum(self._book.next_offsets.values())
        if self._snapshots.wanted(_SNAPSHOT, facts):
            self._snapshots.save(_SNAPSHOT, self._book, facts)
