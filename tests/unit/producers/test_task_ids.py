"""Ids, their partitions, and the hash that tells a repeat from a conflict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from events.action import Click, Target, WaitFor
from events.goal import GoalStatement
from events.partitioner import partition_of
from producers.task_ids import body_hash, made_at, new_task_id, task_id_for


def a_goal(**changes: Any) -> GoalStatement:
    return GoalStatement(**{"goal": "x", "site_url": "https://a.example", **changes})


def test_ids_are_drawn_now_and_sort_by_time() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    drawn = [new_task_id() for _ in range(1_000)]
    moments = [made_at(task_id) for task_id in drawn]

    assert len(set(drawn)) == 1_000
    assert all(moment is not None and before <= moment <= datetime.now(UTC) for moment in moments)
    assert drawn == sorted(drawn)


@pytest.mark.parametrize("task_id", ["", "nonsense", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"])
def test_what_is_no_uuid7_has_no_time(task_id: str) -> None:
    assert made_at(task_id) is None


def test_the_time_of_a_known_id() -> None:
    # The example of RFC 9562, appendix A.6.
    assert made_at("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


@pytest.mark.parametrize("partitions", [1, 12, 50])
def test_every_try_with_one_key_falls_into_one_partition_under_fresh_ids(partitions: int) -> None:
    drawn = [task_id_for("service:a", "key", partitions) for _ in range(50)]

    assert len(set(drawn)) == 50
    assert len({partition_of(task_id, partitions) for task_id in drawn}) == 1


def test_keys_and_callers_are_spread_over_the_partitions() -> None:
    of_keys = {partition_of(task_id_for("a", f"key-{n}", 12), 12) for n in range(200)}
    of_callers = {partition_of(task_id_for(f"caller-{n}", "key", 12), 12) for n in range(200)}

    assert of_keys == of_callers == set(range(12))


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"priority": 5, "metadata": {}, "steps": []}),
    ({"metadata": {"a": 1, "b": 2}}, {"metadata": {"b": 2, "a": 1}}),
    (
        {"not_before": datetime(2026, 1, 1, 12, tzinfo=UTC)},
        {"not_before": datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))},
    ),
]
OTHER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"goal": "y"}),
    ({}, {"priority": 6}),
    ({"metadata": {"a": 1}}, {"metadata": {"a": "1"}}),
    ({"inputs": {"a": 1}}, {"metadata": {"a": 1}}),
    ({"steps": [Click(target=Target(text="a"))]}, {"steps": [WaitFor(target=Target(text="a"))]}),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_the_same_request_has_the_same_hash(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert body_hash(a_goal(**one)) == body_hash(a_goal(**two))


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_another_request_has_another_hash(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert body_hash(a_goal(**one)) != body_hash(a_goal(**two))
