"""Fifty goals, four workers: the order, one epoch at a time, and ceilings kept through the death of the dispatcher."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.facts import TaskClaimed, TaskSubmitted
from local.kafka_server import Broker
from tests.integration.dispatch_scene import Crew, epochs_overlap, most_at_once
from tests.integration.processes import Process
from tests.integration.processing import Watched, Worker
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

GOALS, WORKERS = 50, 4
PRIORITIES = (5, 9, 2, 10, 5, 1, 7)
PATIENCE_S = 60.0


@pytest.fixture
def log(broker: Broker, tmp_path: Path) -> Iterator[Watched]:
    with Watched(broker.bootstrap, tmp_path) as watched:
        yield watched


def submitted(log: Watched, sites: tuple[str, ...]) -> dict[str, str]:
    """Submit all goals before anybody can take one; by task id, its site."""
    tasks = {}
    for number in range(GOALS):
        site = sites[number % len(sites)]
        tasks[log.submit(site_url=f"http://{site}/", priority=PRIORITIES[number % len(PRIORITIES)])] = site
    for task_id in tasks:
        log.await_fact(task_id, "task.submitted")
    return tasks


def promised_order(log: Watched, tasks: list[str]) -> list[str]:
    """Most urgent first, then oldest; a minute of waiting counts as one step."""

    def rank(task_id: str) -> float:
        fact = log.facts[task_id][0]
        assert isinstance(fact.event, TaskSubmitted)
        return fact.recorded_at.timestamp() - fact.event.priority * 60

    return sorted(tasks, key=rank)


def claimed_order(log: Watched, tasks: list[str]) -> list[str]:
    claims = [f for t in tasks for f in log.facts[t] if isinstance(f.event, TaskClaimed)]
    first = {fact.task_id: fact.recorded_at for fact in sorted(claims, key=lambda f: f.recorded_at, reverse=True)}
    return sorted(tasks, key=lambda task_id: first[task_id])


def overtaken(promised: list[str], claimed: list[str]) -> int:
    """The most tasks that ever still waited although they should have gone before the one that was claimed."""
    place = {task_id: number for number, task_id in enumerate(promised)}
    return max(sum(place[later] < place[task] for later in claimed[n + 1 :]) for n, task in enumerate(claimed))


def await_completed(log: Watched, tasks: dict[str, str]) -> None:
    for task_id in tasks:
        log.await_fact(task_id, "task.completed", timeout=PATIENCE_S)


def test_fifty_goals_go_in_the_promised_order(log: Watched) -> None:
    log.processor()
    tasks = submitted(log, ("a.test",))
    workers = [Worker(log) for _ in range(WORKERS)]
    crew = Crew(log, workers)

    await_completed(log, tasks)
    crew.rest()
    for worker in workers:
        worker.die()

    # Claims that are asked for together may be decided in any order: partitions know nothing of each other.
    assert overtaken(promised_order(log, list(tasks)), claimed_order(log, list(tasks))) < WORKERS
    assert all(log.kinds(task_id).count("task.claimed") == 1 for task_id in tasks)


def test_ceilings_hold_through_the_death_of_the_dispatcher(log: Watched) -> None:
    settings = {
        "GOALTRAIL_TASKS__SITE_CEILING": "1",
        "GOALTRAIL_TASKS__LEASE_SECONDS": "30",
        "GOALTRAIL_KAFKA__SESSION_TIMEOUT_SECONDS": "6",
    }
    both = [log.launched(name, **settings).launch() for name in ("a", "b")]
    for process in both:
        until(lambda p=process: "caught up" in p.log.read_text(), 60, what="both own partitions")  # type: ignore[misc]
    tasks = submitted(log, ("a.test", "b.test", "c.test:8080"))
    workers = [Worker(log) for _ in range(WORKERS)]
    crew = Crew(log, workers)
    until(lambda: sum("task.completed" in log.kinds(t) for t in tasks) >= GOALS // 4, PATIENCE_S, what="a quarter done")

    the_one_in_charge(both).stop(signal.SIGKILL)
    done_before = sum("task.completed" in log.kinds(t) for t in tasks)
    await_completed(log, tasks)
    crew.rest()
    for worker in workers:
        worker.die()

    assert done_before < GOALS
    assert most_at_once(log, tasks) == {"a.test": 1, "b.test": 1, "c.test:8080": 1}
    assert not any(epochs_overlap(log.facts[task_id]) for task_id in tasks)
    for site in set(tasks.values()):
        there = [task_id for task_id in tasks if tasks[task_id] == site]
        assert claimed_order(log, there) == promised_order(log, there)


def the_one_in_charge(processes: list[Process]) -> Process:
    """The process that dispatches: the last one to say that it began."""

    def began(process: Process) -> str:
        lines = [line for line in process.log.read_text().splitlines() if "dispatch.begin" in line]
        return lines[-1] if lines else ""  # a line begins with its time

    return max(processes, key=began)
