"""One micro-batch: raw records decoded, then folded into the rows to write. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from events.codec import decode, decode_fact, decode_step
from events.dead_letter import DeadLetter
from events.envelope import Envelope, StepEnvelope, UnknownEnvelope
from events.errors import NewerSchema, UndecodableRecord
from events.facts import TaskSubmitted
from events.steps import CostReported, StepExecuted
from events.topics import Topics
from events.worker import WorkerAlive
from projections import step_fold, task_fold
from projections.records import Place, Record, Tally
from projections.step_fold import Totals
from projections.task_row import Row, TaskRow, goal_columns, utc


@dataclass(slots=True)
class Decoded:
    """A batch as records of ours; `stopped` names partitions that must not be read on, and why."""

    facts: list[tuple[Place, str, Envelope | UnknownEnvelope]] = field(default_factory=list)
    steps: list[tuple[Place, str, StepEnvelope]] = field(default_factory=list)
    workers: dict[str, Row] = field(default_factory=dict)
    dead_letters: list[Row] = field(default_factory=list)
    tallies: dict[Place, Tally] = field(default_factory=dict)
    stopped: dict[Place, str] = field(default_factory=dict)

    def task_ids(self) -> set[str]:
        """The tasks whose facts are in it."""
        return {task_id for _, task_id, _ in self.facts}

    def events_of_steps(self) -> list[tuple[str, str]]:
        """Task and event of every step fact in it, in order."""
        return [(task_id, record.event_id) for _, task_id, record in self.steps]


@dataclass(slots=True)
class Changes:
    """The rows one transaction writes."""

    tasks: dict[str, TaskRow] = field(default_factory=dict)
    unstored: set[str] = field(default_factory=set)  #: tasks among them that have no stored row yet
    goals: dict[str, Row] = field(default_factory=dict)  #: columns of goals submitted in the batch
    steps: list[Row] = field(default_factory=list)
    costs: list[Row] = field(default_factory=list)
    totals: dict[str, Totals] = field(default_factory=dict)


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


def fold_batch(decoded: Decoded, rows: dict[str, TaskRow], known_steps: Collection[tuple[str, str]]) -> Changes:
    """What the batch changes.

    Args:
        decoded: its tallies are completed here.
        rows: the stored rows of the batch's tasks, changed in place; missing ones are added.
        known_steps: task and event of those step facts of the batch that are stored already.
    """
    changes = Changes()
    for place, task_id, fact in decoded.facts:
        _fold_fact(changes, decoded.tallies[place], rows, task_id, fact)
    seen = set(known_steps)
    for place, task_id, record in decoded.steps:
        tally = decoded.tallies[place]
        if (task_id, record.event_id) in seen:
            tally.repeats += 1
            continue
        seen.add((task_id, record.event_id))
        tally.taken += 1
        _fold_step(changes, task_id, record)
    return changes


_UNREAD = Tally()


def _sort_in(decoded: Decoded, record: Record, topics: Topics) -> None:
    """Decode one record into its heap; raises UndecodableRecord."""
    place, value = record.place, record.value
    if place.topic == topics.task_events:
        fact = decode_fact(value)
        decoded.facts.append((place, _task_id(fact.task_id), fact))
    elif place.topic == topics.step_events:
        step = decode_step(value)
        if not isinstance(step, StepEnvelope):
            decoded.tallies[place].unknown += 1
            return
        if isinstance(step.event, StepExecuted | CostReported):
            step_fold.nano_usd(step.event.cost)  # an impossible amount is refused here, not in the fold
            decoded.steps.append((place, _task_id(step.task_id), step))
        else:
            decoded.tallies[place].taken += 1
    elif place.topic == topics.workers_alive:
        alive = decode(WorkerAlive, value)
        decoded.workers[alive.worker] = step_fold.worker_row(alive)
        decoded.tallies[place].taken += 1
    else:
        decoded.dead_letters.append(step_fold.dead_letter_row(decode(DeadLetter, value)))
        decoded.tallies[place].taken += 1


def _task_id(value: str) -> str:
    """The id in its one form; the store keeps UUIDs, and the lifecycle agent takes no others."""
    try:
        return str(UUID(value))
    except ValueError as error:
        raise UndecodableRecord(f"task_id {value!r} is no UUID") from error


def _fold_fact(
    changes: Changes, tally: Tally, rows: dict[str, TaskRow], task_id: str, fact: Envelope | UnknownEnvelope
) -> None:
    row = rows.get(task_id)
    unstored = row is None
    if row is None:
        row = TaskRow(task_id)
    if not task_fold.follows(row, fact):
        tally.strays += 1
        return
    if unstored:
        rows[task_id] = row
        changes.unstored.add(task_id)
    if row.status is None and isinstance(fact.event, TaskSubmitted):
        changes.goals[task_id] = goal_columns(fact.event, utc(fact.recorded_at))
    task_fold.take(row, fact)
    changes.tasks[task_id] = row
    tally.taken += 1
    if isinstance(fact, UnknownEnvelope):
        tally.unknown += 1


def _fold_step(changes: Changes, task_id: str, record: StepEnvelope) -> None:
    event = record.event
    if isinstance(event, StepExecuted):
        changes.steps.append(step_fold.step_row(task_id, record, event))
    elif isinstance(event, CostReported):
        changes.costs.append(step_fold.cost_row(task_id, record, event))
    else:
        return
    changes.totals.setdefault(task_id, Totals()).add(event)
