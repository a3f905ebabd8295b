"""Builds records of a small log in memory, chained as the lifecycle agent chains them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import BaseModel
from uuid_utils import uuid7

from events.codec import encode
from events.dead_letter import DeadLetter
from events.envelope import Envelope, StepEnvelope, UnknownEnvelope
from events.facts import (
    TaskClaimed,
    TaskCompleted,
    TaskFact,
    TaskStarted,
    TaskSubmitted,
    UnknownFact,
)
from events.steps import CostReported, StepExecuted, StepFact
from events.topics import Topics
from events.worker import WorkerAlive
from projections.batch import Before, Changes, fold_batch
from projections.intake import decode_batch
from projections.records import Place, Record, Tally
from projections.store import Store

TOPICS = Topics()
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def submitted(**fields: Any) -> TaskSubmitted:
    return TaskSubmitted(**{"goal": "Register Eden", "site_url": "https://aquatechswim.com/classes", **fields})


def claimed(epoch: int = 1, worker: str = "w1", attempt: int = 1) -> TaskClaimed:
    return TaskClaimed(worker=worker, attempt=attempt, lease_epoch=epoch, lease_until=at(60))


def started(epoch: int = 1) -> TaskStarted:
    return TaskStarted(lease_epoch=epoch, lease_until=at(70), deadline=at(1_800), steps_offset=0)


def completed(**fields: Any) -> TaskCompleted:
    return TaskCompleted(**{"lease_epoch": 1, "final_result": "registered", **fields})


def step(number: int = 1, **fields: Any) -> StepExecuted:
    return StepExecuted(**{"step_number": number, "action": f"click {number}", "result": "success", **fields})


class TaskLog:
    """One task's records; every fact follows the one before, a second after it."""

    def __init__(self, log: Log, task_id: str, partition: int) -> None:
        self.log, self.task_id, self.partition = log, task_id, partition
        self.version, self.last, self.seconds = 0, None, 0.0
        self.envelopes: list[Envelope | UnknownEnvelope] = []

    version: int
    last: str | None
    seconds: float

    def link(self, event: TaskFact | UnknownFact) -> Envelope | UnknownEnvelope:
        """The next envelope of the chain, not appended."""
        kind = UnknownEnvelope if isinstance(event, UnknownFact) else Envelope
        return kind(
            event_id=uuid4().hex,
            follows=self.last,
            task_id=self.task_id,
            version=self.version + 1,
            command_offset=0,
            recorded_at=at(self.seconds),
            causation_id="c",
            event=event,
        )

    def facts(self, *events: TaskFact | UnknownFact) -> list[Record]:
        records = []
        for event in events:
            self.seconds += 1
            envelope = self.link(event)
            self.version, self.last = envelope.version, envelope.event_id
            self.envelopes.append(envelope)
            records.append(self.log.append(TOPICS.task_events, self.partition, envelope))
        return records

    def steps(self, *events: StepFact, event_id: str | None = None, epoch: int = 1) -> list[Record]:
        return [self.log.append(TOPICS.step_events, self.partition, self.step(e, event_id, epoch)) for e in events]

    def step(self, event: StepFact, event_id: str | None = None, epoch: int = 1) -> StepEnvelope:
        return StepEnvelope(
            event_id=event_id or uuid4().hex,
            task_id=self.task_id,
            worker="w1",
            lease_epoch=epoch,
            recorded_at=at(self.seconds),
            event=event,
        )


class Log:
    """Partitions in memory; records get the offsets Kafka would give them."""

    def __init__(self) -> None:
        self.ends: dict[Place, int] = {}

    def append(self, topic: str, partition: int, record: BaseModel | bytes | None) -> Record:
        place = Place(topic, partition)
        offset = self.ends.get(place, 0)
        self.ends[place] = offset + 1
        return Record(place, offset, encode(record) if isinstance(record, BaseModel) else record)

    def task(self, partition: int = 0) -> TaskLog:
        return TaskLog(self, str(uuid7()), partition)

    def alive(self, worker: str, seconds: float = 0, capacity: int = 4) -> Record:
        return self.append(TOPICS.workers_alive, 0, WorkerAlive(worker=worker, capacity=capacity, sent_at=at(seconds)))

    def dead_letter(self, reason: str) -> Record:
        letter = DeadLetter(
            topic=TOPICS.task_commands,
            partition=3,
            offset=17,
            reason=reason,
            error="UndecodableRecord",
            reader="lifecycle",
            recorded_at=at(0),
        )
        return self.append(TOPICS.dead_letters, 0, letter)


def read(store: Store, records: list[Record]) -> Mapping[Place, Tally]:
    """Fold one batch into the store, as the follower does."""
    decoded = decode_batch(records, store.tables.load_tallies(), TOPICS, {})
    tables = store.tables
    before = Before(
        tables.load_tasks(decoded.task_ids()),
        tables.known_steps(decoded.events_of_steps()),
        tables.load_orders(decoded.subjects()),
        tables.load_webhooks(decoded.messages()),
        *tables.load_paths([fact for _, fact in decoded.paths]),
    )
    changes: Changes = fold_batch(decoded, before)
    tables.write(decoded, changes)
    return decoded.tallies


def cost(usd: float, provider: str = "claude") -> CostReported:
    return CostReported(cost=usd, ai_provider=provider)
