"""The envelope of a fact: identity, place in its task's chain, and provenance. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.facts import AnyTaskFact, UnknownFact
from events.steps import AnyStepFact

SCHEMA_VERSION = 1  #: raised with a step in events/upcast.py


class ChainLink(BaseModel):
    """What every record of `tasks.events` carries; its key is the task id.

    Facts of a task form a chain: a reader takes one only if `follows` names the event it took last (design.md §2.3).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str  #: random per decision, never derived
    follows: str | None = None  #: `event_id` before it in its task; none for the first
    task_id: str
    version: Annotated[int, Field(ge=1)]  #: 1-based, gap-free per task
    command_offset: int  #: offset of the command it decides, same partition of `tasks.commands`
    schema_version: int = SCHEMA_VERSION
    recorded_at: AwareDatetime  #: the broker's time of the command: one clock per partition
    causation_id: str  #: the command's id
    caused_by: str = ""  #: who issued the command


class Envelope(ChainLink):
    """A fact of a type this version knows."""

    event: AnyTaskFact


class UnknownEnvelope(ChainLink):
    """A fact of a type this version does not know; it moves the chain on and changes nothing."""

    event: UnknownFact


class StepRecord(BaseModel):
    """What every record of `steps.events` carries; its key is the task id.

    There is no chain: only the holder of the lease writes, and gives its epoch.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str
    task_id: str
    worker: str
    lease_epoch: int  #: 0 for cost reports that arrive without a lease
    schema_version: int = SCHEMA_VERSION
    recorded_at: AwareDatetime  #: the worker's clock


class StepEnvelope(StepRecord):
    """A step fact of a type this version knows."""

    event: AnyStepFact


class UnknownStepEnvelope(StepRecord):
    """A step fact of a type this version does not know."""

    event: UnknownFact
