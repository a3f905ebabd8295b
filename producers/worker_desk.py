"""What is behind a worker's client: its sessions, who holds which task, and reports on their way to the log."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from events.codec import encode
from events.commands import TaskCommand
from events.envelope import Envelope, StepEnvelope
from events.errors import BrokerUnreachable, CommandRejected, NotDecidedYet, PublishFailed
from events.outcome import Outcome
from events.steps import StepExecuted, StepIntended
from producers.held_task import HeldTask
from producers.link import LogLink
from producers.outcomes import decided
from producers.worker_session import WorkerSession


class WorkerDesk:
    """One session per worker id; safe to use from several threads."""

    def __init__(self, link: LogLink, queues: Sequence[str], answer_seconds: float) -> None:
        self._link, self._queues, self._answer_seconds = link, queues, answer_seconds
        self._sessions: dict[str, WorkerSession] = {}
        self._opening = threading.Lock()

    def claim(self, worker_id: str, most: int, wait_seconds: float) -> list[HeldTask]:
        """Tasks that are ours now, with what earlier attempts did counted in."""
        with self._opening:
            session = self._sessions.get(worker_id)
            if session is None:
                session = self._sessions[worker_id] = WorkerSession(self._link, worker_id, self._queues)
        return [held for held in session.claim(most, wait_seconds) if self._recalled(session, held)]

    def abandon_claim(self, worker_id: str) -> None:
        """See `WorkerSession.abandon_claim`."""
        session = self._sessions.get(worker_id)
        if session is not None:
            session.abandon_claim()

    def holder(self, task_id: str) -> tuple[WorkerSession, HeldTask]:
        """Who holds the task.

        Raises:
            CommandRejected: nobody here does, or no longer; the text says why.
        """
        sessions = list(self._sessions.values())
        for session in sessions:
            if session.holds(task_id):
                return session, session.task(task_id)
        for session in sessions:
            if session.held_once(task_id):
                return session, session.task(task_id)
        raise CommandRejected(f"task {task_id!r} is not held: this client never claimed it", code="stale_epoch")

    def append(self, session: WorkerSession, held: HeldTask, step: StepExecuted | StepIntended) -> None:
        """Record one step and count it; returns once the broker has it.

        Raises:
            PublishFailed: it did not take it, or not in time.
        """
        envelope = StepEnvelope(
            event_id=uuid.uuid4().hex,
            task_id=held.task_id,
            worker=session.worker,
            lease_epoch=held.lease.epoch,
            recorded_at=datetime.now(UTC),
            event=step,
        )
        placed = self._link.publisher.send(self._link.topics.step_events, held.task_id, encode(envelope))
        placed.add_done_callback(session.marks.delivered)
        try:
            placed.result(self._answer_seconds)
        except TimeoutError as error:
            raise PublishFailed(f"step {step.step_number} is not confirmed yet and may still arrive") from error
        held.totals.add(step, held.lease.epoch)

    def decided(self, session: WorkerSession, held: HeldTask, report: TaskCommand) -> Outcome:
        """Send a report and wait for what is decided; its lease is renewed meanwhile.

        Raises:
            CommandRejected: refused; when the lease is over, the task is let go.
            NotDecidedYet: no decision in time.
            PublishFailed: the broker did not take it.
        """
        try:
            outcome = decided(
                session.sender,
                self._link.outcomes,
                held.task_id,
                report,
                command_id=held.id_for(report),
                seconds=self._answer_seconds,
            )
        except CommandRejected as refusal:
            held.answered(report)
            if refusal.code == "stale_epoch":
                session.let_go(held, refusal.reason)
            raise
        if outcome is None:
            raise NotDecidedYet(f"no decision on {report.type!r} yet: report the same again, it counts once")
        held.answered(report)
        return outcome

    def fact_of(self, outcome: Outcome) -> Envelope | None:
        """The fact that an outcome names."""
        return None if outcome.fact is None else self._link.lookup.fact_at(outcome.fact)

    def close(self) -> None:
        """Give back what is held."""
        with self._opening:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _recalled(self, session: WorkerSession, held: HeldTask) -> bool:
        """Whether the totals of earlier attempts are known now; a task whose history cannot be read goes back."""
        since = held.assignment.steps_offset
        if since is None:
            return True
        try:
            held.recall(self._link.lookup.steps_of(held.task_id, since))
        except BrokerUnreachable as error:
            session.give_back(held, f"what was done before cannot be read: {error}")
            return False
        return True
