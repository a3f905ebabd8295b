"""Callbacks: what is owed survives everything, and nothing is taken for an end that is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from events.commands import CancelTask
from events.errors import ApiUnreachable, LogConflict, NoSuchTask
from events.task import Status
from producers.callback_store import CallbackStore, Owed
from producers.callbacks import Callbacks
from producers.goal_answers import TaskResult
from tests.unit.producers.hall import TOPICS, Hall
from tests.wait import until


class Readings:
    """Tasks by id, and what was asked for."""

    def __init__(self) -> None:
        self.tasks: dict[str, Status] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.away = False
        self.unreadable: set[str] = set()

    def __call__(self, task_id: str, *, wait_for: str | None) -> TaskResult:
        self.asked.append((task_id, wait_for))
        if self.away or task_id in self.unreadable:
            raise ApiUnreachable("no answer")
        if task_id not in self.tasks:
            raise NoSuchTask(task_id)
        return TaskResult.model_validate(
            {
                **dict.fromkeys(("final_result", "result_data", "error_type", "error_message", "started_at")),
                **dict.fromkeys(("completed_at", "total_time_seconds")),
                "task_id": task_id,
                "status": self.tasks[task_id],
                "created_at": "2026-11-23T08:30:00Z",
                "total_steps": 0,
                "total_cost": 0.0,
                "recovery_attempts": 0,
                "cache": {"cached_path_used": False, "time_saved_seconds": 0.0},
            }
        )


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
def heard() -> list[str]:
    return []


New = Callable[..., Callbacks]


@pytest.fixture
def new(tmp_path: Path, readings: Readings, heard: list[str]) -> New:
    """One more life of the background worker, on the same file."""

    def made(hall: Hall | None = None) -> Callbacks:
        callbacks = Callbacks(CallbackStore(tmp_path / "owed.db"), readings, TOPICS, hall)
        callbacks.know("hear", lambda result: heard.append(result.task_id))
        return callbacks

    return made


def test_without_a_log_each_awaited_task_is_asked_for(new: New, readings: Readings, heard: list[str]) -> None:
    callbacks = new()
    readings.tasks = {"a": Status.IN_PROGRESS, "b": Status.COMPLETED}
    for task_id in ("a", "b", "unknown"):
        callbacks.owe(task_id, "hear")

    assert (callbacks.check(), heard) == (1, ["b"])
    readings.tasks["a"] = Status.FAILED
    assert (callbacks.check(), heard) == (1, ["b", "a"])
    assert callbacks.check() == 0


def test_what_is_owed_survives_the_process(new: New, readings: Readings, heard: list[str]) -> None:
    new().owe("a", "hear")
    readings.tasks["a"] = Status.COMPLETED

    assert (new().check(), heard) == (1, ["a"])
    assert new().check() == 0


def test_a_callback_that_was_made_is_not_owed_again_by_a_repeated_submission(
    new: New, readings: Readings, heard: list[str]
) -> None:
    readings.tasks["a"] = Status.COMPLETED
    for _ in range(2):
        callbacks = new()
        callbacks.owe("a", "hear")
        callbacks.check()

    assert heard == ["a"]


def test_an_ended_task_is_found_in_the_log_and_read_as_of_its_end(
    new: New, readings: Readings, heard: list[str]
) -> None:
    hall, callbacks = Hall(), None
    task_id = hall.submit()
    until(hall.facts)
    readings.tasks[task_id] = Status.PENDING
    callbacks = new(hall)
    callbacks.owe(task_id, "hear")
    assert callbacks.check() == 0
    assert callbacks.check() == 0
    assert readings.asked == [(task_id, "t.tasks.events:0:0")]  # once, as of where the log is followed from

    hall.order(task_id, CancelTask())
    until(lambda: len(hall.facts()) == 2)
    readings.tasks[task_id] = Status.CANCELLED
    assert new(hall).check() == 1  # another process goes on where this one stopped
    hall.close()

    assert heard == [task_id]
    assert readings.asked[1:] == [(task_id, "t.tasks.events:0:1")]


def test_a_task_registered_after_its_end_was_read_over_is_found(new: New, readings: Readings, heard: list[str]) -> None:
    hall = Hall()
    other, ended = hall.submit(), hall.submit()
    until(lambda: len(hall.facts()) == 2)
    readings.tasks = dict.fromkeys((other, ended), Status.PENDING)
    callbacks = new(hall)
    callbacks.owe(other, "hear")
    callbacks.check()
    hall.order(ended, CancelTask())
    until(lambda: len(hall.facts()) == 3)
    callbacks.check()
    readings.tasks[ended] = Status.CANCELLED

    callbacks.owe(ended, "hear")

    assert callbacks.check() == 1
    assert heard == [ended]
    hall.close()


def test_a_late_fact_that_fell_off_the_chain_is_no_end(new: New, readings: Readings, heard: list[str]) -> None:
    hall = Hall()
    task_id = hall.submit()
    until(hall.facts)
    readings.tasks[task_id] = Status.IN_PROGRESS
    callbacks = new(hall)
    callbacks.owe(task_id, "hear")
    callbacks.check()
    hall.order(task_id, CancelTask())
    until(lambda: len(hall.facts()) == 2)

    assert callbacks.check() == 0  # the readings did not take it
    assert heard == []
    readings.tasks[task_id] = Status.COMPLETED
    hall.publisher.send(TOPICS.task_events, task_id, hall.publisher.records(TOPICS.task_events)[-1].body)
    assert callbacks.check() == 1
    hall.close()


def test_another_log_is_followed_from_its_end_and_all_is_asked_for_again(
    new: New, readings: Readings, heard: list[str]
) -> None:
    first, second = Hall(), Hall()
    task_id = first.submit()
    until(first.facts)
    readings.tasks[task_id] = Status.PENDING
    new_one = new(first)
    new_one.owe(task_id, "hear")
    new_one.check()
    readings.tasks[task_id] = Status.COMPLETED

    assert new(second).check() == 1
    assert heard == [task_id]
    first.close()
    second.close()


def test_an_api_that_is_away_loses_nothing(new: New, readings: Readings, heard: list[str]) -> None:
    callbacks = new()
    callbacks.owe("a", "hear")
    readings.tasks["a"], readings.away = Status.COMPLETED, True
    assert callbacks.check() == 0

    readings.away = False
    assert (callbacks.check(), heard) == (1, ["a"])


def test_a_name_nobody_knows_here_stays_owed(new: New, readings: Readings, heard: list[str]) -> None:
    callbacks = new()
    readings.tasks["a"] = Status.COMPLETED
    callbacks.owe("a", "unknown here")
    callbacks.owe("a", "hear")
    assert (callbacks.check(), heard) == (1, ["a"])

    callbacks.know("unknown here", lambda result: heard.append(result.status.value))
    assert (callbacks.check(), heard) == (1, ["a", "COMPLETED"])


def test_a_handler_that_raises_stops_no_other_and_is_called_again(
    new: New, readings: Readings, heard: list[str]
) -> None:
    callbacks, tries = new(), []
    readings.tasks = {"a": Status.COMPLETED, "b": Status.COMPLETED}

    def moody(result: TaskResult) -> None:
        tries.append(result.task_id)
        if len(tries) < 3:
            raise OSError("away")

    callbacks.know("moody", moody)
    callbacks.owe("a", "moody")
    callbacks.owe("b", "hear")

    assert [callbacks.check() for _ in range(4)] == [1, 0, 1, 0]
    assert (tries, heard) == (["a", "a", "a"], ["b"])


def test_two_processes_do_not_make_the_same_callback_at_once(new: New, readings: Readings) -> None:
    first, second = new(), new()
    readings.tasks["a"] = Status.COMPLETED
    inside: list[int] = []
    first.know("look", lambda _: inside.append(second.check()))
    second.know("look", lambda _: inside.append(-1))
    first.owe("a", "look")

    assert first.check() == 1
    assert inside == [0]


def test_ends_that_were_archived_unseen_are_asked_for(
    new: New, readings: Readings, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = Hall()
    callbacks = new(hall)
    readings.tasks["a"] = Status.IN_PROGRESS
    callbacks.owe("a", "hear")
    for _ in range(2):
        assert callbacks.check() == 0

    def gone(*_: object) -> None:
        raise LogConflict("the log begins behind")

    monkeypatch.setattr(hall, "facts_since", gone)
    readings.tasks["a"] = Status.COMPLETED

    assert (callbacks.check(), heard) == (1, ["a"])
    hall.close()


def test_reading_on_and_noting_ends_is_one_change(tmp_path: Path) -> None:
    store = CallbackStore(tmp_path / "owed.db")
    store.add("a", "hear")
    store.begin({0: 5})

    class Broken(dict[int, int]):
        def items(self) -> Mapping[int, int]:  # type: ignore[override]
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        store.moved(Broken({0: 9}), {"a": "t:0:8"})

    assert (store.owed(), store.positions()) == ([], {0: 5})
    store.moved({0: 9}, {"a": "t:0:8"})
    assert (store.owed(), store.positions()) == ([Owed("a", "hear", "t:0:8")], {0: 9})
    store.close()


def test_one_that_cannot_be_read_holds_up_no_other_for_ever(new: New, readings: Readings, heard: list[str]) -> None:
    callbacks = new()
    readings.tasks = {"a": Status.COMPLETED, "b": Status.COMPLETED}
    for task_id in ("a", "b"):
        callbacks.owe(task_id, "hear")
    callbacks._verify()
    readings.unreadable = {"a"}

    assert [callbacks.check() for _ in range(3)] == [0, 1, 0]
    readings.unreadable = set()
    assert (callbacks.check(), heard) == (1, ["b", "a"])
