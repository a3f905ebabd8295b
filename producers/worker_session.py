"""One worker on the log: says that it lives, takes what it asked for, gives back what came late, renews what it holds."""

from __future__ import annotations

import platform
import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic

import structlog

from events.codec import decode, encode
from events.commands import ReleaseTask, RenewLease, StartTask
from events.errors import CommandRejected
from events.worker import Assignment, InboxEnvelope, WorkerAlive
from producers.claiming import OpenClaim
from producers.commands import CommandSender, new_command_id
from producers.held_task import HeldTask
from producers.leases import Lease
from producers.link import LogLink
from producers.step_marks import StepMarks

_ALIVE_SECONDS = 5.0
_CLAIMING_SECONDS = 1.0  # while a claim is open: a dispatcher that took office just now knows of us soon
_CONFIRM_SECONDS = 10.0  # a start that is not confirmed by then is given back
_REMEMBERED = 10_000  # leases that ended here: why, and so that re-sent assignments are ignored

log = structlog.get_logger(__name__)


class WorkerSession:
    """Holds tasks under one worker id of the log, which is new for every session; safe to use from several threads.

    The log's worker id is the caller's with a random ending: nobody acts on a lease of a former life.
    """

    def __init__(self, link: LogLink, worker_id: str, queues: Sequence[str]) -> None:
        self.worker = f"{worker_id}-{uuid.uuid4().hex[:8]}"
        self.sender = CommandSender(link.publisher, link.topics, f"worker:{self.worker}")
        self._link, self._queues = link, list(queues)
        self._changed = threading.Condition()
        self._claiming = threading.Lock()
        self._claim: OpenClaim | None = None
        self._held: dict[str, HeldTask] = {}
        self._over: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._next_beat = float("inf")
        self._closed = False
        # Taken before any task begins, so that no step of theirs lies below.
        self.marks = StepMarks(link.lookup.step_ends(), link.topics.partitions)
        self._inbox = link.open_inbox(self.worker, self._take)
        self._thread = threading.Thread(target=self._keep, name=f"leases-{self.worker}", daemon=True)
        self._thread.start()

    def claim(self, most: int, wait_seconds: float) -> list[HeldTask]:
        """Up to `most` tasks whose start is confirmed; waits up to `wait_seconds` for the first one."""
        with self._claiming:
            claim = OpenClaim(most, monotonic() + wait_seconds)
            with self._changed:
                self._claim = claim
                self._beat()
                while (rest := claim.closes_at() - monotonic()) > 0 and not self._closed:
                    self._changed.wait(rest)
                self._claim = None
                self._beat()  # capacity 0: whatever is granted from now on goes back
                self._await_starts(claim)
                for held in claim.unconfirmed():
                    self._give_back(held, "the start was not confirmed in time")
                if claim.abandoned or self._closed:
                    for held in claim.confirmed():
                        self._give_back(held, "the claim was abandoned")
                    return []
                return claim.confirmed()

    def abandon_claim(self) -> None:
        """Whoever claims now wants nothing any more: what it got goes back."""
        with self._changed:
            if self._claim is not None:
                self._claim.abandoned = True
                self._changed.notify_all()

    def holds(self, task_id: str) -> bool:
        """Whether the task is held."""
        with self._changed:
            return task_id in self._held

    def held_once(self, task_id: str) -> bool:
        """Whether the task was held and is no longer."""
        with self._changed:
            return task_id in self._over

    def task(self, task_id: str) -> HeldTask:
        """The task, if it is held.

        Raises:
            CommandRejected: it is not, or no longer; the text says why.
        """
        with self._changed:
            held = self._held.get(task_id)
            if held is not None:
                return held
            _, why = self._over.get(task_id, (0, "this worker never claimed it"))
        raise CommandRejected(f"task {task_id!r} is not held: {why}", code="stale_epoch")

    def let_go(self, held: HeldTask, why: str) -> None:
        """The task is no longer held; nothing is said about it."""
        with self._changed:
            self._forget(held, why)

    def give_back(self, held: HeldTask, why: str) -> None:
        """Release the task at no cost of an attempt."""
        with self._changed:
            self._give_back(held, why)

    def close(self) -> None:
        """Give back all that is held, take nothing more."""
        with self._changed:
            self._closed = True
            for held in list(self._held.values()):
                self._give_back(held, "the worker shuts down")
            self._beat()
            self._changed.notify_all()
        self._inbox.close()
        self._thread.join()

    def _await_starts(self, claim: OpenClaim) -> None:
        ends = monotonic() + _CONFIRM_SECONDS
        while claim.unconfirmed() and (rest := ends - monotonic()) > 0 and not self._closed:
            self._changed.wait(rest)

    def _take(self, body: bytes) -> None:
        note = decode(InboxEnvelope, body)
        with self._changed:
            if isinstance(note.message, Assignment):
                self._assigned(note, note.message)
            elif (held := self._held.get(note.task_id)) is not None:
                held.take(note)
                if held.ended is not None:
                    self._forget(held, held.ended)
            self._changed.notify_all()

    def _assigned(self, note: InboxEnvelope, assignment: Assignment) -> None:
        before = self._held.get(note.task_id)
        known = before.lease.epoch if before is not None else self._over.get(note.task_id, (0, ""))[0]
        if note.lease_epoch <= known:
            return
        if before is not None:
            before.ended = "it was given out again"
            self._forget(before, before.ended)
        lease = Lease(note.lease_epoch, assignment.lease_ms / 1_000, note.version)
        start = StartTask(
            worker=self.worker, lease_epoch=note.lease_epoch, steps_offset=self.marks.of_task(note.task_id)
        )
        held = HeldTask(note.task_id, assignment, lease, start)
        if self._claim is None or not self._claim.room:
            self._give_back(held, "it came after the claim had returned")
            return
        self._held[note.task_id] = held
        self._claim.put(held, monotonic())
        self._lengthen(held, monotonic())

    def _give_back(self, held: HeldTask, why: str) -> None:
        release = ReleaseTask(worker=self.worker, lease_epoch=held.lease.epoch, reason=why)
        self.sender.send(held.task_id, release)
        log.info("given back", action="release", task_id=held.task_id, worker=self.worker, reason=why)
        held.ended = held.ended or why
        self._forget(held, why)

    def _forget(self, held: HeldTask, why: str) -> None:
        if self._held.get(held.task_id) is held:
            del self._held[held.task_id]
        epoch = max(held.lease.epoch, self._over.pop(held.task_id, (0, ""))[0])
        self._over[held.task_id] = (epoch, why)
        while len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)
        if self._claim is not None:
            self._claim.lose(held)
            self._beat()

    def _keep(self) -> None:
        """Renew leases and say that we live, each when it is due."""
        with self._changed:
            while not self._closed:
                now = monotonic()
                for held in list(self._held.values()):
                    if held.lease.renew_at <= now:
                        self._lengthen(held, now)
                if self._next_beat <= now:
                    self._beat()
                due = min([self._next_beat, *(held.lease.renew_at for held in self._held.values())])
                self._changed.wait(min(_ALIVE_SECONDS, max(0.0, due - monotonic())))

    def _lengthen(self, held: HeldTask, now: float) -> None:
        if not held.started:
            # The same start again: should the first not have been decided, this one will.
            held.lease.reported(held.start_id, now)
            self.sender.send(held.task_id, held.start, command_id=held.start_id)
            return
        command_id = new_command_id()
        held.lease.reported(command_id, now)
        renewal = RenewLease(
            worker=self.worker,
            lease_epoch=held.lease.epoch,
            step_number=held.totals.last_step,
            cost=held.totals.cost,
        )
        self.sender.send(held.task_id, renewal, command_id=command_id)

    def _beat(self) -> None:
        """Say that we live, and how much we want to hold: nothing more than we do, unless a claim is open."""
        capacity = 0 if self._claim is None else len(self._held) + self._claim.room
        alive = WorkerAlive(
            worker=self.worker,
            capacity=capacity,
            queues=self._queues,
            host=platform.node(),
            sent_at=datetime.now(UTC),
        )
        self._link.publisher.send(self._link.topics.workers_alive, self.worker, encode(alive))
        self._next_beat = monotonic() + (_ALIVE_SECONDS if self._claim is None else _CLAIMING_SECONDS)
