"""One task's stream as a reader holds it: the state, and the last event taken. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from events.envelope import Envelope, UnknownEnvelope
from events.evolve import evolve
from events.task import Task, Unknown


@dataclass(frozen=True, slots=True)
class Stream:
    """The state of a task after `version` facts, the newest of which was `last_event`."""

    task: Task
    version: int
    last_event: str | None


EMPTY = Stream(Unknown(), 0, None)


def follows(stream: Stream, fact: Envelope | UnknownEnvelope) -> bool:
    """Whether `fact` is the next link; what is not was written by a writer that had been replaced."""
    return fact.follows == stream.last_event and fact.version == stream.version + 1


def take(stream: Stream, fact: Envelope | UnknownEnvelope) -> Stream:
    """The stream after a fact that `follows`."""
    task = stream.task
    if isinstance(fact, Envelope):
        task = evolve(task, fact.event, fact.recorded_at)
    return Stream(task, fact.version, fact.event_id)
