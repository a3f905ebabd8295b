"""A worker on a log in memory, whose performer plays a part and whose lifecycle agent is the test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self, TypeVar

from events.codec import decode_command, decode_step
from events.commands import (
    CommandEnvelope,
    StartTask,
    WorkerCommand,
)
from events.envelope import StepEnvelope
from events.errors import BrokerUnreachable
from events.facts import TaskSubmitted
from events.failure import ErrorType
from events.topics import Topics
from events.worker import (
    Assignment,
    InboxEnvelope,
    InboxMessage,
    StartConfirmed,
)
from producers.commands import CommandSender
from producers.memory import InMemoryPublisher
from producers.step_marks import StepMarks
from runner.attempt import Desk
from runner.performer import Job, StepReporter, Verdict
from runner.worker import Worker

TASK = "01890000-0000-7000-8000-000000000001"
C = TypeVar("C", bound=WorkerCommand)
Part = Callable[[Job, StepReporter], Awaitable[Verdict]]


async def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds, five seconds at most."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for is a list that grows, or a flag of the code under test
            await asyncio.sleep(0.005)


class Hall:
    """A worker whose performer plays `part`; the test plays the lifecycle agent."""

    def __init__(
        self, part: Part, *, earlier: list[StepEnvelope] | None = None, steps_offset: int | None = None
    ) -> None:
        self.topics = Topics(partitions=3)
        self.publisher = InMemoryPublisher(self.topics)
        self.part = part
        self.facts = earlier or []
        self.unreadable = False
        self.cancelled = False
        self.version = 2
        self.steps_offset = steps_offset
        sender = CommandSender(self.publisher, self.topics, "runner:w")
        marks = StepMarks(dict.fromkeys(range(3), 7), 3)
        self.worker = Worker(Desk("w", self.topics, self.publisher, sender, self, marks, self), capacity=2)
        self.ticking = asyncio.create_task(self.worker.run())

    # The two ports.
    async def perform(self, job: Job, steps: StepReporter) -> Verdict:
        try:
            return await self.part(job, steps)
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    def of_task(self, task_id: str, since: int) -> list[StepEnvelope]:
        if self.unreadable:
            raise BrokerUnreachable("no broker")
        assert (task_id, since) == (TASK, self.steps_offset)
        return self.facts

    # The lifecycle agent's part.
    def say(
        self, message: InboxMessage, *, epoch: int = 1, command_id: str | None = None, version: int | None = None
    ) -> None:
        self.version = version or self.version + 1
        note = InboxEnvelope(
            worker="w", task_id=TASK, lease_epoch=epoch, version=self.version, command_id=command_id, message=message
        )
        self.worker.take([note])

    def assign(
        self, *, lease_ms: int = 60_000, epoch: int = 1, seconds: float = 60, error: ErrorType | None = None
    ) -> None:
        goal = TaskSubmitted(goal="x", site_url="http://127.0.0.1/")
        self.say(
            Assignment(
                goal=goal,
                attempt=epoch,
                lease_ms=lease_ms,
                timeout_seconds=seconds,
                steps_offset=self.steps_offset,
                error_type=error,
            ),
            epoch=epoch,
        )

    async def begin(
        self, *, lease_ms: int = 60_000, epoch: int = 1, seconds: float = 60, error: ErrorType | None = None
    ) -> None:
        self.assign(lease_ms=lease_ms, epoch=epoch, seconds=seconds, error=error)
        await self.heard(StartTask)
        self.confirm_start(epoch=epoch)

    def confirm_start(self, *, epoch: int = 1) -> None:
        confirmed = StartConfirmed(deadline=datetime.now(UTC))
        self.say(confirmed, epoch=epoch, command_id=self.envelopes(StartTask)[-1].command_id)

    def envelopes(self, kind: type[C]) -> list[CommandEnvelope]:
        all_of_them = [decode_command(record.body) for record in self.publisher.records(self.topics.task_commands)]
        return [envelope for envelope in all_of_them if isinstance(envelope.command, kind)]

    async def heard(self, kind: type[C]) -> C:
        await eventually(lambda: self.envelopes(kind))
        command = self.envelopes(kind)[-1].command
        assert isinstance(command, kind)
        return command

    async def idle(self) -> None:
        await eventually(lambda: not self.worker.holds)

    @property
    def steps(self) -> list[StepEnvelope]:
        found = [decode_step(record.body) for record in self.publisher.records(self.topics.step_events)]
        return [step for step in found if isinstance(step, StepEnvelope)]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.ticking.cancel()
        with suppress(asyncio.CancelledError):
            await self.ticking
