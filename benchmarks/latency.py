"""Submit to "a runner has it", on an idle system: `python -m benchmarks.latency`.

One goal at a time on a real broker and one processor; the clock runs from the call that sends the submission to the
moment its assignment is decoded in the runner. Goals: p50 15 ms, p99 60 ms.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time

import uuid_utils

from benchmarks.instant_runner import InstantRunner
from benchmarks.machine import Machine, running
from events.commands import SubmitTask
from producers.commands import CommandSender
from producers.kafka import KafkaPublisher

_PAUSE_SECONDS = 0.05  # between goals, so that each one meets an idle system
_WARM_UP = 10
_PATIENCE_SECONDS = 30.0


def measure(machine: Machine, goals: int) -> list[float]:
    """Milliseconds from submission to assignment, one per goal."""
    arrived: dict[str, float] = {}
    came = threading.Condition()

    def on_assignment(task_id: str, at: float) -> None:
        with came:
            arrived[task_id] = at
            came.notify_all()

    publisher = KafkaPublisher(machine.connection)
    sender = CommandSender(publisher, machine.topics, "benchmark")
    runner = InstantRunner(machine.connection, machine.topics, capacity=4, steps=0, on_assignment=on_assignment)
    runner.start()
    taken = []
    for _ in range(goals + _WARM_UP):
        task_id = str(uuid_utils.uuid7())
        begun = time.monotonic()
        sender.send(task_id, SubmitTask(goal="open the list", site_url="http://127.0.0.1/"))
        with came:
            if not came.wait_for(lambda wanted=task_id: wanted in arrived, _PATIENCE_SECONDS):  # type: ignore[misc]
                raise SystemExit(f"task {task_id} did not reach the runner within {_PATIENCE_SECONDS:g} s")
        taken.append((arrived[task_id] - begun) * 1_000)
        time.sleep(_PAUSE_SECONDS)
    runner.stop()
    publisher.close()
    return sorted(taken[_WARM_UP:])


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goals", type=int, default=200)
    goals = parser.parse_args().goals
    with running(processors=1) as machine:
        print(f"one processor on {machine.bootstrap}; {goals} goals, one at a time")
        taken = measure(machine, goals)
    figures = {
        "goals": goals,
        "p50_ms": round(statistics.median(taken), 1),
        "p99_ms": round(taken[max(0, int(len(taken) * 0.99) - 1)], 1),
        "max_ms": round(taken[-1], 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
