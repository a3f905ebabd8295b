"""What operators ask of the dispatcher, decided: queues at rest, ceilings, workers that drain. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from events.queues import (
    Ceilings,
    CeilingsSet,
    DispatchCommand,
    DispatchCommandEnvelope,
    DispatchEnvelope,
    DispatchFact,
    DrainWorker,
    PauseQueue,
    QueuePaused,
    QueueResumed,
    ResumeQueue,
    ResumeWorker,
    SetCeilings,
    WorkerDrained,
    WorkerResumed,
)

_SEEN = 16  # command ids remembered per subject; a client's retry comes within a few commands


@dataclass(frozen=True, slots=True)
class Subject:
    """One queue or worker after `version` facts."""

    version: int = 0
    last_event: str | None = None
    paused: bool = False
    ceilings: Ceilings = field(default_factory=Ceilings)
    drained_at: datetime | None = None
    seen: tuple[tuple[str, int], ...] = ()  #: (command id, offset of its fact), oldest first


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds now, for the one who plans."""

    paused: set[str]
    ceilings: dict[str, Ceilings]
    drained: dict[str, datetime]


NOTHING = Subject()


def decide_order(state: Subject, command: DispatchCommand) -> DispatchFact | None:
    """The one fact that follows from an order, or none if what it asks is already true."""
    match command:
        case PauseQueue():
            return None if state.paused else QueuePaused(reason=command.reason)
        case ResumeQueue():
            return QueueResumed() if state.paused else None
        case SetCeilings():
            return None if state.ceilings == command.ceilings else CeilingsSet(ceilings=command.ceilings)
        case DrainWorker():
            return None if state.drained_at is not None else WorkerDrained(reason=command.reason)
        case ResumeWorker():
            return WorkerResumed() if state.drained_at is not None else None
        case _:
            assert_never(command)


def _after(state: Subject, event: DispatchFact, at: datetime) -> Subject:
    match event:
        case QueuePaused():
            return replace(state, paused=True)
        case QueueResumed():
            return replace(state, paused=False)
        case CeilingsSet():
            return replace(state, ceilings=event.ceilings)
        case WorkerDrained():
            return replace(state, drained_at=at)
        case WorkerResumed():
            return replace(state, drained_at=None)
        case _:
            assert_never(event)


@dataclass(slots=True)
class Orders:
    """All of `queues.events` so far: every subject, and how far `queues.commands` is decided."""

    subjects: dict[str, Subject] = field(default_factory=dict)
    next_offset: int = 0  #: of `queues.events`
    decided_to: int = -1  #: highest command offset that a taken fact names
    strays: int = 0  #: late facts of replaced dispatchers

    def take(self, fact: DispatchEnvelope, offset: int) -> bool:
        """Take one fact at its offset; false when it does not follow and fell off the chain."""
        self.next_offset = offset + 1
        state = self.subjects.get(fact.subject, NOTHING)
        if fact.follows != state.last_event or fact.version != state.version + 1:
            self.strays += 1
            return False
        self.decided_to = max(self.decided_to, fact.command_offset)
        self.subjects[fact.subject] = replace(
            _after(state, fact.event, fact.recorded_at),
            version=fact.version,
            last_event=fact.event_id,
            seen=(*state.seen[-_SEEN + 1 :], (fact.causation_id, offset)),
        )
        return True

    def decide(self, order: DispatchCommandEnvelope) -> DispatchFact | Verdict:
        """The fact an order leads to, or the verdict on one that leads to none."""
        state = self.subjects.get(order.subject, NOTHING)
        known = next((offset for command_id, offset in state.seen if command_id == order.command_id), None)
        if known is not None:
            return Verdict("accepted", known)
        return decide_order(state, order.command) or Verdict("already_true", None)

    def link(
        self, order: DispatchCommandEnvelope, event: DispatchFact, *, event_id: str, command_offset: int, at: datetime
    ) -> DispatchEnvelope:
        """The fact with its place in the chain of its subject."""
        state = self.subjects.get(order.subject, NOTHING)
        return DispatchEnvelope(
            event_id=event_id,
            follows=state.last_event,
            subject=order.subject,
            version=state.version + 1,
            command_offset=command_offset,
            recorded_at=at,
            causation_id=order.command_id,
            caused_by=order.issued_by,
            event=event,
        )

    def rules(self) -> Rules:
        """What holds now."""
        subjects = self.subjects.items()
        return Rules(
            {name for name, state in subjects if state.paused},
            {name: state.ceilings for name, state in subjects if state.ceilings != NOTHING.ceilings},
            {name: state.drained_at for name, state in subjects if state.drained_at is not None},
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """An order that leads to no new fact."""

    result: Literal["accepted", "already_true"]
    fact_offset: int | None  #: of the fact it led to when it came first
