"""The dispatcher's shell: a thread that reads the log, plans, and asks for claims while this process is in charge.

It alone decides operators' orders (`processors.orders`), in the same thread, so that a plan never runs beside them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from events.codec import decode
from events.commands import ClaimTask
from events.errors import BrokerUnreachable, LogConflict, UndecodableRecord
from events.queues import Ceilings
from events.topics import Topics
from events.worker import WorkerAlive
from processors.bulk import bulk
from processors.clock import BrokerClock
from processors.dispatch import Book
from processors.glance import glance
from processors.orders import OrderDesk
from processors.policy import Policy
from processors.post import AwaitedPost, CommandPost
from processors.queues import Orders
from processors.reader import GroupProgress, Reader, Reading
from processors.snapshots import Snapshots

log = structlog.get_logger(__name__)

_IDLE_SECONDS = 0.25  # how long a quiet log is waited on before times and grants are looked at again
_DECIDED_SECONDS = 0.05  # how often a new term asks whether the last one's claims are decided
_SETTLE_SECONDS = 1.0  # how often committed offsets are asked for while grants are open
_RETRY_SECONDS = 1.0
_SAVE_SECONDS = 60.0  # how often the book is considered for a snapshot
_LEAVE_SECONDS = 10.0
_SNAPSHOT = "dispatch"
EXIT_BROKEN = 70


@dataclass(frozen=True, slots=True)
class DispatchParts:
    """What a dispatcher is made of; factories, since each term of office begins afresh."""

    reader: Callable[[], Reader]
    snapshots: Callable[[], Snapshots]
    progress: Callable[[], GroupProgress]
    post: Callable[[], CommandPost]
    awaited: Callable[[Callable[[], bool]], AwaitedPost]
    clock: BrokerClock
    topics: Topics
    policy: Policy


class Dispatcher:
    """Grants waiting tasks to workers from `start` to `stop`; both may be called again."""

    def __init__(self, parts: DispatchParts) -> None:
        self._parts = parts
        self._term: _Term | None = None
        self._book: Book | None = None

    def start(self) -> None:
        """Take office: read what came since the last term, or since the snapshot."""
        if self._term is None:
            self._term = _Term(self._parts, self._book)
            self._term.thread.start()

    def stop(self) -> None:
        """Leave office; returns once nothing more will be sent."""
        if self._term is not None:
            self._term.leaving.set()
            self._term.thread.join(timeout=_LEAVE_SECONDS)
            # A thread that has not left still owns its book; the next term then begins with the snapshot's.
            self._book = None if self._term.thread.is_alive() else self._term.book
            self._term = None


@dataclass(slots=True)
class _Desk:
    """What one term works with."""

    reader: Reader
    progress: GroupProgress
    post: CommandPost
    orders: OrderDesk
    unheard: list[Reading]  #: orders that came while the book was being caught up

    def close(self) -> None:
        for part in (self.post, self.orders.post, self.reader, self.progress):
            part.close()


class _Term:
    """One term of office."""

    def __init__(self, parts: DispatchParts, book: Book | None) -> None:
        self.leaving = threading.Event()
        self.thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self.book = book
        self._parts = parts
        self._snapshots: Snapshots | None = None
        self._nothing_at: float | None = None  #: monotonic time of the last look, if it found nothing to read
        self._next_settle = 0.0
        self._next_save = time.monotonic() + _SAVE_SECONDS

    def _run(self) -> None:
        try:
            while not self.leaving.is_set():
                self._stretch()
        except Exception:
            # A process that looks healthy and grants nothing would be worse than one that starts again.
            log.exception("the dispatcher broke", action="dispatch.broken")
            os._exit(EXIT_BROKEN)

    def _stretch(self) -> None:
        """Until relieved, or until another dispatcher is seen to have written."""
        parts = self._parts
        post = parts.awaited(self.leaving.is_set)
        desk = _Desk(parts.reader(), parts.progress(), parts.post(), OrderDesk(post, parts.topics), [])
        try:
            book = self._begin(desk)
            while not self.leaving.is_set():
                self._turn(book, desk)
        except LogConflict as conflict:
            log.warning("another dispatcher wrote; reading again", action="dispatch.again", why=str(conflict))
        except BrokerUnreachable:
            if not self.leaving.is_set():
                raise
        finally:
            desk.close()

    def _begin(self, desk: _Desk) -> Book:
        """The book, caught up; waits as long as the broker does not answer."""
        while True:
            try:
                book = self.book = self.book or self._remembered()  # what is read counts, however the catching up ends
                self._catch_up(book, desk)
            except BrokerUnreachable as error:
                log.warning("dispatch cannot begin yet", action="dispatch.wait", error=str(error))
                self.leaving.wait(_RETRY_SECONDS)
                if not self.leaving.is_set():
                    continue
                book = self.book or self._empty()
            except LogConflict as conflict:
                self.book = None
                if self._snapshots is not None:
                    self._snapshots.discard(_SNAPSHOT, str(conflict))
                continue
            self.book = book
            log.info("dispatching", action="dispatch.begin", waiting=book.waiting_count())
            return book

    def _empty(self) -> Book:
        return Book(self._parts.policy.ageing, remember=self._parts.policy.remember)

    def _remembered(self) -> Book:
        self._snapshots = self._snapshots or self._parts.snapshots()
        book = self._snapshots.load(_SNAPSHOT, Book)
        fits = book is not None and book.ageing == self._parts.policy.ageing
        return book if book is not None and fits else self._empty()

    def _catch_up(self, book: Book, desk: _Desk) -> None:
        """Fold the facts while what the predecessor asked for is being decided, then to their end."""
        desk.orders.orders, desk.unheard = Orders(), []
        desk.orders.remember(desk.reader.decided_orders())
        desk.orders.buried_to = desk.reader.orders_noted()
        self._rule(book, desk)
        partitions = range(self._parts.topics.partitions)
        asked = desk.progress.ends(partitions)
        # A partition that begins where it ends gives nothing to read, and is read to its end all the same.
        book.next_offsets.update(desk.reader.begin(book.next_offsets, max(0, desk.orders.orders.decided_to)))
        self._fold_to(desk.reader.ends(), book, desk)
        while not self.leaving.is_set():
            committed = desk.progress.committed(partitions)
            if all(committed[p] >= asked[p] for p in partitions):
                break
            self._read(book, desk, _DECIDED_SECONDS)
        self._fold_to(desk.reader.ends(), book, desk)
        book.void_grants()

    def _fold_to(self, ends: Mapping[int, int], book: Book, desk: _Desk) -> None:
        with bulk():
            while not self.leaving.is_set() and any(book.next_offsets.get(p, 0) < end for p, end in ends.items()):
                self._read(book, desk, _IDLE_SECONDS)

    def _read(self, book: Book, desk: _Desk, wait_seconds: float) -> None:
        begun, nothing = time.monotonic(), True
        for reading in desk.reader.read(wait_seconds):
            if reading.source == "alive" and self._nothing_at is not None:
                # Appended since the last look found nothing, so it is as good as a record of our own.
                self._parts.clock.stamped(reading.timestamp_ms, self._nothing_at)
            nothing = False
            if reading.source == "orders":
                desk.unheard.append(reading)
            else:
                self._take(book, reading)
        self._nothing_at = begun if nothing else None

    def _turn(self, book: Book, desk: _Desk) -> None:
        self._read(book, desk, self._patience(book))
        while desk.unheard:
            if desk.orders.handle(desk.unheard[0], desk.reader):
                self._rule(book, desk)
            del desk.unheard[0]

        def delivered(task_id: str, partition: int, offset: int | None) -> None:
            if offset is None:
                raise BrokerUnreachable("a claim was not delivered")
            book.sent(task_id, partition, offset)

        for task_id, worker in book.plan(self._parts.clock.now()):
            desk.post.send(task_id, ClaimTask(worker=worker), delivered)
        desk.post.poll()
        self._settle(book, desk.progress)
        self._save(book)

    def _rule(self, book: Book, desk: _Desk) -> None:
        policy = self._parts.policy
        default = Ceilings(per_site=policy.site_ceiling, per_account=policy.account_ceiling)
        book.obey(desk.orders.orders.rules(), default)

    def _patience(self, book: Book) -> float:
        ripe = book.next_ripe()
        if ripe is None:
            return _IDLE_SECONDS
        return min(_IDLE_SECONDS, max(0.0, ripe.timestamp() - self._parts.clock.seconds()))

    def _take(self, book: Book, reading: Reading) -> None:
        try:
            if reading.source == "alive":
                self._parts.clock.saw(reading.timestamp_ms)
                moment = datetime.fromtimestamp(reading.timestamp_ms / 1_000, UTC)
                book.hear(decode(WorkerAlive, reading.value), moment)
            else:
                book.next_offsets[reading.partition] = reading.offset + 1
                book.take(glance(reading.value))
        except UndecodableRecord as error:
            # The projections count these; here they move nothing.
            log.warning("unreadable record", action="dispatch.skip", source=reading.source, error=str(error))

    def _settle(self, book: Book, progress: GroupProgress) -> None:
        if not book.grants or time.monotonic() < self._next_settle:
            return
        self._next_settle = time.monotonic() + _SETTLE_SECONDS
        try:
            committed = progress.committed(sorted({grant.partition for grant in book.grants.values()}))
        except BrokerUnreachable as error:
            log.warning("committed offsets unknown", action="dispatch.settle", error=str(error))
            return
        book.settle(lambda partition: committed.get(partition, 0))

    def _save(self, book: Book) -> None:
        if self._snapshots is None or time.monotonic() < self._next_save:
            return
        self._next_save = time.monotonic() + _SAVE_SECONDS
        facts = sum(book.next_offsets.values())
        if self._snapshots.wanted(_SNAPSHOT, facts):
            self._snapshots.save(_SNAPSHOT, book, facts)
