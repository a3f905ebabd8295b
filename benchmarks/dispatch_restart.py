"""A processor that finds very many waiting tasks: how long until it works, and in how much memory."""

from __future__ import annotations

import threading
import time

import psutil

from benchmarks.dispatch_log import FactWatch, write_submissions
from benchmarks.instant_runner import InstantRunner
from benchmarks.machine import Machine

_PATIENCE_SECONDS = 600.0


def measure_restart(machine: Machine, waiting: int) -> dict[str, float]:
    """Seconds from the start of the process to the first claim by a live worker, and its memory then."""
    written = write_submissions(machine, waiting, queues=["default"])
    print(f"{waiting:,} submissions written in {written:.0f} s", flush=True)
    claimed = threading.Event()
    moment = [0.0]

    def hear(value: bytes, at: float) -> None:
        if not claimed.is_set() and b'"type":"task.claimed"' in value:
            moment[0] = at
            claimed.set()

    watch = FactWatch(machine, hear)
    runner = InstantRunner(machine.connection, machine.topics, capacity=1, steps=0, keeps=True)
    runner.start()
    begun = time.monotonic()
    with machine.process("processors", wait_ready=False) as process:
        if not claimed.wait(_PATIENCE_SECONDS):
            raise SystemExit(f"nothing was claimed within {_PATIENCE_SECONDS:g} s")
        memory = psutil.Process(process.pid).memory_info().rss
        runner.stop()
    watch.close()
    return {
        f"restart_s_with_{waiting}_waiting": round(moment[0] - begun, 1),
        f"rss_mb_with_{waiting}_waiting": round(memory / 2**20),
    }
