"""How long answers take while a writer is busy, and how long a fact takes to an answer; see `benchmarks.projections`."""

from __future__ import annotations

import multiprocessing
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import Message, Producer

from benchmarks.machine import Machine
from benchmarks.projections_feed import feed
from benchmarks.projections_history import BLOCK, PARTITIONS, SITES, History
from events.task import Status
from projections.projector import Projector
from projections.queries import Readings

_READERS = 2
_THINK_SECONDS = 0.04  # between the questions of one reader: some 40 questions a second in all
_PROBE_SECONDS = 0.05
_WARM_SECONDS = 3.0
_PATIENCE_SECONDS = 60.0
_PAGE = 50
_PROBES_BEGIN = 500_000  #: tasks beyond the history, so that the feed never gets there

Taken = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class _Scene:
    machine: Machine
    projector: Projector
    history: History


def measure_answers(machine: Machine, history: History, path: Path, rounds: int, seconds: float) -> dict[str, float]:
    """Percentiles in milliseconds, the median over the rounds, at 1,000 facts a second."""
    found: list[Taken] = []
    projector = Projector(machine.connection, machine.topics, path)
    projector.start()
    scene = _Scene(machine, projector, history)
    try:
        with _writer(machine, history):
            _one_round(scene, _WARM_SECONDS, -1)
            for number in range(rounds):
                found.append(_one_round(scene, seconds, number))
                print({name: round(_p99(taken), 1) for name, taken in sorted(found[-1].items())}, flush=True)
        if projector.failure:
            raise SystemExit(f"the projector ended: {projector.failure}")
        behind = sum(lag.behind for lag in projector.lag())
    finally:
        projector.stop()
    figures: dict[str, float] = {"records_behind_at_the_end": behind}
    for name in sorted(found[0]):
        figures[f"{name}_p50_ms"] = round(statistics.median(statistics.median(one[name]) for one in found), 1)
        figures[f"{name}_p99_ms"] = round(statistics.median(_p99(one[name]) for one in found), 1)
    pages = ("list_first", "list_deep", "list_cursor")
    return figures | {"list_p99_ms": max(figures[f"{page}_p99_ms"] for page in pages)}


def questions(readings: Readings, history: History, chance: random.Random) -> dict[str, Callable[[], object]]:
    """What is asked, by name; each call asks about something else."""
    last_cursor = [_deep_cursor(readings, history)]

    def some_task() -> str:
        newest = chance.random() < 0.5
        return history.task_id(history.tasks - 1 - chance.randrange(2_000 if newest else history.tasks))

    def cursor_page() -> None:
        page = readings.list_tasks(**_wanted(history, 7), limit=_PAGE, cursor=last_cursor[0], total=False)
        last_cursor[0] = page.next_cursor or _deep_cursor(readings, history)

    def site() -> int:
        return chance.randrange(SITES)

    end = history.end
    return {
        "get": lambda: readings.get_task(some_task()),
        "list_first": lambda: readings.list_tasks(**_wanted(history, site()), limit=_PAGE),
        "list_deep": lambda: readings.list_tasks(**_wanted(history, site()), limit=_PAGE, offset=2_000),
        "list_cursor": cursor_page,
        "execution_log": lambda: readings.execution_log(some_task()),
        "metrics": lambda: readings.metrics((end - timedelta(days=29)).date(), end.date()),
        "queue": lambda: readings.queue_status(end),
        "escalations": lambda: readings.escalations(limit=_PAGE),
    }


def _wanted(history: History, site: int) -> Any:
    week = history.end - timedelta(days=7)
    return {"status": Status.COMPLETED, "site_url": f"site-{site}.example", "created_after": week}


def _deep_cursor(readings: Readings, history: History) -> str | None:
    return readings.list_tasks(**_wanted(history, 7), limit=_PAGE, offset=1_000, total=False).next_cursor


@contextmanager
def _writer(machine: Machine, history: History) -> Iterator[None]:
    """A process of its own, as the log's writers are."""
    arguments = (machine.connection, machine.topics, history, history.tasks, 1_000)
    process = multiprocessing.get_context("spawn").Process(target=feed, args=arguments, daemon=True)
    process.start()
    try:
        yield
        if not process.is_alive():
            raise SystemExit("the writer ended too early")
    finally:
        process.kill()
        process.join()


def _one_round(scene: _Scene, seconds: float, number: int) -> Taken:
    over = time.monotonic() + seconds
    taken: Taken = {}
    probe = threading.Thread(target=_probe, args=(scene, over, number, taken))
    readers = [
        threading.Thread(target=_ask, args=(scene, over, 10 * number + reader, taken)) for reader in range(_READERS)
    ]
    for thread in (probe, *readers):
        thread.start()
    for thread in (probe, *readers):
        thread.join()
    return taken


def _ask(scene: _Scene, over: float, seed: int, taken: Taken) -> None:
    chance = random.Random(seed)
    asked = list(questions(scene.projector.readings, scene.history, chance).items())
    while time.monotonic() < over:
        chance.shuffle(asked)
        for name, question in asked:
            begun = time.perf_counter()
            question()
            taken.setdefault(name, []).append((time.perf_counter() - begun) * 1_000)
            time.sleep(_THINK_SECONDS)


def _probe(scene: _Scene, over: float, number: int, taken: Taken) -> None:
    """From the call that sends a submission to the answer that shows the task."""
    machine, projector, history = scene.machine, scene.projector, scene.history
    producer = Producer({**machine.connection, "linger.ms": 0})
    places: list[str] = []

    def delivered(_: object, message: Message) -> None:
        places.append(f"{message.topic()}:{message.partition()}:{message.offset()}")

    task = history.tasks + _PROBES_BEGIN + (number + 1) * 10_000
    while time.monotonic() < over:
        task += 1
        facts, _ = history.task(task)
        begun = time.perf_counter()
        home = task // BLOCK % PARTITIONS
        producer.produce(
            machine.topics.task_events, facts[0].encode(), history.task_id(task), home, on_delivery=delivered
        )
        producer.flush(_PATIENCE_SECONDS)
        if not projector.wait_for(places.pop(), _PATIENCE_SECONDS):
            raise SystemExit("a fact did not become visible")
        if projector.readings.get_task(history.task_id(task)) is None:
            raise SystemExit("a fact was said to be visible, but is not")
        taken.setdefault("visible", []).append((time.perf_counter() - begun) * 1_000)
        time.sleep(_PROBE_SECONDS)


def _p99(taken: list[float]) -> float:
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
