"""However the log is cut into batches and its topics interleaved, and however often it is read: the rows are the same."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.facts import UnknownFact
from events.steps import StepFact
from projections.batch import Before, Changes, fold_batch
from projections.intake import decode_batch
from projections.records import Place, Record, Tally
from projections.task_row import Row, TaskRow, state_columns
from tests.property.test_projection_status import fact
from tests.unit.projections.log import TOPICS, Log, cost, step, submitted

STEPS: st.SearchStrategy[StepFact] = st.one_of(
    st.builds(step, st.integers(1, 20), cost=st.floats(0, 1), input_tokens=st.integers(0, 99)),
    st.builds(cost, st.floats(0, 1)),
)


class Tables:
    """What the store keeps, as plain values: absolute rows replaced, sums added."""

    def __init__(self) -> None:
        self.tallies: dict[Place, Tally] = {}
        self.tasks: dict[str, Row] = {}
        self.goals: dict[str, Row] = {}
        self.sums: dict[str, tuple[int, ...]] = {}
        self.steps: set[tuple[str, str]] = set()

    def read(self, records: list[Record]) -> None:
        decoded = decode_batch(records, self.tallies, TOPICS, {})
        rows = {task_id: TaskRow(*self.tasks[task_id]) for task_id in decoded.task_ids() & self.tasks.keys()}
        changes = fold_batch(decoded, Before(rows, self.steps & set(decoded.events_of_steps())))
        self._write(changes)
        self.steps |= set(decoded.events_of_steps())
        self.tallies |= decoded.tallies

    def _write(self, changes: Changes) -> None:
        assert changes.unstored == changes.tasks.keys() - self.tasks.keys()
        self.tasks |= {task_id: state_columns(row) for task_id, row in changes.tasks.items()}
        assert not changes.goals.keys() & self.goals.keys()
        self.goals |= changes.goals
        for task_id, totals in changes.totals.items():
            added = (totals.steps, totals.step_cost, totals.reported_cost, totals.input_tokens, totals.output_tokens)
            before = self.sums.get(task_id, (0,) * len(added))
            self.sums[task_id] = tuple(a + b for a, b in zip(before, added, strict=True))

    def all(self) -> tuple[Any, ...]:
        return (self.tasks, self.goals, self.sums, self.tallies)


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """A few tasks' records, late writers' and repeated ones among them, in the order of their partitions."""
    log, records, random = Log(), [], draw(st.randoms(use_true_random=True))
    for partition in range(draw(st.integers(1, 2))):
        task = log.task(partition)
        for event in [submitted(), *(fact(random) for _ in range(random.randrange(15)))]:
            if random.random() < 0.1:
                records.append(log.append(TOPICS.task_events, partition, task.link(UnknownFact(type="late"))))
            records += task.facts(event)
        for number, reported in enumerate(draw(st.lists(STEPS, max_size=6))):
            for _ in range(random.randint(1, 2)):
                records += task.steps(reported, event_id=f"e{number}")
    return records


@settings(max_examples=60, deadline=None)
@given(logs(), st.randoms(use_true_random=True))
def test_the_rows_depend_on_the_log_alone(records: list[Record], random: Random) -> None:
    at_once, in_parts = Tables(), Tables()
    at_once.read(records)
    rest = {place: [r for r in records if r.place == place] for place in {r.place for r in records}}
    batch: list[Record] = []
    while rest:
        place = random.choice(sorted(rest))
        batch.append(rest[place].pop(0))
        rest = {key: value for key, value in rest.items() if value}
        if random.random() < 0.25:
            in_parts.read(batch)
            batch = batch[random.randint(0, len(batch)) :]  # what is kept comes a second time
    in_parts.read(batch)

    assert in_parts.all() == at_once.all()
