"""The examples in the clients' docstrings, run as they stand against a real installation."""

from __future__ import annotations

import asyncio
import doctest
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from producers import async_goals, async_workers, goal_readings, goals, worker_reports, workers
from producers.goals import GoalClient
from producers.workers import WorkerClient
from tests.integration.installation import Installation
from tests.wait import until

pytestmark = pytest.mark.kafka

GOAL, SITE = "Register Eden for Tuesday swimming", "https://aquatechswim.com"
RESULT = "Registered, confirmation 4711"
MODULES = (goals, goal_readings, workers, worker_reports, async_goals, async_workers)
EXAMPLES = [
    example
    for module in MODULES
    for example in doctest.DocTestFinder(exclude_empty=True).find(module)
    if example.examples
]


class World:
    """What the examples find: an installation, both clients, a finished task, a task in hand, and somebody at work."""

    def __init__(self, home: Installation, folder: Path) -> None:
        url, key, connection = home.url, home.key, home.connection
        self._http = httpx.Client(base_url=url, headers={"X-API-Key": key})
        self.goals = GoalClient(url, key, connection=connection, callbacks_file=folder / "owed.db")
        self.workers = WorkerClient(url, key, connection=connection)
        self._others = WorkerClient(url, key, connection=connection)
        self.names: dict[str, Any] = {
            "url": url, "api_key": key, "connection": connection, "goals": self.goals, "workers": self.workers,
            "GoalClient": GoalClient, "WorkerClient": WorkerClient, "asyncio": asyncio,
            "AsyncGoalClient": async_goals.AsyncGoalClient, "AsyncWorkerClient": async_workers.AsyncWorkerClient,
        }  # fmt: skip
        finished = self.task_in_hand()
        self.workers.report_completion(finished, RESULT)
        until(lambda: self.goals.get_task_result(finished).is_complete)
        self.names["finished_id"] = finished

    def task_in_hand(self) -> str:
        task_id = self.goals.submit_goal(GOAL, SITE)
        assert [task.task_id for task in self.workers.claim_task("w", wait_seconds=15).tasks] == [task_id]
        return task_id

    def work(self, stop: threading.Event) -> None:
        """Complete whatever comes."""
        while not stop.is_set():
            for task in self._others.claim_task("elsewhere", max_tasks=5, wait_seconds=1).tasks:
                self._others.report_completion(task.task_id, RESULT)

    def cancel(self, task_id: str) -> None:
        """Leave nothing waiting for the next example; what is over already stays as it is."""
        self._http.delete(f"/api/browser-tasks/{task_id}")

    def close(self) -> None:
        for client in (self.goals, self.workers, self._others, self._http):
            client.close()


@pytest.fixture(scope="module")
def world(client_home: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(client_home, tmp_path_factory.mktemp("examples"))
    yield made
    made.close()


def needs(example: doctest.DocTest) -> str:
    """What must be there: somebody who works, a goal that waits, a task in hand, or a finished one."""
    name = example.name.rsplit(".", 1)[-1]
    if name in {"GoalClient", "AsyncGoalClient"}:
        return "somebody at work"
    if name in {"WorkerClient", "AsyncWorkerClient"}:
        return "a waiting goal"
    if name in {"intend_step", "update_progress", "report_completion", "report_failure"}:
        return "a task in hand"
    return "a finished task"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_runs_as_it_stands(example: doctest.DocTest, world: World) -> None:
    stop = threading.Event()
    there = needs(example)
    names = dict(world.names, task_id=world.names["finished_id"])
    somebody = threading.Thread(target=world.work, args=(stop,))
    if there == "somebody at work":
        somebody.start()
    elif there == "a waiting goal":
        world.goals.submit_goal(GOAL, SITE)
    elif there == "a task in hand":
        names["task_id"] = world.task_in_hand()
        if "report_completion" in example.name:
            world.workers.update_progress(names["task_id"], 1, "open the timetable")
    example.globs = names
    said: list[str] = []
    try:
        doctest.DocTestRunner(verbose=False).run(example, out=said.append, clear_globs=False)
    finally:
        stop.set()
        if somebody.ident is not None:
            somebody.join()
        for name in {"task_id", "chained"} & names.keys():
            world.cancel(names[name])

    assert "".join(said) == ""


def test_there_is_an_example_for_every_method_of_mission_5_and_6() -> None:
    shown = {example.name.rsplit(".", 1)[-1] for example in EXAMPLES}

    assert shown >= {
        "claim_task", "update_progress", "report_completion", "report_failure", "get_task_status", "submit_goal",
        "get_task_result", "wait_for_completion", "register_complete_callback", "get_task_chain_id",
        "get_active_task_count", "get_queue_depth", "get_metrics_summary", "report_task_cost",
    }  # fmt: skip
