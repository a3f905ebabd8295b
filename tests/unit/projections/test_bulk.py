"""The fold in SQL gives, row by row, what the follower's fold gives, however the log is cut into chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import get_args

import pytest

from benchmarks.generated_history import History
from events.errors import StoreMismatch
from events.facts import TaskFact
from events.steps import Artifact, StepFact
from events.topics import Topics
from projections.batch import Before, Changes, fold_batch
from projections.bulk import shapes
from projections.bulk.run import Progress, fold_all
from projections.bulk.slow_road import BAD_VALUE
from projections.bulk.source import RecordSource
from projections.intake import Decoded, decode_batch
from projections.records import Place, Record, Tally
from projections.recount.compare import KEYS, SUMMED, differences
from projections.recount.counted import Counted
from projections.store import Store
from tests.unit.projections.log import Log, claimed, completed, cost, started, step, submitted

TOPICS = Topics(partitions=4)


def bulk(path: Path, records: Sequence[Record], chunk: int = 100) -> Store:
    store = Store(path, logged=False)
    spans = {record.place: (0, record.offset + 1) for record in records}
    source = RecordSource(iter(records), TOPICS, spans)
    fold_all(store, TOPICS, [source], dict.fromkeys(spans, 0), lambda _: None, threads=2, chunk=chunk)
    store.close()
    return Store(path)


def followed(path: Path, records: Sequence[Record], batch: int = 500) -> Store:
    """What the follower does, without a broker."""
    store = Store(path)
    for first in range(0, len(records), batch):
        follow(store, records[first : first + batch])
    return store


def follow(store: Store, records: Sequence[Record]) -> None:
    tables = store.tables
    tallies = tables.load_tallies()
    decoded = decode_batch(records, tallies, TOPICS, {})
    before = Before(
        tables.load_tasks(decoded.task_ids()),
        tables.known_steps(decoded.events_of_steps()),
        tables.load_orders(decoded.subjects()),
        tables.load_webhooks(decoded.messages()),
        *tables.load_paths([fact for _, fact in decoded.paths]),
    )
    try:
        tables.write(decoded, fold_batch(decoded, before))
    except BAD_VALUE:
        if len(records) > 1:
            follow(store, records[: len(records) // 2])
            follow(store, records[len(records) // 2 :])
            return
        passed = tallies.get(records[0].place, Tally())
        end, number = records[0].offset + 1, passed.undecodable + 1
        tally = replace(passed, next_offset=end, undecodable=number)
        tables.write(Decoded(tallies={records[0].place: tally}), Changes())


def rows(store: Store, table: str) -> list[str]:
    with store.cursor() as cursor:
        query = f"FROM {table}"
        if table in SUMMED:
            columns = [name for name, *_ in cursor.execute(f"DESCRIBE {table}").fetchall()]
            sums = ", ".join(name if name in KEYS[table] else f"sum({name})" for name in columns)
            query = f"SELECT {sums} FROM {table} GROUP BY {', '.join(KEYS[table])}"
        return sorted(map(repr, cursor.execute(query).fetchall()))


def same(in_sql: Store, in_python: Store) -> None:
    for table in KEYS:
        assert rows(in_sql, table) == rows(in_python, table), table


def history(seed: int, tasks: int) -> list[Record]:
    """A generated history, its partitions interleaved anew."""
    ends: dict[Place, int] = {}
    streams: dict[Place, list[Record]] = {}
    for written in History(TOPICS, seed).records(tasks):
        place = Place(written.topic, written.partition)
        offset = ends.get(place, 0)
        ends[place] = offset + 1
        streams.setdefault(place, []).append(Record(place, offset, written.value, written.timestamp_ms))
    waiting = {place: iter(stream) for place, stream in streams.items()}
    order = [place for place, stream in streams.items() for _ in stream]
    Random(seed).shuffle(order)
    return [next(waiting[place]) for place in order]


@pytest.mark.parametrize(("seed", "chunk"), [(1, 1_100), (2, 100_000)])
def test_every_table_equals_the_follower_s(tmp_path: Path, seed: int, chunk: int) -> None:
    records = history(seed, 200)
    in_sql, in_python = (
        bulk(tmp_path / "a" / "r.duckdb", records, chunk),
        followed(tmp_path / "b" / "r.duckdb", records),
    )

    same(in_sql, in_python)
    counted = Counted(TOPICS)
    for record in records:
        counted.take(record.place, record.offset, record.at_ms or 0, record.value)
    with in_sql.cursor() as cursor:
        assert list(differences(cursor, counted.tables())) == []


def altered(record: Record, *changes: tuple[str, str]) -> Record:
    """A record with some of its text replaced."""
    text = (record.value or b"").decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return record._replace(value=text.encode())


def numbered(records: Sequence[Record]) -> list[Record]:
    """One partition of each topic, numbered without a gap."""
    ends: dict[str, int] = {}
    numbered = []
    for record in records:
        offset = ends.get(record.place.topic, 0)
        ends[record.place.topic] = offset + 1
        numbered.append(record._replace(place=Place(record.place.topic, 0), offset=offset))
    return numbered


ODD_FACTS = {
    "another zone": ('Z","causation', '+02:00","causation'),
    "no zone": ('Z","causation', '","causation'),
    "no version": ('"version":', '"no_version":'),
    "a version as text": ('"version":2', '"version":"2"'),
    "a version no column holds": ('"version":2', '"version":4294967298'),
    "an older schema's": ('"schema_version":1,', ""),
    "on several lines": (',"', ',\n"'),
    "a task that is none": ('"task_id":"', '"task_id":"not-'),
    "not JSON": ("}", ""),
    "a list": ("{", "["),
    "a type nobody knows": ("task.claimed", "task.teleported"),
    "an event that is none": ('"event":{', '"event":7,"other":{'),
    "no worker": ('"worker":', '"no_worker":'),
    "an attempt that is none": ('"attempt":1', '"attempt":"first"'),
    "a lease until nobody knows when": ('"lease_until":"', '"lease_until":"x'),
    "half a surrogate": ('"worker":"', '"worker":"\\ud800'),
    "a character of no meaning": ('"worker":"', '"worker":"\\u0000'),
}


def test_odd_facts_are_taken_as_the_follower_takes_them(tmp_path: Path) -> None:
    log, records = Log(), list[Record]()
    for change in ODD_FACTS.values():
        task = log.task()
        first, second, *rest = task.facts(submitted(), claimed(), started(), completed())
        records += [first, altered(second, change), *log.task().facts(submitted(), claimed()), *rest]
    records = numbered(records)

    same(bulk(tmp_path / "a" / "r", records, 25), followed(tmp_path / "b" / "r", records))


ODD_STEPS = {
    "an amount nobody could have spent": ('"cost":0.25', '"cost":1e12'),
    "an amount between two": ('"cost":0.25', '"cost":0.0000000005'),
    "a number no column holds": ('"step_number":1,', '"step_number":1099511627776,'),
    "a level there is not": ('"ai_level":0', '"ai_level":9'),
    "no tokens": ('"input_tokens":0,', ""),
    "tokens no column holds": ('"input_tokens":0,', '"input_tokens":99999999999999999999,'),
    "a result there is not": ('"result":"success"', '"result":"maybe"'),
    "a type nobody knows": ("step.executed", "step.dreamt"),
    "no worker": ('"worker":', '"no_worker":'),
    "a task that is none": ('"task_id":"', '"task_id":"not-'),
    "no number": ('"duration_ms":0.0', '"duration_ms":NaN'),
    "not JSON": ("}", ""),
}


def test_odd_steps_are_taken_as_the_follower_takes_them(tmp_path: Path) -> None:
    log, records = Log(), list[Record]()
    for change in ODD_STEPS.values():
        task = log.task()
        records += task.facts(submitted(), claimed(), started(), completed())
        (one,) = task.steps(step(1, cost=0.25), event_id="one")
        (again,) = task.steps(step(1, cost=0.5), event_id="one")
        (two,) = task.steps(step(2), event_id="two")
        records += [altered(one, change), two, again, one]
    records = numbered(records)

    same(bulk(tmp_path / "a" / "r", records, 25), followed(tmp_path / "b" / "r", records))


def test_a_cost_and_a_step_of_one_event_are_a_repeat(tmp_path: Path) -> None:
    task = Log().task()
    records = numbered(
        [
            *task.facts(submitted(), claimed(), started(), completed()),
            *task.steps(cost(0.5), event_id="one"),
            *task.steps(step(1, cost=0.25), event_id="one"),
            *task.steps(step(2, cost=0.25), event_id="two"),
            *task.steps(cost(0.5), event_id="two"),
            *task.steps(cost(0.5), event_id="two"),
        ]
    )

    same(bulk(tmp_path / "a" / "r", records), followed(tmp_path / "b" / "r", records))


def test_bytes_that_are_no_text_and_gaps_in_the_offsets(tmp_path: Path) -> None:
    task = Log().task()
    records = numbered(task.facts(submitted(), claimed(), started(), completed()))
    place = records[0].place
    records = [record._replace(offset=record.offset * 2) for record in records]
    records = [*records[:2], Record(place, 3, b"\xff\x00"), *records[2:], Record(place, 7, None)]

    same(bulk(tmp_path / "a" / "r", records), followed(tmp_path / "b" / "r", records))


def test_declared_plans_and_indicators(tmp_path: Path) -> None:
    plan = {"steps": [{"op": "navigate", "url": "https://a.example"}], "priority": 7}
    wanted = {"success_indicators": [{"kind": "text_visible", "value": "registered"}], "queue": "night"}
    log, records = Log(), list[Record]()
    for more in (plan, wanted, plan | wanted):
        first, *rest = log.task().facts(submitted(**more), claimed(), started(), completed())
        records += [first, *([first] if more is wanted else []), *rest]  # one comes twice
    records = numbered(records)

    same(bulk(tmp_path / "a" / "r", records), followed(tmp_path / "b" / "r", records))


def test_a_newer_schema_ends_the_rebuild(tmp_path: Path) -> None:
    task = Log().task()
    first, second = task.facts(submitted(), claimed())
    newer = altered(second, ('"schema_version":1', '"schema_version":99'))

    with pytest.raises(StoreMismatch, match="schema version 99"):
        bulk(tmp_path / "r", numbered([first, newer]))


def test_every_field_is_read_or_known_not_to_be_needed() -> None:
    """A field that is added must be added here, too: old records lack it, and would all go through Python."""
    unread = {
        "body_hash", "hints", "note", "operator", "resolution", "checkpoint", "expires_in_seconds", "step_number",
        "total_steps", "total_cost", "cost", "success_indicators", "allowed_origins",
    }  # fmt: skip
    facts = {name: fact for fact in get_args(TaskFact) if (name := fact.model_fields["type"].default)}
    for name in shapes.PLAIN_EVENTS:
        assert facts[name].model_fields.keys() <= shapes.EVENT_FIELDS.keys() | unread, name
    assert facts.keys() - shapes.PLAIN_EVENTS.keys() == {
        "task.pause_requested", "task.paused", "task.resumed", "task.cancel_requested", "escalation.claimed",
        "escalation.resolved",
    }  # fmt: skip
    for step_fact in get_args(StepFact):
        assert step_fact.model_fields.keys() <= shapes.STEP_FIELDS.keys() | {"artifact"}
        assert step_fact.model_fields["type"].default in shapes.PLAIN_STEPS
    assert Artifact.model_fields.keys() == {"kind", "sha256", "media_type", "size_bytes"}, (
        "artifacts are kept as written"
    )


def test_progress_is_told_from_the_beginning_to_the_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    records = numbered(Log().task().facts(submitted(), claimed(), started(), completed()))
    source = RecordSource(iter(records), TOPICS, {records[0].place: (0, 4)})
    store = Store(tmp_path / "r")
    fold_all(store, TOPICS, [source], {records[0].place: 0}, told.append, threads=1, chunk=2)

    assert (told[0].records, told[0].ahead, told[0].seconds_left(1.0)) == (0, 4, None)
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)
    assert (told[-1].records, told[-1].done, told[-1].seconds_left(9.0)) == (4, 1.0, 0.0)
