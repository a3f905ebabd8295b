"""What workers say of themselves, and what they are told. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.facts import TaskSubmitted
from events.failure import ErrorType, Strategy


class WorkerMessage(BaseModel):
    """Base of both directions: frozen and tolerant."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class WorkerAlive(WorkerMessage):
    """One record of `workers.alive`, sent every five seconds; its key is the worker id."""

    type: Literal["worker.alive"] = "worker.alive"
    worker: str  #: new for every process start
    capacity: int  #: tasks it can hold at once; 0 while it drains
    queues: list[str] = Field(default_factory=lambda: ["default"])
    software: str = ""
    host: str = ""
    sent_at: AwareDatetime


class Assignment(WorkerMessage):
    """The task is yours under this lease; answer with StartTask before acting."""

    type: Literal["assignment"] = "assignment"
    goal: TaskSubmitted
    attempt: int
    lease_ms: int  #: a lease lasts this long from the broker's time of the newest confirmed report
    timeout_seconds: float
    steps_offset: int | None = None  #: earlier attempts' steps can be read from here
    checkpoint: str | None = None
    strategy: Strategy | None = None  #: to carry out first, as the last attempt failed
    error_type: ErrorType | None = None
    hints: str = ""


class StartConfirmed(WorkerMessage):
    """You may act."""

    type: Literal["start_confirmed"] = "start_confirmed"
    steps_offset: int = 0
    deadline: AwareDatetime


class LeaseConfirmed(WorkerMessage):
    """Your renewal was taken."""

    type: Literal["lease_confirmed"] = "lease_confirmed"


class StopRequested(WorkerMessage):
    """Stop after the current step and send YieldTask."""

    type: Literal["stop_requested"] = "stop_requested"
    why: Literal["pause", "cancel"]


class RecoveryDirected(WorkerMessage):
    """Act on the strategy in the open page, not before `delay_ms` have passed, then report."""

    type: Literal["recovery_directed"] = "recovery_directed"
    strategy: Strategy
    attempt_number: int
    delay_ms: int


class LeaseEnded(WorkerMessage):
    """The task is no longer yours: stop at once and report nothing more."""

    type: Literal["lease_ended"] = "lease_ended"
    reason: str


InboxMessage = Annotated[
    Assignment | StartConfirmed | LeaseConfirmed | StopRequested | RecoveryDirected | LeaseEnded,
    Field(discriminator="type"),
]


class InboxEnvelope(WorkerMessage):
    """One record of `workers.inbox`, keyed by worker id.

    A worker ignores what is not newer than the last `version` it took for that task; equal versions are re-sent ones.
    """

    worker: str
    task_id: str
    lease_epoch: int
    version: int  #: of the newest fact of the task as this was sent
    command_id: str | None = None  #: the worker's own command that this answers
    message: InboxMessage
