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
from events.errors import BrokerUnreachable, UndecodableRecord
from events.partitioner import partition_of
from events.topics import Topics
from events.worker import WorkerAlive
from processors.clock import BrokerClock
from processors.dispatch import Book, Grant
from processors.policy import Policy
from processors.post import CommandPost
from processors.reader import GroupProgress, Reader, Reading

log = structlog.get_logger(__name__)

_IDLE_SECONDS = 0.25  # how long a quiet log is waited on before times and grants are looked at again
_SETTLE_SECONDS = 1.0  # how often committed offsets are asked for while grants are open
_RETRY_SECONDS = 1.0
EXIT_BROKEN = 70


@dataclass(frozen=True, slots=True)
class DispatchParts:
    """What a dispatcher is made of; factories, since each term of office begins afresh."""

    reader: Callable[[], Reader]
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

    def start(self) -> None:
        """Take office: a new reading of the whole log."""
        if self._term is None:
            self._term = _Term(self._parts)
            self._term.thread.start()

    def stop(self) -> None:
        """Leave office; returns once nothing more will be sent."""
        if self._term is not None:
            self._term.leaving.set()
            self._term.thread.join(timeout=10)
            self._term = None


class _Term:
    """One term of office."""

    def __init__(self, parts: DispatchParts) -> None:
        self.leaving = threading.Event()
        self.thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._parts = parts
        self._book = Book(parts.policy.ageing, remember=parts.policy.remember)
        self._next_settle = 0.0

    def _run(self) -> None:
        parts = self._parts
        reader, progress, post = parts.reader(), parts.progress(), parts.post()
        try:
            while not self.leaving.is_set():
                try:
                    self._catch_up(reader, progress)
                    break
                except BrokerUnreachable as error:
                    log.warning("dispatch cannot begin yet", action="dispatch.wait", error=str(error))
                    self.leaving.wait(_RETRY_SECONDS)
            log.info("dispatching", action="dispatch.begin", waiting=self._book.waiting_count())
            while not self.leaving.is_set():
                self._turn(reader, progress, post)
        except Exception:
            # A process that looks healthy and grants nothing would be worse than one that starts again.
            log.exception("the dispatcher broke", action="dispatch.broken")
            os._exit(EXIT_BROKEN)
        finally:
            post.close()
            reader.close()
            progress.close()

    def _catch_up(self, reader: Reader, progress: GroupProgress) -> None:
        """Wait until what the predecessor asked for is decided, then fold to the end of the facts."""
        partitions = range(self._parts.topics.partitions)
        goal = progress.ends(partitions)
        while not self.leaving.is_set():
            committed = progress.committed(partitions)
            if all(committed[p] >= goal[p] for p in partitions):
                break
            self.leaving.wait(0.1)
        open_ends = {p: end for p, end in reader.begin().items() if end > 0}
        while open_ends and not self.leaving.is_set():
            for reading in reader.read(_IDLE_SECONDS):
                self._take(reading)
                if not reading.alive and reading.offset + 1 >= open_ends.get(reading.partition, 0):
                    open_ends.pop(reading.partition, None)

    def _turn(self, reader: Reader, progress: GroupProgress, post: CommandPost) -> None:
        for reading in reader.read(self._patience()):
            self._take(reading)
        for task_id, worker in self._book.plan(self._parts.clock.now()):
            home = partition_of(task_id, self._parts.topics.partitions)
            self._book.grant(task_id, Grant(worker, home, None))
            post.send(task_id, ClaimTask(worker=worker), self._delivered)
        post.poll()
        self._settle(progress)

    def _patience(self) -> float:
        ripe = self._book.next_ripe()
        if ripe is None:
            return _IDLE_SECONDS
        return min(_IDLE_SECONDS, max(0.0, ripe.timestamp() - self._parts.clock.seconds()))

    def _take(self, reading: Reading) -> None:
        try:
            if reading.alive:
                self._parts.clock.saw(reading.timestamp_ms)
                moment = datetime.fromtimestamp(reading.timestamp_ms / 1_000, UTC)
                self._book.hear(decode(WorkerAlive, reading.value), moment)
            else:
                self._book.take(decode_fact(reading.value))
        except UndecodableRecord as error:
            # The projections count these; here they move nothing.
            log.warning("unreadable record", action="dispatch.skip", alive=reading.alive, error=str(error))

    def _delivered(self, task_id: str, partition: int, offset: int | None) -> None:
        grant = self._book.grants.get(task_id)
        if grant is not None and offset is not None:
            self._book.grants[task_id] = Grant(grant.worker, partition, offset)

    def _settle(self, progress: GroupProgress) -> None:
        if not self._book.grants or time.monotonic() < self._next_settle:
            return
        self._next_settle = time.monotonic() + _SETTLE_SECONDS
        try:
            committed = progress.committed(sorted({grant.partition for grant in self._book.grants.values()}))
        except BrokerUnreachable as error:
            log.warning("committed offsets unknown", action="dispatch.settle", error=str(error))
            return
        self._book.settle(lambda partition: committed.get(partition, 0))
