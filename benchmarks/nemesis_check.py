"""Judges a run by its log and by what was done outside it; shares nothing with the folds but the decoding of records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from benchmarks.nemesis_journal import Act
from events.codec import decode_fact
from events.envelope import Envelope
from events.topics import Topics

_CALL_SECONDS = 10.0
_CLOCK_SECONDS = 0.002  # the broker stamps whole milliseconds
FINAL = {"COMPLETED", "FAILED", "CANCELLED"}
_RUNNING = {"CLAIMED", "IN_PROGRESS"}

#: (status, fact) -> status: all that the commands of this benchmark may lead to, written down by hand.
LEGAL = {
    ("NONE", "task.submitted"): "PENDING",
    ("PENDING", "task.claimed"): "CLAIMED",
    ("PENDING", "task.cancelled"): "CANCELLED",
    ("CLAIMED", "task.started"): "IN_PROGRESS",
    ("CLAIMED", "task.released"): "PENDING",
    ("CLAIMED", "task.recovery_planned"): "RECOVERY",
    ("CLAIMED", "task.escalated"): "ESCALATED",
    ("CLAIMED", "task.cancelled"): "CANCELLED",
    ("IN_PROGRESS", "task.lease_renewed"): "IN_PROGRESS",
    ("IN_PROGRESS", "task.cancel_requested"): "IN_PROGRESS",
    ("IN_PROGRESS", "task.completed"): "COMPLETED",
    ("IN_PROGRESS", "task.released"): "PENDING",
    ("IN_PROGRESS", "task.recovery_planned"): "RECOVERY",
    ("IN_PROGRESS", "task.failed"): "FAILED",
    ("IN_PROGRESS", "task.escalated"): "ESCALATED",
    ("IN_PROGRESS", "task.cancelled"): "CANCELLED",
    ("RECOVERY", "task.claimed"): "CLAIMED",
    ("RECOVERY", "task.cancelled"): "CANCELLED",
    ("ESCALATED", "task.cancelled"): "CANCELLED",
}


@dataclass(slots=True)
class Chain:
    """One task as its facts tell it."""

    status: str = "NONE"
    version: int = 0
    last_event: str | None = None
    epoch: int = 0
    ended: dict[int, datetime] = field(default_factory=dict)  #: by epoch, when its lease ended
    faults: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  #: every taken fact, for people


@dataclass(slots=True)
class Verdict:
    """Chains of all tasks, and what is wrong with them."""

    chains: dict[str, Chain] = field(default_factory=dict)
    strays: int = 0
    gaps: set[str] = field(default_factory=set)
    illegal: set[str] = field(default_factory=set)
    fenced_off: set[str] = field(default_factory=set)  #: tasks with a taken fact of an epoch that was over
    _read: dict[int, int] = field(default_factory=dict)

    def read_on(self, connection: Mapping[str, Any], topics: Topics) -> None:
        """Take all facts between the last look and now."""
        for partition, offset, value in records(connection, topics.task_events, topics.partitions, self._read):
            self._read[partition] = offset + 1
            fact = decode_fact(value)
            if not isinstance(fact, Envelope):
                self.illegal.add(fact.task_id)
                continue
            self.take(fact)

    def over(self) -> int:
        """Tasks that nothing is to be expected of any more."""
        return sum(chain.status in FINAL or chain.status == "ESCALATED" for chain in self.chains.values())

    def take(self, fact: Envelope) -> None:
        """Judge one fact, and take it if it follows."""
        chain = self.chains.setdefault(fact.task_id, Chain())
        if fact.follows != chain.last_event:
            self.strays += 1
            return
        if fact.version != chain.version + 1:
            self.gaps.add(fact.task_id)
        kind = fact.event.type
        after = LEGAL.get((chain.status, kind))
        chain.told.append(f"{fact.version} {kind} {fact.recorded_at:%H:%M:%S.%f} {fact.caused_by}")
        self._check_epoch(chain, fact, kind)
        if after is None:
            self.illegal.add(fact.task_id)
            chain.faults.append(f"{kind} in {chain.status}")
        elif chain.status in _RUNNING and after not in _RUNNING:
            chain.ended[chain.epoch] = fact.recorded_at
        chain.status = after or chain.status
        chain.version, chain.last_event = fact.version, fact.event_id

    def _check_epoch(self, chain: Chain, fact: Envelope, kind: str) -> None:
        epoch = getattr(fact.event, "lease_epoch", None)
        if epoch is None:
            return
        if kind == "task.claimed":
            if epoch != chain.epoch + 1:
                self.illegal.add(fact.task_id)
            chain.epoch = max(chain.epoch, epoch)
        elif epoch != chain.epoch:
            self.fenced_off.add(fact.task_id)
            chain.faults.append(f"{kind} under epoch {epoch} after {chain.epoch}")


@dataclass(frozen=True, slots=True)
class Deeds:
    """What runners did outside the log, held against the chains."""

    run_twice: set[str]  #: tasks acted on under an epoch after a higher one had acted
    repeated: set[str]  #: tasks whose effect happened more than once
    late: set[str]  #: tasks acted on after the lease had ended by a fact
    missing: set[str]  #: completed tasks without their effect


def judge_deeds(acts: Iterable[Act], chains: Mapping[str, Chain]) -> Deeds:
    """Hold every act, in the order in which they happened, against the chain of its task."""
    highest: dict[str, int] = {}
    effects: dict[str, int] = {}
    run_twice, late = set(), set()
    for act in acts:
        if act.epoch < highest.get(act.task_id, 0):
            run_twice.add(act.task_id)
        highest[act.task_id] = max(act.epoch, highest.get(act.task_id, 0))
        effects[act.task_id] = effects.get(act.task_id, 0) + (act.kind == "effect")
        ended = chains[act.task_id].ended.get(act.epoch)
        if ended is not None and datetime.fromtimestamp(act.at - _CLOCK_SECONDS, UTC) > ended:
            late.add(act.task_id)
    completed = {task for task, chain in chains.items() if chain.status == "COMPLETED"}
    return Deeds(
        run_twice=run_twice,
        repeated={task for task, count in effects.items() if count > 1},
        late=late,
        missing={task for task in completed if not effects.get(task)},
    )


def records(
    connection: Mapping[str, Any], topic: str, partitions: int, since: Mapping[int, int] | None = None
) -> Iterator[tuple[int, int, bytes | None]]:
    """Partition, offset and body of all records from `since`, or from the beginning, to the ends as they are now."""
    consumer = Consumer({**connection, "group.id": "nemesis-check", "enable.auto.commit": False})
    try:
        for partition in range(partitions):
            start = (since or {}).get(partition, 0)
            found = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_CALL_SECONDS)
            if found is None:
                raise SystemExit(f"{topic}[{partition}]: the broker does not answer")
            consumer.assign([TopicPartition(topic, partition, start)])
            while start < found[1]:
                for message in consumer.consume(5_000, 0.2):
                    if message.error() is None:
                        start = int(message.offset() or 0) + 1
                        yield partition, start - 1, message.value()
    finally:
        consumer.close()
