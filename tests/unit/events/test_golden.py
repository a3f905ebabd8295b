"""Streams as earlier versions wrote them must be read for ever; the files in tests/golden are never rewritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from events.chain import EMPTY, Stream, follows, take
from events.codec import TASK_FACT_TYPES, decode, decode_fact, encode
from events.envelope import Envelope, UnknownEnvelope
from events.paths import PathEnvelope, PathFact, path_key
from events.task import History, Status, lease_of, status_of
from events.task import Unknown as NoTask

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
#: File -> what it adds up to: status, attempts, recoveries.
RECORDED = {
    "completed-at-once.jsonl": (Status.COMPLETED, 1, 0),
    "recovered-in-the-open-page.jsonl": (Status.RECOVERED, 1, 1),
    "lost-three-times.jsonl": (Status.ESCALATED, 3, 2),
    "escalated-and-retried.jsonl": (Status.FAILED, 2, 0),
    "paused-and-cancelled.jsonl": (Status.CANCELLED, 2, 0),
    "written-by-a-newer-version.jsonl": (Status.PAUSED, 0, 0),
}
PATH = "navigation-path.jsonl"


def lines(name: str) -> list[bytes]:
    return (GOLDEN / name).read_bytes().splitlines()


def fold(name: str) -> Stream:
    stream = EMPTY
    for line in lines(name):
        fact = decode_fact(line)
        assert follows(stream, fact), line
        stream = take(stream, fact)
    return stream


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_stream_still_means_what_it_meant(name: str) -> None:
    task = fold(name).task
    assert not isinstance(task, NoTask)
    history: History = task.history
    assert (status_of(task), history.attempts, history.recoveries) == RECORDED[name]


def test_every_recorded_file_is_read_here() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {*RECORDED, PATH}


def test_every_type_of_fact_is_recorded() -> None:
    found = {json.loads(line)["event"]["type"] for name in RECORDED for line in lines(name)}
    assert found >= TASK_FACT_TYPES


def test_the_lease_of_a_recovered_task_is_the_renewed_one() -> None:
    lease = lease_of(fold("recovered-in-the-open-page.jsonl").task)
    assert lease is not None
    assert (lease.worker, lease.epoch, lease.until.isoformat()) == ("w1", 1, "2026-11-23T12:02:05+00:00")


def test_what_a_newer_version_added_is_not_lost_on_the_way() -> None:
    kinds = [type(decode_fact(line)) for line in lines("written-by-a-newer-version.jsonl")]
    assert kinds == [Envelope, UnknownEnvelope, Envelope]


def keeps(old: Any, new: Any) -> bool:
    """Whether all that was written once is written still; fields may be added, deep inside, too."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and keeps(value, new[key]) for key, value in old.items())
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(keeps, old, new))
    return bool(old == new)


def test_a_recorded_navigation_path_is_read_and_written_as_it_was() -> None:
    records = [(line, decode(PathEnvelope, line)) for line in lines(PATH)]
    assert {type(record.event) for _, record in records} == set(get_args(PathFact))
    assert {record.path_key for _, record in records} == {path_key(records[0][1].site, records[0][1].goal_pattern)}
    for line, record in records:
        old, new = json.loads(line), json.loads(encode(record))
        assert {**new, "event": None} == {**old, "event": None}
        assert keeps(old["event"], new["event"])


@pytest.mark.parametrize("name", [name for name in RECORDED if "newer" not in name])
def test_todays_facts_are_still_written_in_this_shape(name: str) -> None:
    """Fields may be added; what an older reader knows keeps its name and its form."""
    for line in lines(name):
        old, new = json.loads(line), json.loads(encode(decode_fact(line)))
        assert {**new, "event": None} == {**old, "event": None}
        assert keeps(old["event"], new["event"])
