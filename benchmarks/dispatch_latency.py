"""Submission to `task.claimed` while other tasks wait; see `benchmarks.dispatch`."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import ExitStack

import uuid_utils
from pydantic_core import from_json

from benchmarks.dispatch_log import FactWatch, write_submissions
from benchmarks.instant_runner import InstantRunner
from benchmarks.machine import Machine
from events.commands import SubmitTask
from producers.commands import CommandSender
from producers.kafka import KafkaPublisher

HELD_SITE = "http://held.test/"  #: one task of it runs and never ends, and its ceiling is one
_SETTINGS = {"GOALTRAIL_TASKS__SITE_CEILING": "1", "GOALTRAIL_TASKS__LEASE_SECONDS": "3600"}
_PAUSE_SECONDS = 0.02  # between goals, so that each one meets an idle system
_WARM_UP = 20
_PATIENCE_SECONDS = 120.0
_CLAIMED = b'"type":"task.claimed"'


class _Claims:
    """Claimed facts as they arrive."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._came = threading.Condition()

    def hear(self, value: bytes, at: float) -> None:
        if _CLAIMED in value:
            with self._came:
                self._at[from_json(value)["task_id"]] = at
                self._came.notify_all()

    def moment(self, task_id: str) -> float:
        """When the claim of the task was seen; waits for it."""
        with self._came:
            if not self._came.wait_for(lambda: task_id in self._at, _PATIENCE_SECONDS):
                raise SystemExit(f"task {task_id} was not claimed within {_PATIENCE_SECONDS:g} s")
            return self._at[task_id]


def measure_latency(machine: Machine, waiting: int, probes: int) -> dict[str, float]:
    """Figures with `waiting` tasks that cannot be given out."""
    if waiting:
        write_submissions(machine, waiting - waiting // 2, queues=["unserved"])
        write_submissions(machine, waiting // 2, queues=["default"], site=HELD_SITE)
    claims = _Claims()
    with ExitStack() as stack:
        stack.enter_context(machine.process("processors", settings=_SETTINGS))
        watch = FactWatch(machine, claims.hear)
        stack.callback(watch.close)
        keeper = InstantRunner(machine.connection, machine.topics, capacity=1, steps=0, keeps=True)
        if waiting > 1:
            keeper.start()
            stack.callback(keeper.stop)
            keeper.kept.wait(_PATIENCE_SECONDS)
        runner = InstantRunner(machine.connection, machine.topics, capacity=4, steps=0)
        runner.start()
        stack.callback(runner.stop)
        taken = _probe(machine, claims, probes)
    return {
        f"p50_ms_at_{waiting}": round(statistics.median(taken), 1),
        f"p99_ms_at_{waiting}": round(taken[max(0, int(len(taken) * 0.99) - 1)], 1),
        f"max_ms_at_{waiting}": round(taken[-1], 1),
    }


def _probe(machine: Machine, claims: _Claims, probes: int) -> list[float]:
    publisher = KafkaPublisher(machine.connection)
    sender = CommandSender(publisher, machine.topics, "benchmark")
    taken = []
    for number in range(probes + _WARM_UP):
        task_id = str(uuid_utils.uuid7())
        begun = time.monotonic()
        sender.send(task_id, SubmitTask(goal="open the list", site_url=f"http://probe{number}.test/"))
        taken.append((claims.moment(task_id) - begun) * 1_000)
        time.sleep(_PAUSE_SECONDS)
    publisher.close()
    return sorted(taken[_WARM_UP:])
