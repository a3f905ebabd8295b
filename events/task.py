"""A task's state as a closed union of statuses, each carrying just what that status needs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from events.facts import TaskSubmitted
from events.failure import ErrorType, Strategy


class Status(StrEnum):
    """The word a user sees for a state."""

    PENDING = "PENDING"  #: waits for a worker
    CLAIMED = "CLAIMED"  #: given to a worker that has not begun
    IN_PROGRESS = "IN_PROGRESS"
    RECOVERY = "RECOVERY"  #: an attempt failed, another one follows
    RECOVERED = "RECOVERED"  #: runs on after a recovery that held
    PAUSED = "PAUSED"
    ESCALATED = "ESCALATED"  #: a human is needed
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
RUNNING = frozenset({Status.CLAIMED, Status.IN_PROGRESS, Status.RECOVERED})


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act on a task, until a moment of the broker's clock, ended only by a fact."""

    worker: str
    epoch: int
    attempt: int  #: 1-based
    until: datetime


@dataclass(frozen=True, slots=True)
class History:
    """What earlier attempts left behind."""

    submitted_at: datetime
    epoch: int = 0  #: of the last lease; the next one is higher
    attempts: int = 0
    recoveries: int = 0  #: recoveries planned since submission or since a human said retry
    losses: int = 0  #: leases lost in a row
    started_at: datetime | None = None  #: of the first start
    steps_offset: int | None = None  #: of the first start
    checkpoint: str | None = None
    strategy: Strategy | None = None  #: to be carried out by the attempt that follows
    error_type: ErrorType | None = None  #: of the last failed attempt
    hints: str = ""  #: a human's, for the attempt that follows


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such task."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Waits for a worker."""

    goal: TaskSubmitted
    history: History


@dataclass(frozen=True, slots=True)
class Claimed:
    """Given to a worker that has not begun."""

    goal: TaskSubmitted
    history: History
    lease: Lease


@dataclass(frozen=True, slots=True)
class InProgress:
    """A worker acts on it."""

    goal: TaskSubmitted
    history: History
    lease: Lease
    deadline: datetime
    asked: Literal["pause", "cancel"] | None = None
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Recovery:
    """An attempt failed and another one follows; with a lease, its worker acts on the strategy in the open page."""

    goal: TaskSubmitted
    history: History
    retry_at: datetime
    lease: Lease | None = None
    deadline: datetime | None = None  #: with a lease


@dataclass(frozen=True, slots=True)
class Paused:
    """Rests until resumed; with `retry_at`, a recovery goes on then."""

    goal: TaskSubmitted
    history: History
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Escalated:
    """Waits for a human."""

    goal: TaskSubmitted
    history: History
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """Over; no fact changes it any more."""

    status: Literal[Status.COMPLETED, Status.FAILED, Status.CANCELLED]
    history: History
    ended_at: datetime


Task = Unknown | Pending | Claimed | InProgress | Recovery | Paused | Escalated | Finished
Live = Pending | Claimed | InProgress | Recovery | Paused | Escalated


def status_of(task: Task) -> Status | None:
    """The word a user sees; none for a task that does not exist."""
    match task:
        case Unknown():
            return None
        case Pending():
            return Status.PENDING
        case Claimed():
            return Status.CLAIMED
        case InProgress():
            return Status.RECOVERED if task.recovered else Status.IN_PROGRESS
        case Recovery():
            return Status.RECOVERY
        case Paused():
            return Status.PAUSED
        case Escalated():
            return Status.ESCALATED
        case Finished():
            return task.status


def is_terminal(task: Task) -> bool:
    """Whether the task's stream is over."""
    return isinstance(task, Finished)


def lease_of(task: Task) -> Lease | None:
    """The lease that is held on the task, if one is."""
    match task:
        case Claimed() | InProgress() | Recovery():
            return task.lease
        case _:
            return None
