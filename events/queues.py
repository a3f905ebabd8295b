"""What operators ask of the dispatcher, and what it recorded: queues at rest, ceilings, workers that drain. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.commands import Command
from events.facts import Fact

_REASON = Annotated[str, Field(max_length=2_000)]
_MOST = Annotated[int, Field(ge=1, le=1_000_000)]


class Ceilings(BaseModel):
    """How many tasks may run at once; none is no limit of the queue's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    running: _MOST | None = None  #: tasks of this queue
    per_site: _MOST | None = None  #: tasks of any queue on one site, when the next one is taken from this queue
    per_account: _MOST | None = None  #: likewise with one account of a site


class PauseQueue(Command):
    """Give out nothing more of the queue; what runs goes on."""

    type: Literal["pause_queue"] = "pause_queue"
    reason: _REASON = ""


class ResumeQueue(Command):
    """Give out the queue's tasks again."""

    type: Literal["resume_queue"] = "resume_queue"


class SetCeilings(Command):
    """Replace the queue's ceilings."""

    type: Literal["set_ceilings"] = "set_ceilings"
    ceilings: Ceilings


class DrainWorker(Command):
    """Give the worker nothing more; it finishes what it holds."""

    type: Literal["drain_worker"] = "drain_worker"
    reason: _REASON = ""


class ResumeWorker(Command):
    """Give the worker tasks again."""

    type: Literal["resume_worker"] = "resume_worker"


QueueCommand = PauseQueue | ResumeQueue | SetCeilings
WorkerOrder = DrainWorker | ResumeWorker
DispatchCommand = QueueCommand | WorkerOrder
AnyDispatchCommand = Annotated[DispatchCommand, Field(discriminator="type")]


class DispatchCommandEnvelope(BaseModel):
    """One record of `queues.commands`; its key is the subject, its time the broker's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command_id: Annotated[str, Field(min_length=8, max_length=64)]  #: the same in every retry of one request
    subject: Annotated[str, Field(min_length=1, max_length=200)]  #: the queue, or the worker id
    issued_at: AwareDatetime
    issued_by: str = ""
    reply: bool = False  #: whether an outcome is wanted on `commands.outcomes`
    command: AnyDispatchCommand


class QueuePaused(Fact):
    """The queue rests."""

    type: Literal["queue.paused"] = "queue.paused"
    reason: str = ""


class QueueResumed(Fact):
    """The queue's tasks are given out again."""

    type: Literal["queue.resumed"] = "queue.resumed"


class CeilingsSet(Fact):
    """The queue's ceilings from now on."""

    type: Literal["queue.ceilings_set"] = "queue.ceilings_set"
    ceilings: Ceilings


class WorkerDrained(Fact):
    """The worker gets nothing more."""

    type: Literal["worker.drained"] = "worker.drained"
    reason: str = ""


class WorkerResumed(Fact):
    """The worker gets tasks again."""

    type: Literal["worker.resumed"] = "worker.resumed"


DispatchFact = QueuePaused | QueueResumed | CeilingsSet | WorkerDrained | WorkerResumed


class DispatchEnvelope(BaseModel):
    """One record of `queues.events`, keyed by its subject.

    Facts of a subject form a chain as those of a task do: a reader takes one only if it follows the one it took last,
    so what a replaced dispatcher wrote late falls off.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str  #: random per decision
    follows: str | None = None  #: `event_id` before it for its subject
    subject: str
    version: Annotated[int, Field(ge=1)]  #: 1-based, gap-free per subject
    command_offset: int  #: of the command it decides, in `queues.commands`
    recorded_at: AwareDatetime  #: the broker's time of the command
    causation_id: str  #: the command's id
    caused_by: str = ""
    event: Annotated[DispatchFact, Field(discriminator="type")]
