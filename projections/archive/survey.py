"""Reads the log and says what may leave it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from events.errors import NewerSchema
from events.topics import Topics
from projections.archive.histories import Histories
from projections.archive.log import ArchivableLog
from projections.archive.owed import Settled
from projections.archive.plan import PartitionPlan, Plan, Rule, Staying, held_tasks, plan_facts, plan_steps
from projections.archive.reading import Archive
from projections.archive.shelf import Shelf
from projections.records import LogShape, Place


@dataclass(slots=True)
class _Findings:
    """What is known so far."""

    facts: list[PartitionPlan] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)  #: tasks that must stay, and why


def survey(log: ArchivableLog, shelf: Shelf, cutoff: datetime, tell: Callable[[str], None]) -> Plan:
    """What `run` would take from the log as it is now; nothing is changed.

    Args:
        log: to read.
        shelf: where older records may lie already.
        cutoff: records from then on are too young.
        tell: told what is being read.

    Raises:
        BrokerUnreachable: Kafka does not answer.
        StoreMismatch: a manifest of the archive cannot be read.
        NewerSchema: the log holds facts of a newer version, which may mean anything.
    """
    shape, topics = log.shape(), log.topics
    rule = Rule(cutoff, _settled(log, shape, tell))
    found = _Findings()
    for place in _places(shape, topics.task_events):
        tell(f"reading {place.topic}[{place.partition}]")
        _survey_facts(log, shape, place, rule, found)
    steps = []
    for place in _places(shape, topics.step_events):
        tell(f"reading {place.topic}[{place.partition}]")
        records = log.records(place, shape.beginnings[place], shape.ends[place])
        steps.append(plan_steps(place, shape, records, found.held, rule))
    archive, commands = Archive(shelf, shape), log.decided_to()
    parts = [_settle_commands(part, commands, shape, topics) for part in found.facts]
    partitions = tuple(_require_archived(part, archive) for part in (*parts, *steps))
    return Plan(shape, cutoff, partitions, _staying(topics, shape))


def _survey_facts(log: ArchivableLog, shape: LogShape, place: Place, rule: Rule, found: _Findings) -> None:
    histories = Histories()
    for record in log.records(place, shape.beginnings[place], shape.ends[place]):
        try:
            histories.add(record)
        except NewerSchema as error:
            at = f"{place.topic}[{place.partition}]@{record.offset}"
            raise NewerSchema(f"{at}: {error}; nothing is archived before that") from error
    held = held_tasks(histories, place.partition, rule)
    found.facts.append(plan_facts(place, shape, histories, held, rule))
    found.held.update(held)


def _settled(log: ArchivableLog, shape: LogShape, tell: Callable[[str], None]) -> Settled:
    topics, settled = log.topics, Settled()
    tell("reading what callback_urls were told")
    for place in _places(shape, topics.webhook_events):
        for record in log.records(place, shape.beginnings[place], shape.ends[place]):
            settled.take_try(record.value)
    for place in _places(shape, topics.dead_letters):
        for record in log.records(place, shape.beginnings[place], shape.ends[place]):
            at = f"{place.topic}:{place.partition}:{record.offset}"
            settled.take_letter(at, record.value, facts=topics.task_events)
    return settled


def _settle_commands(
    part: PartitionPlan, commands: dict[int, int | None], shape: LogShape, topics: Topics
) -> PartitionPlan:
    """Whoever folds the shorter log must know which commands are decided: one decided anew could begin a task again."""
    known = commands.get(part.place.partition)
    asked = shape.ends[Place(topics.task_commands, part.place.partition)]
    if known is None and asked > 0 and part.goes:
        return _stay(part, "the broker does not know how far commands are decided: start the processors first")
    return replace(part, decided_to=max(part.decided_to, -1 if known is None else known))


def _require_archived(part: PartitionPlan, archive: Archive) -> PartitionPlan:
    """What left the log before must be here, or nobody could read archive and log as one."""
    if part.goes and archive.reaches(part.place, 0) < part.beginning:
        return _stay(part, f"what was before {part.beginning} is not in this archive: name the one that holds it")
    return part


def _stay(part: PartitionPlan, reason: str) -> PartitionPlan:
    return PartitionPlan(part.place, part.beginning, part.beginning, reason=reason, waiting=part.records + part.waiting)


def _staying(topics: Topics, shape: LogShape) -> tuple[Staying, ...]:
    reasons = {
        topics.task_commands: "a fact names its command's place, and whether it is decided is told by that",
        topics.webhook_events: "a message whose delivery was forgotten would be sent again",
        topics.queue_events: "what holds for a queue now may have been said long ago",
        topics.path_events: "a path learned long ago may be the one in use",
        topics.access_events: "a key made long ago still opens the door",
        topics.dead_letters: "letters may wait for an operator",
    }
    return tuple(
        Staying(topic, sum(shape.ends[p] - shape.beginnings[p] for p in _places(shape, topic)), reason)
        for topic, reason in reasons.items()
    )


def _places(shape: LogShape, topic: str) -> list[Place]:
    return sorted(place for place in shape.ends if place.topic == topic)
