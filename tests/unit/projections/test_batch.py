"""What a batch of raw records becomes, the broken ones included."""

from __future__ import annotations

import math
from typing import Any

import pytest

from events.facts import UnknownFact
from events.steps import CheckpointSaved, StepIntended
from projections.batch import Before, Changes, fold_batch
from projections.intake import Decoded, decode_batch
from projections.records import Place, Record, Tally
from tests.unit.projections.log import TOPICS, Log, claimed, completed, cost, started, step, submitted

FACTS = Place(TOPICS.task_events, 0)
STEPS = Place(TOPICS.step_events, 0)


def fold(records: list[Record], tallies: dict[Place, Tally] | None = None) -> tuple[Decoded, Changes]:
    decoded = decode_batch(records, tallies or {}, TOPICS, {})
    return decoded, fold_batch(decoded, Before())


def test_a_task_becomes_one_row_and_its_goal() -> None:
    task = Log().task()
    decoded, changes = fold(task.facts(submitted(), claimed(), started(), completed()))

    assert list(changes.tasks) == [task.task_id]
    assert changes.tasks[task.task_id].version == 4
    assert changes.unstored == changes.goals.keys() == {task.task_id}
    assert decoded.tallies[FACTS] == Tally(next_offset=4, taken=4)


def test_what_was_read_before_is_left_out() -> None:
    records = Log().task().facts(submitted(), claimed())
    decoded, changes = fold(records, {FACTS: Tally(next_offset=2, taken=2)})

    assert not changes.tasks
    assert decoded.tallies[FACTS] == Tally(next_offset=2, taken=2)


def test_a_late_writers_facts_fall_off_whole_and_are_counted() -> None:
    log = Log()
    task = log.task()
    records = task.facts(submitted())
    late = task.link(claimed(epoch=9, worker="zombie"))
    records += task.facts(claimed(), started())
    records.append(log.append(TOPICS.task_events, 0, late))
    decoded, changes = fold(records)

    assert changes.tasks[task.task_id].worker == "w1"
    assert (decoded.tallies[FACTS].taken, decoded.tallies[FACTS].strays) == (3, 1)


def test_an_unknown_fact_is_counted_and_the_chain_goes_on() -> None:
    task = Log().task()
    decoded, changes = fold(task.facts(submitted(), UnknownFact(type="task.teleported"), claimed()))

    assert changes.tasks[task.task_id].version == 3
    assert decoded.tallies[FACTS] == Tally(next_offset=3, taken=3, unknown=1)


@pytest.mark.parametrize("value", [b"", None, b"{broken", b"[1, 2]", b'{"schema_version": "x"}', b"\xff\xfe"])
@pytest.mark.parametrize("topic", [TOPICS.task_events, TOPICS.step_events, TOPICS.workers_alive, TOPICS.dead_letters])
def test_bytes_that_are_no_record_are_counted_and_passed(topic: str, value: bytes | None) -> None:
    log = Log()
    records = [log.append(topic, 0, value), *log.task().facts(submitted())]
    decoded, changes = fold(records)

    assert decoded.tallies[Place(topic, 0)].undecodable == 1
    assert len(changes.tasks) == 1


def test_a_task_id_that_is_no_uuid_is_counted_and_passed() -> None:
    log = Log()
    task = log.task()
    task.task_id = "42"
    decoded, changes = fold(task.facts(submitted()) + task.steps(step()))

    assert not changes.tasks
    assert not changes.steps
    assert (decoded.tallies[FACTS].undecodable, decoded.tallies[STEPS].undecodable) == (1, 1)


def test_a_newer_schema_stops_its_partition_and_no_other() -> None:
    log = Log()
    task, other = log.task(), log.task(partition=1)
    records = task.facts(submitted())
    newer = log.append(TOPICS.task_events, 0, b'{"schema_version": 99}')
    records += [newer, *task.facts(claimed()), *other.facts(submitted())]
    decoded, changes = fold(records)

    assert list(decoded.stopped) == [FACTS]
    assert "99" in decoded.stopped[FACTS]
    assert decoded.tallies[FACTS].next_offset == newer.offset
    assert changes.tasks[task.task_id].version == 1
    assert other.task_id in changes.tasks


def test_a_partition_that_was_stopped_stays_so() -> None:
    records = Log().task().facts(submitted())
    decoded = decode_batch(records, {}, TOPICS, {FACTS: "a newer schema"})

    assert not decoded.facts
    assert decoded.tallies[FACTS].next_offset == 0


def test_steps_and_costs_add_up_before_their_task_is_known() -> None:
    task = Log().task()
    records = task.steps(step(1, cost=0.1, input_tokens=10), step(2, cost=0.2, output_tokens=5), cost(0.3))
    _, changes = fold(records)

    assert len(changes.steps) == 2
    assert len(changes.costs) == 1
    totals = changes.totals[task.task_id]
    assert (totals.steps, totals.step_cost, totals.reported_cost) == (2, 300_000_000, 300_000_000)
    assert (totals.input_tokens, totals.output_tokens) == (10, 5)


def test_a_step_sent_twice_counts_once() -> None:
    task = Log().task()
    records = task.steps(step(1), event_id="e1") + task.steps(step(1), event_id="e1")
    decoded, changes = fold(records)

    assert len(changes.steps) == 1
    assert decoded.tallies[STEPS] == Tally(next_offset=2, taken=1, repeats=1)


def test_a_step_that_is_stored_already_counts_no_more() -> None:
    task = Log().task()
    decoded = decode_batch(task.steps(step(1), event_id="e1"), {}, TOPICS, {})
    changes = fold_batch(decoded, Before(known_steps={(task.task_id, "e1")}))

    assert not changes.steps
    assert not changes.totals


@pytest.mark.parametrize("amount", [math.nan, math.inf, -0.01, 1e300])
def test_a_cost_nobody_could_have_spent_is_counted_and_passed(amount: float) -> None:
    good = Log().task()
    record = good.step(step(1)).model_copy(update={"event": step(1).model_copy(update={"cost": amount})})
    value = record.model_dump_json().replace("null", "NaN", 1) if math.isnan(amount) else record.model_dump_json()
    decoded, changes = fold([good.log.append(TOPICS.step_events, 0, value.encode())])

    assert not changes.steps
    assert decoded.tallies[STEPS].undecodable == 1


def test_what_only_the_next_runner_needs_is_taken_and_makes_no_row() -> None:
    artifact = {"kind": "storage_state", "sha256": "ab", "media_type": "application/json", "size_bytes": 2}
    facts: list[Any] = [
        StepIntended(step_number=1, action="press Register"),
        CheckpointSaved.model_validate({"step_number": 1, "url": "https://a.b", "artifact": artifact}),
    ]
    decoded, changes = fold(Log().task().steps(*facts))

    assert not changes.steps
    assert decoded.tallies[STEPS].taken == 2


def test_the_newest_word_of_a_worker_stays() -> None:
    log = Log()
    decoded, _ = fold([log.alive("w1", seconds=1, capacity=4), log.alive("w1", seconds=6, capacity=0)])

    assert [row[1] for row in decoded.workers.values()] == [0]


def test_dead_letters_are_kept_with_their_reason() -> None:
    decoded, _ = fold([Log().dead_letter("not JSON")])

    assert decoded.dead_letters[0][4] == "not JSON"
