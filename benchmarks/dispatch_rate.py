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
_AWAKE_SECONDS = 1.0
_WARM_UP = 100
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
    completed = _Completed()
    with machine.process(module, wait_ready=module == "processors"):
        watch = FactWatch(machine, completed.hear)
        runner = InstantRunner(machine.connection, machine.topics, capacity=_CAPACITY, steps=0)
        runner.start()
        while not completed.reach(1, _AWAKE_SECONDS):
            submit(machine, 1)  # the bare loop forgets what comes before it has heard of a runner
        warm = completed.count
        submit(machine, _WARM_UP)
        completed.require(warm + _WARM_UP)
        done = completed.count
        begun = submit(machine, tasks)
        completed.require(done + tasks)
        elapsed = time.monotonic() - begun
        runner.stop()
        watch.close()
    return tasks * _DECISIONS / elapsed


class _Completed:
    """How many tasks were seen to complete."""

    def __init__(self) -> None:
        self.count = 0
        self._came = threading.Condition()

    def hear(self, value: bytes, _: float) -> None:
        if b'"type":"task.completed"' in value:
            with self._came:
                self.count += 1
                self._came.notify_all()

    def reach(self, wanted: int, seconds: float) -> bool:
        """Whether that many have completed, each within `seconds` of the one before."""
        with self._came:
            while self.count < wanted:
                if not self._came.wait(seconds):
                    return False
        return True

    def require(self, wanted: int) -> None:
        """Wait for that many."""
        if not self.reach(wanted, _STALL_SECONDS):
            raise SystemExit(f"{self.count} of {wanted} completed, then nothing for {_STALL_SECONDS:g} s")
