"""One task under one lease: start, perform, report; cut short when the lease, the time or the runner ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic

import structlog

from events.commands import RenewLease, StartTask, TaskCommand
from events.errors import BodyTooLarge, BrokerUnreachable, PublishFailed, UndecodableRecord
from events.failure import ErrorType, Strategy
from events.topics import Topics
from events.worker import (
    Assignment,
    InboxEnvelope,
    LeaseConfirmed,
    LeaseEnded,
    RecoveryDirected,
    StartConfirmed,
    StopRequested,
)
from producers.commands import CommandSender, new_command_id
from producers.leases import Lease
from producers.publisher import Publisher
from producers.step_marks import StepMarks
from runner.closing import Closing, Cut
from runner.directions import Directions
from runner.history import Earlier, StepFacts, permitted_again, read_history
from runner.performer import Fell, Job, Performer, Verdict
from runner.reports import StepLog
from runner.secrets import SecretBox

_RETRY_SECONDS = 0.5  # before a report the broker did not take is sent again

log = structlog.get_logger("runner")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every attempt of one runner shares."""

    worker: str
    topics: Topics
    publisher: Publisher
    sender: CommandSender
    performer: Performer
    marks: StepMarks
    steps: StepFacts


class Attempt:
    """Takes inbox messages and ticks from the worker's loop; `run` ends when nothing is left to do or to report."""

    def __init__(self, desk: Desk, note: InboxEnvelope, assignment: Assignment) -> None:
        self._desk, self._assignment = desk, assignment
        self.task_id = note.task_id
        self.lease = Lease(note.lease_epoch, assignment.lease_ms / 1_000, note.version)
        self._secrets = SecretBox(assignment.goal.secrets)
        self._directions = Directions(self._deliver, self.lease)
        self._log = StepLog(
            desk.publisher,
            desk.topics,
            task_id=note.task_id,
            worker=desk.worker,
            lease=self.lease,
            secrets=self._secrets,
            marks=desk.marks,
            ask=self._ask,
            held=lambda: self._directions.held(desk.worker),
        )
        self._start_id = new_command_id()
        self._start = StartTask(
            worker=desk.worker, lease_epoch=note.lease_epoch, steps_offset=desk.marks.of_task(note.task_id)
        )
        self.lease.reported(self._start_id, monotonic())  # now, so that no tick sends it before `run` does
        self._go_on = asyncio.Event()  #: the start was confirmed, or there is no use in waiting for it
        self._started = False
        self._assured = False  #: whether the task was surely ours once, so that it can be lost
        self._over = asyncio.Event()  #: nothing may be done or reported any more
        self._acting: asyncio.Task[Verdict] | None = None
        self._cut: Cut | None = None
        self._deadline = float("inf")  #: monotonic

    @property
    def committed(self) -> bool:
        """Whether an irreversible step was begun that no checkpoint covers: finishing is better than giving back."""
        return self._log.irreversible

    def take(self, note: InboxEnvelope) -> None:
        """One inbox message about this task."""
        if not self.lease.takes(note.lease_epoch, note.version):
            return
        match note.message:
            case StartConfirmed():
                self.lease.confirmed(note.command_id)
                self._started = True
                self._go_on.set()
            case LeaseConfirmed():
                self.lease.confirmed(note.command_id)
            case RecoveryDirected():
                self.lease.confirmed(note.command_id)
                self._directions.take(note.command_id, note.message)
            case StopRequested():
                self._log.stop_asked = note.message.why
            case LeaseEnded():
                log.info("lease over", action="lease.ended", task_id=self.task_id, reason=note.message.reason)
                self.abandon()
            case _:
                return
        self._log.lengthened()

    def tick(self, now: float) -> None:
        """Renew what is due, and stop acting when the task is no longer surely ours."""
        if self._over.is_set():
            return
        if self.lease.renewal_due(now):
            self._renew(now)
        if now > self._deadline:
            self._stop(Cut.TIME_OUT)
        elif self._assured and self.lease.remaining(now) <= 0:
            self._stop(Cut.LAPSED)

    def abandon(self) -> None:
        """The task is no longer ours: stop at once, report nothing more."""
        self._over.set()
        self._stop(Cut.ENDED)

    def drain(self) -> None:
        """Give the task back."""
        self._stop(Cut.DRAINED)

    async def run(self) -> None:
        """Start, perform, report."""
        report = await self._attempted()
        if report is None:
            return
        try:
            await self._deliver_steps()
            await self._deliver(report, new_command_id())
        except BodyTooLarge as error:
            fell = Fell(ErrorType.UNKNOWN, f"The result cannot be recorded: {error}", recovery_needed=False)
            await self._deliver(self._closing().of_break(fell), new_command_id())

    async def _attempted(self) -> TaskCommand | None:
        """What there is to report in the end; nothing when the lease ended first."""
        await self._deliver(self._start, self._start_id)
        await self._go_on.wait()
        if self._cut is not None:
            return self._closing().of_cut(self._cut)
        self._deadline = monotonic() + self._assignment.timeout_seconds
        try:
            earlier = await self._earlier()
        except BrokerUnreachable as error:
            return self._closing().release(str(error))
        except UndecodableRecord as error:
            said = f"What earlier attempts did cannot be read, so nothing is done again: {error}"
            return self._closing().of_verdict(Fell(ErrorType.UNCONFIRMED, said))
        self._log.step_number, self._log.acts = earlier.last_step, earlier.acts
        return await self._performed(Job(self.task_id, self._assignment, earlier, self._secrets))

    async def _performed(self, job: Job) -> TaskCommand | None:
        if self._cut is not None:
            return self._closing().of_cut(self._cut)
        self._acting = asyncio.create_task(self._act(job), name=f"perform-{self.task_id}")
        await asyncio.wait({self._acting})
        acting, self._acting = self._acting, None
        if acting.cancelled():
            return self._closing().of_cut(self._why_cut())
        error = acting.exception()
        if error is None:
            return self._closing().of_verdict(acting.result())
        log.error("the performer broke", action="perform", task_id=self.task_id, exc_info=error)
        fell = Fell(ErrorType.UNKNOWN, f"The runner broke: {type(error).__name__}: {error}")
        return self._closing().of_break(fell)

    async def _act(self, job: Job) -> Verdict:
        # A start confirmed late may be close to its end: begin under a lease that has just been renewed.
        await self._log.may_act(self.lease.length)
        self._assured = True
        return await self._desk.performer.perform(job, self._log)

    async def _ask(self, fell: Fell) -> Strategy:
        return await self._directions.ask(self._closing().of_trouble(fell))

    async def _earlier(self) -> Earlier:
        since = self._assignment.steps_offset
        if since is None:
            return Earlier()
        facts = await asyncio.to_thread(self._desk.steps.of_task, self.task_id, since)
        return permitted_again(read_history(facts), self._assignment.error_type)

    def _stop(self, cut: Cut) -> None:
        if self._cut is not None:
            return
        self._cut = cut
        self._go_on.set()
        if self._acting is not None:
            self._acting.cancel()

    def _why_cut(self) -> Cut:
        return self._cut or Cut.ENDED

    def _closing(self) -> Closing:
        return Closing(
            self._desk.worker,
            self.lease.epoch,
            self._secrets,
            committed=self._log.irreversible,
            total_steps=self._log.step_number,
            total_cost=self._log.cost,
        )

    def _renew(self, now: float) -> None:
        if not self._started:
            # The same start again: should the first not have been decided, this one will.
            self.lease.reported(self._start_id, now)
            self._desk.sender.send(self.task_id, self._start, command_id=self._start_id)
            return
        command_id = new_command_id()
        self.lease.reported(command_id, now)
        renewal = RenewLease(
            worker=self._desk.worker,
            lease_epoch=self.lease.epoch,
            step_number=self._log.step_number,
            cost=self._log.cost,
        )
        self._desk.sender.send(self.task_id, renewal, command_id=command_id)

    async def _deliver_steps(self) -> None:
        try:
            await self._log.delivered()
        except PublishFailed as error:
            log.warning("a step did not reach the log", action="step.send", task_id=self.task_id, error=str(error))

    async def _deliver(self, command: TaskCommand, command_id: str) -> None:
        """Send until the broker has it; the same id each time, so that it counts once."""
        while not self._over.is_set():
            try:
                await asyncio.wrap_future(self._desk.sender.send(self.task_id, command, command_id=command_id))
            except PublishFailed as error:
                log.warning("report not taken", action="report", task_id=self.task_id, error=str(error))
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                log.info("reported", action="report", task_id=self.task_id, report=command.type)
                return
