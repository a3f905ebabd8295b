"""How fast the projector folds, and how fast a rebuild does; see `benchmarks.projections`."""

from __future__ import annotations

import gc
import statistics
import threading
import time
from itertools import islice
from pathlib import Path
from typing import cast

from benchmarks.machine import Machine
from benchmarks.projections_feed import arrivals, write_history
from benchmarks.projections_history import History
from projections.consumer import LogReader
from projections.follower import Follower
from projections.rebuild import rebuild
from projections.records import Intake, Place, Record

_BATCH = 1_000
_BATCHES = 40  # of one round
_WARM_BATCHES = 5


class PreparedLog:
    """A log reader that gives what it was given: batches of one size, the cost of Kafka's client left out."""

    def __init__(self, batches: list[list[Record]]) -> None:
        self._batches = batches

    def take(self, _: threading.Event) -> Intake:
        """The next batch."""
        return Intake(self._batches.pop(0))

    def close(self) -> None:
        """Nothing is held."""


def measure_fold(machine: Machine, history: History, path: Path, rounds: int) -> dict[str, float]:
    """Facts per second of the projector's own step, in batches of a thousand."""
    follower = Follower(machine.connection, machine.topics, path)
    follower.reader.close()
    batches = _batches(machine, history, _WARM_BATCHES + rounds * _BATCHES)
    follower.reader = cast("LogReader", PreparedLog(batches))
    never = threading.Event()
    for _ in range(_WARM_BATCHES):
        follower.step(never)
    gc.collect()
    gc.freeze()  # what was prepared is no memory of a projector's
    rates, each = list[float](), list[float]()
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(_BATCHES):
            before = time.perf_counter()
            follower.step(never)
            each.append((time.perf_counter() - before) * 1_000)
        rates.append(_BATCHES * _BATCH / (time.perf_counter() - begun))
    tallies = follower.tallies.values()
    if any(tally.strays or tally.undecodable or tally.repeats for tally in tallies):
        raise SystemExit("the made-up records are not what a log would hold")
    follower.close()
    gc.unfreeze()
    return {
        "fold_facts_per_s": round(statistics.median(rates)),
        "fold_facts_per_s_best": round(max(rates)),
        "fold_batch_p50_ms": round(statistics.median(each), 1),
        "fold_batch_best_ms": round(min(each), 1),
    }


def _batches(machine: Machine, history: History, number: int) -> list[list[Record]]:
    offsets: dict[Place, int] = {}
    coming, batches = arrivals(history, history.tasks), []
    for _ in range(number):
        batch = []
        for is_step, partition, _, value in islice(coming, _BATCH):
            place = Place(machine.topics.step_events if is_step else machine.topics.task_events, partition)
            offset = offsets.get(place, 0)
            offsets[place] = offset + 1
            batch.append(Record(place, offset, value, None))
        batches.append(batch)
    return batches


def measure_rebuild(machine: Machine, history: History, sizes: list[int]) -> dict[str, float]:
    """Records per second of a rebuild from a real log, which grows to each of the sizes in turn."""
    figures: dict[str, float] = {}
    task = written = 0
    for size in sizes:
        begun = time.monotonic()
        task, sent = write_history(machine.connection, machine.topics, history, task, size - written)
        written += sent
        print(f"log of {written:,} records, {sent / (time.monotonic() - begun):,.0f} written a second", flush=True)
        done = rebuild(machine.connection, machine.topics, machine.home / "rebuilt.duckdb", lambda _: None)
        if done.records < written:
            raise SystemExit(f"{done.records} of {written} records were read")
        figures[f"rebuild_facts_per_s_at_{_short(size)}"] = round(done.records / done.seconds)
        print(f"rebuilt in {done.seconds:.1f} s", flush=True)
    rates = list(figures.values())
    return {"rebuild_facts_per_s": min(rates), **figures}


def _short(size: int) -> str:
    return f"{size // 1_000_000}m" if size % 1_000_000 == 0 else f"{size // 1_000}k"
