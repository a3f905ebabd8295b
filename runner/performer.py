"""The port of whatever performs a task: a browser here, something that acts at once in benchmarks and tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from events.failure import ErrorType, Strategy
from events.steps import Artifact, StepExecuted
from events.worker import Assignment
from runner.history import Earlier
from runner.secrets import SecretBox


@dataclass(frozen=True, slots=True)
class Job:
    """One task to perform under a confirmed lease."""

    task_id: str
    assignment: Assignment
    earlier: Earlier
    secrets: SecretBox


@dataclass(frozen=True, slots=True)
class Reached:
    """The goal was reached, on evidence."""

    final_result: str
    evidence: list[str]
    data: dict[str, Any] = field(default_factory=dict)
    verified: bool = True  #: whether the evidence says so, not only that nothing speaks against it
    path: str | None = None  #: the edition of the navigation path that was replayed
    seconds_saved: float = 0.0  #: against the run in which that path was learned


@dataclass(frozen=True, slots=True)
class Fell:
    """The attempt failed; the message is for people."""

    error_type: ErrorType
    message: str
    evidence: dict[str, Any] = field(default_factory=dict)
    recovery_needed: bool = True


@dataclass(frozen=True, slots=True)
class Yielded:
    """The performer stopped between two steps because that was asked for."""

    checkpoint: str | None = None


Verdict = Reached | Fell | Yielded


class StepReporter(Protocol):
    """What a performer says while it acts, and asks before it does."""

    @property
    def step_number(self) -> int:
        """Of the last step; it goes on across attempts."""
        ...

    @property
    def stop_asked(self) -> Literal["pause", "cancel"] | None:
        """Why to stop before the next step and return `Yielded`, if somebody asked."""
        ...

    async def may_act(self, seconds: float) -> float:
        """Wait until an act of up to `seconds` may begin; returns for how many seconds the task is surely held."""
        ...

    async def intend(self, action: str) -> None:
        """Record that an irreversible step is about to be taken; returns once that is on the log."""
        ...

    def executed(self, step: StepExecuted) -> None:
        """Record a step; `step_number` is set here."""
        ...

    def checkpoint(self, url: str, artifact: Artifact) -> None:
        """Record where another worker can go on; everything done so far lies before that place."""
        ...

    async def recourse(self, fell: Fell) -> Strategy | None:
        """Report a failure with the page kept open; returns what to do about it, once that may begin.

        None: nothing in this session. Cancelled when the task goes another way.
        """
        ...

    async def recovered(self) -> None:
        """Report that the strategy held."""
        ...


class Performer(Protocol):
    """Performs one task; several at once."""

    async def perform(self, job: Job, steps: StepReporter) -> Verdict:
        """Act until the goal is reached or cannot be.

        Cancelled when the lease is over or the time is up: it then stops at once and leaves nothing behind.
        """
        ...
