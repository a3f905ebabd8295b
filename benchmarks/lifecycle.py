"""Tasks per second from submission to completed, everything on: `python -m benchmarks.lifecycle`.

A broker, one processor, the API with its projector, and a runner that acts at once and logs five steps per task, all on
this machine. Beside it, in the same run, the same tasks through a bare loop (`benchmarks.bare_loop`) that calls the same
`decide`. Counted is what the readings show, so the projector is inside the figure. Goal: 1,000 tasks/s.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import uuid_utils

from benchmarks.instant_runner import InstantRunner
from benchmarks.machine import Machine, running
from events.commands import SubmitTask
from events.topics import Topics
from producers.admin import ensure_topics
from producers.commands import CommandSender
from producers.kafka import KafkaPublisher

_STEPS = 5
_CAPACITY = 400  # tasks the runner holds at once
_STALL_SECONDS = 60.0
_LOOK_SECONDS = 0.25  # a look costs the API some of the time that is measured


def submit(machine: Machine, tasks: int) -> float:
    """Submit all tasks; returns the monotonic time at which that began."""
    publisher = KafkaPublisher(machine.connection)
    sender = CommandSender(publisher, machine.topics, "benchmark")
    begun = time.monotonic()
    for _ in range(tasks):
        sender.send(str(uuid_utils.uuid7()), SubmitTask(goal="Register Eden for Tuesday", site_url="http://127.0.0.1/"))
    publisher.close()
    return begun


def await_completed(machine: Machine, wanted: int) -> float:
    """Monotonic time at which the readings show `wanted` completed tasks."""
    key = (machine.home / "operator.key").read_text().strip()
    seen, moved = -1, time.monotonic()
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}) as client:
        while True:
            url = f"http://127.0.0.1:{machine.api_port}/api/browser-tasks"
            answer = client.get(url, params={"status": "COMPLETED", "limit": 1}, timeout=30).json()
            now = time.monotonic()
            if answer["data"]["total"] >= wanted:
                return now
            if answer["data"]["total"] != seen:
                seen, moved = answer["data"]["total"], now
            if now - moved > _STALL_SECONDS:
                raise SystemExit(f"{seen} of {wanted} tasks completed, then nothing for {_STALL_SECONDS:g} s")
            time.sleep(_LOOK_SECONDS)


def one_round(machine: Machine, module: str, tasks: int) -> tuple[float, dict[str, float]]:
    """Tasks/s with `module` deciding, and CPU seconds per 1,000 tasks by process."""
    with ExitStack() as stack:
        stack.enter_context(machine.process("api"))
        decider = stack.enter_context(machine.process(module, wait_ready=module == "processors"))
        runner = InstantRunner(machine.connection, machine.topics, capacity=_CAPACITY, steps=_STEPS)
        runner.start()
        stack.callback(runner.stop)
        submit(machine, 100)
        await_completed(machine, 100)
        before = _cpu(machine, decider.pid)
        elapsed = -submit(machine, tasks) + await_completed(machine, tasks + 100)
        after = _cpu(machine, decider.pid)
        used = {name: round((after[name] - before[name]) / tasks * 1_000, 2) for name in after}
    return tasks / elapsed, used


def _cpu(machine: Machine, decider: int) -> dict[str, float]:
    """CPU seconds so far of the parts; the runner and the submitter are this process."""
    api = next(p for p in psutil.Process().children() if p.cmdline()[-1:] == ["api"])
    broker = next(p for p in psutil.Process().children() if "kafka.Kafka" in p.cmdline())
    parts = {"decider": psutil.Process(decider), "api_and_projector": api, "broker": broker}
    used = {name: sum(process.cpu_times()[:2]) for name, process in parts.items()}
    del machine
    return {**used, "runner": sum(psutil.Process(os.getpid()).cpu_times()[:2])}


def main() -> None:
    """Measure both in turn and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=6_000, help="per round")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    rates: dict[str, list[float]] = {"processors": [], "benchmarks.bare_loop": []}
    with running(processors=0) as machine:
        for number in range(options.rounds):
            for module, found in rates.items():
                prefix = f"{module.rpartition('.')[2]}{number}."
                home = machine.home / prefix
                home.mkdir()
                fresh = replace(machine, topics=Topics(prefix), home=Path(home))
                ensure_topics(fresh.connection, fresh.topics)
                rate, used = one_round(fresh, module, options.tasks)
                found.append(rate)
                print(f"{module}: {rate:,.0f} tasks/s; CPU seconds per 1,000 tasks: {used}", flush=True)
    ours, bare = (statistics.median(found) for found in rates.values())
    figures = {
        "tasks": options.tasks,
        "steps_per_task": _STEPS,
        "tasks_per_s": round(ours),
        "bare_loop_tasks_per_s": round(bare),
        "ratio_to_bare_loop": round(ours / bare, 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
