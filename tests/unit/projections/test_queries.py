"""The answers, over a real DuckDB in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.action import Navigate
from events.facts import RecoveryPlanned, TaskFailed
from events.failure import ErrorType, Strategy
from events.task import Status
from projections.queries import Readings
from projections.store import Store
from tests.unit.projections.log import Log, at, claimed, completed, cost, read, started, step, submitted


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "a.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def readings(store: Store) -> Readings:
    return Readings(store.cursor)


def test_a_finished_task_with_every_field(store: Store, readings: Readings) -> None:
    task = Log().task()
    goal = submitted(
        priority=8,
        timeout_minutes=2.5,
        metadata={"user_id": "u1", "tags": ["a"]},
        inputs={"child": "Eden"},
        secrets={"password": "env:AQUATECH_PASS"},
        success_indicators=[{"kind": "text_visible", "value": "Confirmed"}],
        steps=[Navigate(url="/classes")],
        queue="swim",
        not_before=at(-10),
        expires_at=at(100),
        submitted_by="key-1",
        idempotency_key="i1",
    )
    done = completed(result_data={"confirmation": "A1"}, cached_path_used=True, cache_time_saved_seconds=4.5)
    read(store, task.facts(goal, claimed(), started(), done) + task.steps(step(1, cost=0.01), cost(0.002)))
    answer = readings.get_task(task.task_id)

    assert answer is not None
    assert (answer.id, answer.status, answer.goal) == (task.task_id, Status.COMPLETED, "Register Eden")
    assert (answer.priority, answer.timeout_minutes, answer.queue) == (8, 2.5, "swim")
    assert (answer.metadata, answer.inputs) == ({"user_id": "u1", "tags": ["a"]}, {"child": "Eden"})
    assert answer.secrets == {"password": "env:AQUATECH_PASS"}
    assert answer.success_indicators[0]["value"] == "Confirmed"
    assert (answer.plan[0]["url"], answer.planned_steps) == ("/classes", 1)
    assert (answer.not_before, answer.expires_at) == (at(-10), at(100))
    assert (answer.created_at, answer.started_at, answer.completed_at) == (at(1), at(3), at(4))
    assert (answer.submitted_by, answer.idempotency_key) == ("key-1", "i1")
    assert (answer.total_steps, answer.total_cost, answer.total_time_seconds) == (1, 0.012, 1.0)
    assert (answer.final_result, answer.result_data) == ("registered", {"confirmation": "A1"})
    assert (answer.cached_path_used, answer.cache_time_saved_seconds) == (True, 4.5)
    assert (answer.progress, answer.is_complete(), answer.is_running()) == (100, True, False)
    assert answer.duration() == 1.0


def test_a_running_task(store: Store, readings: Readings) -> None:
    task = Log().task()
    read(store, task.facts(submitted(max_steps=10), claimed(), started()) + task.steps(*map(step, range(1, 4))))
    answer = readings.get_task(task.task_id)

    assert answer is not None
    assert (answer.progress, answer.is_running(), answer.is_complete()) == (30, True, False)
    assert (answer.total_time_seconds, answer.duration(at(13))) == (None, 10.0)


def test_a_failed_task_shows_why(store: Store, readings: Readings) -> None:
    task = Log().task()
    planned = RecoveryPlanned(
        lease_epoch=1,
        error_type=ErrorType.TIMEOUT,
        error_message="slow",
        strategy=Strategy.WAIT_AND_RETRY,
        attempt_number=1,
        retry_at=at(9),
    )
    failed = TaskFailed(error_type=ErrorType.SITE_DOWN, error_message="no host", evidence={"status": 502})
    read(store, task.facts(submitted(), claimed(), started(), planned, failed))
    answer = readings.get_task(task.task_id)

    assert answer is not None
    assert (answer.status, answer.error_type, answer.error_message) == (Status.FAILED, "site_down", "no host")
    assert (answer.evidence, answer.recovery_attempts, answer.recovery_succeeded) == ({"status": 502}, 1, False)
    assert answer.progress < 100


@pytest.mark.parametrize("task_id", ["018f0000-0000-7000-8000-00000000ffff", "42", "", "' OR 1=1 --"])
def test_a_task_nobody_knows(readings: Readings, task_id: str) -> None:
    assert readings.get_task(task_id) is None
    assert readings.execution_log(task_id).execution_log == []


def test_a_list_is_newest_first_with_a_true_total(store: Store, readings: Readings) -> None:
    log = Log()
    tasks = [log.task(partition=n % 3) for n in range(7)]
    for number, task in enumerate(tasks):
        task.seconds = number * 10
        read(store, task.facts(submitted(site_url=f"https://site{number % 2}.example/X"), claimed()))
    page = readings.list_tasks(limit=2, offset=1)

    assert [task.id for task in page.tasks] == [tasks[5].task_id, tasks[4].task_id]
    assert (page.total, page.limit, page.offset) == (7, 2, 1)
    assert readings.list_tasks(site_url="SITE1.example").total == 3
    assert readings.list_tasks(status=Status.CLAIMED, site_url="site0").total == 4
    assert readings.list_tasks(status=Status.PENDING).tasks == []
    assert readings.list_tasks(created_after=at(31), created_before=at(41)).total == 2
    assert readings.list_tasks(site_url="site_").total == 0


def test_a_line_of_the_list(store: Store, readings: Readings) -> None:
    task = Log().task()
    read(store, task.facts(submitted(max_steps=4), claimed(), started()) + task.steps(step(1, cost=0.25)))
    line = readings.list_tasks().tasks[0]

    assert (line.id, line.status, line.progress, line.cost) == (task.task_id, Status.IN_PROGRESS, 25, 0.25)
    assert (line.cache_hit, line.created_at, line.goal) == (False, at(1), "Register Eden")


def test_the_execution_log_and_its_filters(store: Store, readings: Readings) -> None:
    task = Log().task()
    read(store, task.facts(submitted()))
    steps = [
        step(3, ai_level=2, ai_used="claude", model="m", input_tokens=5, cost=0.1),
        step(1, ai_used="rules"),
        step(2, ai_used="rules", result="error", error_type=ErrorType.MODAL, error_details="covered"),
    ]
    read(store, task.steps(*steps))
    log = readings.execution_log(task.task_id)

    assert [row.step_number for row in log.execution_log] == [1, 2, 3]
    assert log.total_steps == 3
    assert (log.execution_log[1].error_type, log.execution_log[1].error_details) == ("modal", "covered")
    assert (log.execution_log[2].cost, log.execution_log[2].model) == (0.1, "m")
    assert log.execution_log[0].artifacts == []
    assert [r.step_number for r in readings.execution_log(task.task_id, step_min=2, step_max=2).execution_log] == [2]
    assert [r.step_number for r in readings.execution_log(task.task_id, ai_level=2).execution_log] == [3]
    assert [r.step_number for r in readings.execution_log(task.task_id, ai_used="rules").execution_log] == [1, 2]
    limited = readings.execution_log(task.task_id, limit=1)
    assert (len(limited.execution_log), limited.total_steps) == (1, 3)


def test_steps_that_came_before_their_task(store: Store, readings: Readings) -> None:
    task = Log().task()
    read(store, task.steps(step(1, cost=0.5)))
    assert readings.get_task(task.task_id) is None
    read(store, task.facts(submitted()))
    answer = readings.get_task(task.task_id)

    assert answer is not None
    assert (answer.total_steps, answer.total_cost) == (1, 0.5)


def test_counts_by_status(store: Store, readings: Readings) -> None:
    log = Log()
    read(store, log.task().facts(submitted()) + log.task().facts(submitted(), claimed()))
    counts = readings.count_by_status()

    assert (counts[Status.PENDING], counts[Status.CLAIMED], counts[Status.FAILED]) == (1, 1, 0)
    assert counts.keys() == set(Status)


def test_workers_and_what_they_hold(store: Store, readings: Readings) -> None:
    log = Log()
    read(store, [log.alive("w1", 1), log.alive("w2", 3, capacity=9), *log.task().facts(submitted(), claimed())])
    read(store, [log.alive("w1", 5, capacity=2)])
    first, second = readings.workers(at(6))

    assert (first.worker, first.capacity, first.last_seen, first.holding) == ("w1", 2, at(5), 1)
    assert (second.worker, second.capacity, second.holding, second.queues) == ("w2", 9, 0, ["default"])


def test_dead_letters_and_what_was_met(store: Store, readings: Readings) -> None:
    log = Log()
    task = log.task()
    read(store, [log.dead_letter("not JSON"), log.append("goaltrail.tasks.events", 0, b"x"), *task.facts(submitted())])

    assert readings.dead_letter_count() == 1
    [letter] = readings.dead_letters().dead_letters
    assert (letter.reason, letter.offset) == ("not JSON", 17)
    by_topic = {counts.topic: counts for counts in readings.counts()}
    assert (by_topic["goaltrail.tasks.events"].undecodable, by_topic["goaltrail.tasks.events"].taken) == (1, 1)


def test_pages_by_cursor_hold_every_task_once_though_new_ones_come_in(store: Store, readings: Readings) -> None:
    log = Log()
    for number in range(7):
        task = log.task(partition=number % 3)
        task.seconds = number // 2 * 10  # two at a time are equally old
        read(store, task.facts(submitted()))
    everyone = [task.id for task in readings.list_tasks().tasks]
    page, seen = readings.list_tasks(limit=2), list[str]()
    while True:
        seen += [task.id for task in page.tasks]
        if page.next_cursor is None:
            break
        newcomer = log.task()
        newcomer.seconds = 1_000
        read(store, newcomer.facts(submitted()))
        page = readings.list_tasks(limit=2, cursor=page.next_cursor)

    assert seen == everyone
    assert page.total == 10, "the total counts all that match, wherever the page begins"
    assert readings.list_tasks(limit=2, total=False).total is None


@pytest.mark.parametrize("cursor", ["", "x", "ü", "bm90aGluZw", "MjAyNi0wMS0wMVQwMDowMDowMCswMDowMHx4", "=", "a" * 500])
def test_a_cursor_that_is_none_of_ours(readings: Readings, cursor: str) -> None:
    with pytest.raises(ValueError, match="next_cursor"):
        readings.list_tasks(cursor=cursor)


def test_lists_by_everything_callers_look_for(store: Store, readings: Readings) -> None:
    log = Log()
    one, two = log.task(), log.task()
    fields = {"queue": "slow", "priority": 8, "goal": "Book 100% of a_Court", "metadata": {"order/no": 7, "vip": True}}
    read(store, one.facts(submitted(**fields), claimed(), started(), completed()) + two.facts(submitted()))
    ended = readings.get_task(one.task_id)
    assert ended is not None
    assert ended.completed_at is not None

    def found(**wanted: Any) -> list[str]:
        return [task.id for task in readings.list_tasks(**wanted).tasks]

    for wanted in (
        {"queue": "slow"},
        {"priority": 8},
        {"worker": "w1"},
        {"text": "100% OF A_c"},
        {"metadata": {"order/no": "7", "vip": "true"}},
        {"completed_after": ended.completed_at, "completed_before": ended.completed_at},
        {"status": [Status.COMPLETED, Status.FAILED]},
    ):
        assert found(**wanted) == [one.task_id], wanted
    assert found(metadata={"order/no": "8"}) == found(error_type="auth") == found(status=[Status.FAILED]) == []
    assert len(found(submitted_by=ended.submitted_by, status=[])) == 2
