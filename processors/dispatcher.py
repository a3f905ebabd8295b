"""The dispatcher's shell: a thread that reads the log, plans, and asks for claims while this process is in charge."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from events.codec import decode, decode_fact
from events.commands import ClaimTask
from events.errors import BrokerUnreachable, LogConflict, UndecodableRecord
from events.partitioner import partition_of
from events.topics import Topics
from events.worker import WorkerAlive
from processors.clock import BrokerClock
from processors.dispatch import Book, Grant
from processors.policy import Policy
from processors.post import CommandPost
from processors.reader import GroupProgress, Reader, Reading
from processors.snapshots import Snapshots

log = structlog.get_logger(__name__)

_IDLE_SECONDS = 0.25  # how long a quiet log is waited on before times and grants are looked at again
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


class _Term:
    """One term of office."""

    def __init__(self, parts: DispatchParts, book: Book | None) -> None:
        self.leaving = threading.Event()
        self.thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self.book = book
        self._parts = parts
        self._snapshots: Snapshots | None = None
        self._next_settle = 0.0
        self._next_save = time.monotonic() + _SAVE_SECONDS

    def _run(self) -> None:
        parts = self._parts
        reader, progress, post = parts.reader(), parts.progress(), parts.post()
        try:
            book = self._begin(reader, progress)
            while not self.leaving.is_set():
                self._turn(book, reader, progress, post)
        except Exception:
            # A process that looks healthy and grants nothing would be worse than one that starts again.
            log.exception("the dispatcher broke", action="dispatch.broken")
            os._exit(EXIT_BROKEN)
        finally:
            post.close()
            reader.close()
            progress.close()

    def _begin(self, reader: Reader, progress: GroupProgress) -> Book:
        """The book, caught up; waits as long as the broker does not answer."""
        while True:
            try:
                book = self.book or self._remembered()
                self._catch_up(book, reader, progress)
            except BrokerUnreachable as error:
                log.warning("dispatch cannot begin yet", action="dispatch.wait", error=str(error))
                self.leaving.wait(_RETRY_SECONDS)
                if not self.leaving.is_set():
                    continue
                book = self._empty()
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

    def _catch_up(self, book: Book, reader: Reader, progress: GroupProgress) -> None:
        """Wait until what the predecessor asked for is decided, then fold to the end of the facts."""
        partitions = range(self._parts.topics.partitions)
        goal = progress.ends(partitions)
        while not self.leaving.is_set():
            committed = progress.committed(partitions)
            if all(committed[p] >= goal[p] for p in partitions):
                break
            self.leaving.wait(0.1)
        ends = reader.begin(book.next_offsets)
        open_ends = {p: end for p, end in ends.items() if end > book.next_offsets.get(p, 0)}
        while open_ends and not self.leaving.is_set():
            for reading in reader.read(_IDLE_SECONDS):
                self._take(book, reading)
                if not reading.alive and reading.offset + 1 >= open_ends.get(reading.partition, 0):
                    open_ends.pop(reading.partition, None)
        book.void_grants()

    def _turn(self, book: Book, reader: Reader, progress: GroupProgress, post: CommandPost) -> None:
        for reading in reader.read(self._patience(book)):
            self._take(book, reading)

        def delivered(task_id: str, partition: int, offset: int | None) -> None:
            grant = book.grants.get(task_id)
            if grant is not None and offset is not None:
                book.grants[task_id] = Grant(grant.worker, partition, offset)

        for task_id, worker in book.plan(self._parts.clock.now()):
            home = partition_of(task_id, self._parts.topics.partitions)
            book.grant(task_id, Grant(worker, home, None))
            post.send(task_id, ClaimTask(worker=worker), delivered)
        post.poll()
        self._settle(book, progress)
        self._save(book)

    def _patience(self, book: Book) -> float:
        ripe = book.next_ripe()
        if ripe is None:
            return _IDLE_SECONDS
        return min(_IDLE_SECONDS, max(0.0, ripe.timestamp() - self._parts.clock.seconds()))

    def _take(self, book: Book, reading: Reading) -> None:
        try:
            if reading.alive:
                self._parts.clock.saw(reading.timestamp_ms)
                moment = datetime.fromtimestamp(reading.timestamp_ms / 1_000, UTC)
                book.hear(decode(WorkerAlive, reading.value), moment)
            else:
                book.next_offsets[reading.partition] = reading.offset + 1
                book.take(decode_fact(reading.value))
        except UndecodableRecord as error:
            # The projections count these; here they move nothing.
            log.warning("unreadable record", action="dispatch.skip", alive=reading.alive, error=str(error))

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
