"""`given(*facts).when(command).then(...)`: decisions in words, without a log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from events.commands import TaskCommand
from events.errors import CommandRejected
from events.evolve import evolve
from events.facts import (
    RecoveryPlanned,
    TaskClaimed,
    TaskEscalated,
    TaskFact,
    TaskStarted,
    TaskSubmitted,
)
from events.failure import ErrorType, Strategy
from events.task import Task, Unknown
from processors.decider import decide
from processors.policy import Policy

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = Policy()
SECOND = timedelta(seconds=1)

SUBMITTED = TaskSubmitted(goal="Register Eden for Tuesday", site_url="https://pool.example.org", timeout_minutes=10)
CLAIMED = TaskClaimed(worker="w1", attempt=1, lease_epoch=1, lease_until=NOW + POLICY.lease)
STARTED = TaskStarted(
    lease_epoch=1, lease_until=NOW + POLICY.lease, deadline=NOW + timedelta(minutes=10), steps_offset=7
)
ESCALATED = TaskEscalated(lease_epoch=1, error_type=ErrorType.TIMEOUT, error_message="no answer")
PLANNED = RecoveryPlanned(
    lease_epoch=1,
    error_type=ErrorType.TIMEOUT,
    error_message="no answer",
    strategy=Strategy.WAIT_AND_RETRY,
    attempt_number=1,
    retry_at=NOW + 2 * SECOND,
)
DIRECTED = PLANNED.model_copy(update={"same_session": True, "lease_until": NOW + POLICY.lease})
WAITING = (SUBMITTED,)
HELD = (SUBMITTED, CLAIMED)
RUNNING = (SUBMITTED, CLAIMED, STARTED)


@dataclass(frozen=True, slots=True)
class Decided:
    """What one command led to."""

    before: Task
    fact: TaskFact | None
    refusal: CommandRejected | None
    at: datetime

    def then(self, expected: TaskFact | type[TaskFact]) -> TaskFact:
        """One fact: this one, or one of this type; given back for a closer look."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert self.fact is not None, "no fact"
        assert self.fact == expected or self.fact.__class__ is expected, self.fact
        return self.fact

    def then_rejected(self, code: str = "illegal_transition") -> CommandRejected:
        """Refused with this code."""
        assert self.refusal is not None, f"not refused: {self.fact}"
        assert self.refusal.code == code, f"{self.refusal.code}: {self.refusal}"
        return self.refusal

    def then_nothing(self) -> None:
        """Already true."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert self.fact is None, self.fact

    @property
    def task(self) -> Task:
        """The state after it."""
        return self.before if self.fact is None else evolve(self.before, self.fact, self.at)


@dataclass(frozen=True, slots=True)
class Given:
    """A task with a past."""

    task: Task

    def when(self, command: TaskCommand, at: datetime = NOW, *, policy: Policy = POLICY) -> Decided:
        """Decide one command."""
        try:
            return Decided(self.task, decide(self.task, command, at, policy), None, at)
        except CommandRejected as refusal:
            return Decided(self.task, None, refusal, at)


def given(*facts: TaskFact) -> Given:
    """A task to which this happened."""
    task: Task = Unknown()
    for fact in facts:
        task = evolve(task, fact, NOW)
    return Given(task)
