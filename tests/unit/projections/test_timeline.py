"""The timeline of a task, and the task as it was: at every version what the readings said when that was the newest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.generated_history import History
from projections.queries import Readings
from projections.records import Place, Record
from projections.store import Store
from tests.unit.projections.log import TOPICS, Log, at, claimed, completed, read, started, step, submitted

NOT_OF_FACTS = {"total_steps", "total_cost"}  #: sums over steps, which come on another topic


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


def test_the_facts_are_told_in_order_with_what_they_hold(store: Store) -> None:
    task = Log().task()
    read(store, task.facts(submitted(), claimed(), started()))
    readings = Readings(store.cursor)

    told = readings.timeline(task.task_id)

    assert [(fact.version, fact.type) for fact in told] == [
        (1, "task.submitted"),
        (2, "task.claimed"),
        (3, "task.started"),
    ]
    assert told[1].event["worker"] == "w1"
    assert readings.was_decided(task.task_id, told[1].causation_id)
    assert not readings.was_decided(Log().task().task_id, told[1].causation_id)
    assert not readings.was_decided(task.task_id, "another")
    assert [fact.version for fact in readings.timeline(task.task_id, after_version=2)] == [3]
    assert readings.timeline("no id") == readings.timeline("018f0000-0000-7000-8000-000000000001") == []


def test_the_facts_of_all_tasks_behind_a_point_come_once(store: Store) -> None:
    log = Log()
    here, there = log.task(0), log.task(2)
    read(store, here.facts(submitted(), claimed()) + there.facts(submitted()))
    readings = Readings(store.cursor)
    assert readings.facts_read() == [2, 0, 1]
    assert [(task_id, fact.version) for task_id, fact in readings.facts_behind([])] == [
        (here.task_id, 1),
        (here.task_id, 2),
        (there.task_id, 1),
    ]
    assert [(task_id, fact.version) for task_id, fact in readings.facts_behind([1, 0, 1])] == [(here.task_id, 2)]
    assert readings.facts_behind(readings.facts_read()) == []


def test_a_task_as_of_a_moment_counts_the_steps_until_then(store: Store) -> None:
    log = Log()
    task = log.task()
    records = task.facts(submitted(), claimed(), started())
    records += task.steps(step(1, cost=0.25))
    records += task.facts(completed())
    records += task.steps(step(2, cost=0.5))
    read(store, records)
    readings = Readings(store.cursor)
    ended = readings.get_task(task.task_id)
    assert ended is not None
    assert ended.completed_at is not None

    before = readings.task_as_of(task.task_id, moment=ended.completed_at - timedelta(microseconds=1))
    assert before is not None
    assert (before.status, before.total_steps, before.completed_at) == ("IN_PROGRESS", 1, None)
    assert readings.task_as_of(task.task_id, moment=at(-10)) is None
    assert readings.task_as_of("no id") is None


def test_at_every_version_it_is_what_it_was_then(store: Store) -> None:
    """Fact by fact, the readings of the moment are what time travel tells later."""
    history = [written for written in History(TOPICS, seed=5).records(5) if written.topic == TOPICS.task_events]
    readings, then, offsets = Readings(store.cursor), {}, dict[Place, int]()
    for written in history:
        place = Place(written.topic, written.partition)
        offset = offsets.get(place, 0)
        offsets[place] = offset + 1
        read(store, [Record(place, offset, written.value, written.timestamp_ms)])
        for summary in readings.list_tasks(limit=1_000).tasks:
            now = readings.get_task(summary.id)
            assert now is not None
            then[now.id, now.version] = now
    assert len(then) > 25
    for (task_id, version), known in then.items():
        told = readings.task_as_of(task_id, version=version)
        assert told is not None
        assert {k: v for k, v in asdict(told).items() if k not in NOT_OF_FACTS} == {
            k: v for k, v in asdict(known).items() if k not in NOT_OF_FACTS
        }
