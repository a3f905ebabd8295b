"""Decisions per second, the processors against a bare loop with the same `decide`; see `benchmarks.dispatch`."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence

from benchmarks.dispatch_log import FactWatch
from benchmarks.instant_runner import InstantRunner
from benchmarks.lifecycle import submit
from benchmarks.machine import Machine

_CAPACITY = 400
_DECISIONS = 4  #: of each task: submitted, claimed, started, completed
_STALL_SECONDS = 60.0
_MODULES = ("processors", "benchmarks.bare_loop")


def measure_rates(logs: Sequence[Machine], tasks: int) -> dict[str, float]:
    """Decisions per second of both, in turn, each on a log of its own."""
    found: dict[str, list[float]] = {module: [] for module in _MODULES}
    for number, machine in enumerate(logs):
        module = _MODULES[number % len(_MODULES)]
        found[module].append(_one(machine, module, tasks))
        print(f"{module}: {found[module][-1]:,.0f} decisions/s", flush=True)
    ours, bare = (statistics.median(found[module]) for module in _MODULES)
    return {
        "decisions_per_s": round(ours),
        "bare_loop_decisions_per_s": round(bare),
        "ratio_to_bare_loop": round(ours / bare, 2),
    }


def _one(machine: Machine, module: str, tasks: int) -> float:
    completed, came = [0], threading.Condition()

    def hear(value: bytes, _: float) -> None:
        if b'"type":"task.completed"' in value:
            with came:
                completed[0] += 1
                came.notify_all()

    def await_completed(wanted: int) -> None:
        with came:
            while completed[0] < wanted:
                if not came.wait(_STALL_SECONDS):
                    raise SystemExit(f"{completed[0]} of {wanted} completed, then nothing for {_STALL_SECONDS:g} s")

    with machine.process(module, wait_ready=module == "processors"):
        watch = FactWatch(machine, hear)
        runner = InstantRunner(machine.connection, machine.topics, capacity=_CAPACITY, steps=0)
        runner.start()
        submit(machine, 100)
        await_completed(100)
        begun = submit(machine, tasks)
        await_completed(100 + tasks)
        elapsed = time.monotonic() - begun
        runner.stop()
        watch.close()
    return tasks * _DECISIONS / elapsed
