"""One micro-batch decoded: raw records sorted into what the folds take. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from events.codec import decode, decode_dead_letter, decode_fact, decode_step
from events.dead_letter import DeadLetter
from events.envelope import Envelope, StepEnvelope, UnknownEnvelope
from events.errors import NewerSchema, UndecodableRecord
from events.paths import PathEnvelope, PathLearned
from events.queues import DispatchEnvelope
from events.steps import CostReported, StepExecuted
from events.topics import Topics
from events.webhooks import WebhookEnvelope
from events.worker import WorkerAlive
from projections import desk_rows, step_fold
from projections.records import Place, Record, Tally
from projections.task_row import Row


@dataclass(slots=True)
class Decoded:
    """A batch as records of ours; `stopped` names partitions that must not be read on, and why."""

    facts: list[tuple[Record, str, Envelope | UnknownEnvelope]] = field(default_factory=list)
    steps: list[tuple[Place, str, StepEnvelope]] = field(default_factory=list)
    orders: list[tuple[Place, DispatchEnvelope]] = field(default_factory=list)
    webhooks: list[tuple[str, WebhookEnvelope]] = field(default_factory=list)
    paths: list[tuple[Place, PathEnvelope]] = field(default_factory=list)
    workers: dict[str, Row] = field(default_factory=dict)
    dead_letters: list[Row] = field(default_factory=list)
    letter_acts: list[Row] = field(default_factory=list)
    tallies: dict[Place, Tally] = field(default_factory=dict)
    stopped: dict[Place, str] = field(default_factory=dict)

    def task_ids(self) -> set[str]:
        """The tasks whose facts or steps are in it."""
        return {task_id for _, task_id, _ in self.facts} | {task_id for _, task_id, _ in self.steps}

    def events_of_steps(self) -> list[tuple[str, str]]:
        """Task and event of every step fact in it, in order."""
        return [(task_id, record.event_id) for _, task_id, record in self.steps]

    def subjects(self) -> set[str]:
        """The queues and workers that orders in it are about."""
        return {fact.subject for _, fact in self.orders}

    def messages(self) -> set[str]:
        """The webhook messages that facts in it are about."""
        return {fact.message_id for _, fact in self.webhooks}


def decode_batch(
    records: Iterable[Record], read_so_far: Mapping[Place, Tally], topics: Topics, stopped: Mapping[Place, str]
) -> Decoded:
    """Records of ours, and how far their partitions are read after them; what was read or stopped before is left out."""
    decoded = Decoded(stopped=dict(stopped))
    for record in records:
        place = record.place
        tally = decoded.tallies.get(place)
        if tally is None:
            tally = decoded.tallies[place] = replace(read_so_far.get(place, _UNREAD))
        if record.offset < tally.next_offset or place in decoded.stopped:
            continue
        try:
            _sort_in(decoded, record, topics)
        except NewerSchema as error:
            decoded.stopped[place] = f"{place.topic}[{place.partition}]@{record.offset}: {error}"
            continue
        except UndecodableRecord:
            tally.undecodable += 1
        tally.next_offset = record.offset + 1
    return decoded


_UNREAD = Tally()
_COUNTED = (StepExecuted, CostReported)
#: Nearly all ids; a look costs a tenth of making a UUID and writing it down.
_IN_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


def _sort_in(decoded: Decoded, record: Record, topics: Topics) -> None:
    """Decode one record into its heap; raises UndecodableRecord."""
    place = record.place
    if place.topic == topics.task_events:
        fact = decode_fact(record.value)
        decoded.facts.append((record, _task_id(fact.task_id), fact))
    elif place.topic == topics.step_events:
        _sort_in_step(decoded, record)
    elif place.topic == topics.queue_events:
        decoded.orders.append((place, decode(DispatchEnvelope, record.value)))
    elif place.topic == topics.path_events:
        decoded.paths.append((place, _path(record.value)))
    else:
        _sort_in_rare(decoded, record, topics)
        decoded.tallies[place].taken += 1


def _sort_in_step(decoded: Decoded, record: Record) -> None:
    place = record.place
    step = decode_step(record.value)
    if not isinstance(step, StepEnvelope):
        decoded.tallies[place].unknown += 1
    elif isinstance(step.event, _COUNTED):
        step_fold.nano_usd(step.event.cost)  # an impossible amount is refused here, not in the fold
        decoded.steps.append((place, _task_id(step.task_id), step))
    else:
        decoded.tallies[place].taken += 1


def _path(value: bytes | None) -> PathEnvelope:
    fact = decode(PathEnvelope, value)
    if isinstance(fact.event, PathLearned):
        step_fold.nano_usd(fact.event.cost)
    return fact if fact.task_id is None else fact.model_copy(update={"task_id": _task_id(fact.task_id)})


def _sort_in_rare(decoded: Decoded, record: Record, topics: Topics) -> None:
    if record.place.topic == topics.workers_alive:
        alive = decode(WorkerAlive, record.value)
        decoded.workers[alive.worker] = desk_rows.worker_row(alive, record.at_ms)
    elif record.place.topic == topics.webhook_events:
        fact = decode(WebhookEnvelope, record.value)
        decoded.webhooks.append((_task_id(fact.task_id), fact))
    else:
        letter = decode_dead_letter(record.value)
        if isinstance(letter, DeadLetter):
            decoded.dead_letters.append(desk_rows.letter_row(record, letter))
        else:
            decoded.letter_acts.append(desk_rows.letter_act_row(record, letter))


def _task_id(value: str) -> str:
    """The id in its one form; the store keeps UUIDs, and the lifecycle agent takes no others."""
    if _IN_FORM(value):
        return value
    try:
        return str(UUID(value))
    except ValueError as error:
        raise UndecodableRecord(f"task_id {value!r} is no UUID") from error
