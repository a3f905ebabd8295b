"""Kills, stops and faults under load, and a judge that trusts nobody: `python -m benchmarks.nemesis --seconds 45`.

Two processors on a real broker are killed at random (`kill -9`), stopped for longer than the session timeout and
continued, and made to exit before, between and after their sends; runners are killed too. Then all is healed, and once
every task has ended the log is read anew from offset 0 and held against what was acknowledged and what was done outside.

- `lost`: submissions that were acknowledged and have no chain
- `gaps`: tasks with a version missing in their chain
- `illegal`: tasks with a step that a hand-written table does not allow
- `unfinished`: tasks neither final nor with a human
- `run_twice`: tasks whose effect happened more than once, or acted on under an epoch after a higher one had acted, or
  after the lease of that epoch had ended, or with a fact of an epoch that was over
- `disagree`: tasks that the processors' own fold sees otherwise
- `missing_effects`: completed tasks whose effect nobody can see
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import uuid_utils

from benchmarks.machine import Machine, running
from benchmarks.nemesis_check import Deeds, Verdict, judge_deeds
from benchmarks.nemesis_fleet import Fleet
from benchmarks.nemesis_journal import acts_in
from events.commands import CancelTask, SubmitTask
from events.errors import PublishFailed
from processors.faults import parse_faults
from processors.fold import PartitionFold
from processors.ledger import Ledger
from producers.commands import CommandSender
from producers.kafka import KafkaPublisher

_FAULTS = "before_facts:0.01,between_facts:0.01,before_follow_ups:0.01,after_follow_ups:0.01"
_SESSION_SECONDS = 2.0
_STOP_SECONDS = _SESSION_SECONDS + 2.0
_RATE = 30.0  # submissions per second
_KILL_EVERY_SECONDS = 2.5
_STOP_EVERY_SECONDS = 12.0
_RUNNER_KILL_EVERY_SECONDS = 8.0
_CANCELLED = 0.03  # of all tasks
_TICK_SECONDS = 0.1
_LEAST_KILLS = 10
_LEAST_STOPS = 2


class Submitter(threading.Thread):
    """Submits at a steady rate and remembers what the broker acknowledged."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(daemon=True)
        self.acknowledged: set[str] = set()
        self.leaving = threading.Event()
        self._publisher = KafkaPublisher(machine.connection)
        self._sender = CommandSender(self._publisher, machine.topics, "nemesis")

    def run(self) -> None:
        """Until asked to leave."""
        while not self.leaving.wait(random.expovariate(_RATE)):
            task_id = str(uuid_utils.uuid7())
            command = SubmitTask(goal="register", site_url="http://127.0.0.1/", priority=random.randint(1, 10))
            future = self._sender.send(task_id, command)
            future.add_done_callback(lambda done, wanted=task_id: self._note(done, wanted))  # type: ignore[misc]
            if random.random() < _CANCELLED:
                self._sender.send(task_id, CancelTask(reason="nemesis"))
        self._publisher.close()

    def _note(self, done: Any, task_id: str) -> None:
        if not isinstance(done.exception(), PublishFailed):
            self.acknowledged.add(task_id)


def torment(fleet: Fleet, seconds: float) -> None:
    """Kill and stop at random for as long as asked, and until there was enough of both."""
    ends = time.monotonic() + seconds
    rates = {"kill": _KILL_EVERY_SECONDS, "stop": _STOP_EVERY_SECONDS, "runner": _RUNNER_KILL_EVERY_SECONDS}
    due = {what: time.monotonic() + every / 2 for what, every in rates.items()}
    strike = {
        "kill": lambda: fleet.kill("processors"),
        "stop": lambda: fleet.stop("processors", _STOP_SECONDS),
        "runner": lambda: fleet.kill("benchmarks.nemesis_runner"),
    }
    while time.monotonic() < ends or not _enough(fleet.counts):
        fleet.tend()
        for what, every in rates.items():
            if time.monotonic() >= due[what] and strike[what]():
                due[what] = time.monotonic() + random.uniform(0.4, 1.6) * every
        time.sleep(_TICK_SECONDS)


def _enough(counts: Counter[str]) -> bool:
    return counts["kill processors"] >= _LEAST_KILLS and counts["stop processors"] >= _LEAST_STOPS


def await_ends(machine: Machine, fleet: Fleet, wanted: int, patience: float) -> None:
    """Return once every task ended, or when patience is over; the judge tells which."""
    seen, ends = Verdict(), time.monotonic() + patience
    while time.monotonic() < ends:
        fleet.tend()
        seen.read_on(machine.connection, machine.topics)
        if len(seen.chains) >= wanted and seen.over() == len(seen.chains):
            return
        time.sleep(0.5)


def disagreements(machine: Machine, verdict: Verdict) -> set[str]:
    """Tasks whose chain a second reader, the processors' own fold, sees otherwise."""
    ledger = Ledger(machine.connection, machine.topics, parse_faults(""))
    seen: dict[str, tuple[int, str | None]] = {}
    for partition in range(machine.topics.partitions):
        fold = PartitionFold(partition)
        ledger.catch_up(fold)
        seen.update({task: (e.stream.version, e.stream.last_event) for task, e in fold.entries.items()})
    ledger.close()
    ours = {task: (chain.version, chain.last_event) for task, chain in verdict.chains.items()}
    return {task for task in seen.keys() | ours.keys() if seen.get(task) != ours.get(task)}


def figures(fleet: Fleet, acknowledged: set[str], verdict: Verdict, deeds: Deeds, disagree: set[str]) -> dict[str, Any]:
    """What the last line says."""
    statuses = Counter(chain.status for chain in verdict.chains.values())
    twice = deeds.run_twice | deeds.repeated | deeds.late | verdict.fenced_off
    return {
        "tasks": len(verdict.chains),
        "kills": fleet.counts["kill processors"],
        "stops": fleet.counts["stop processors"],
        "lost": len(acknowledged - verdict.chains.keys()),
        "gaps": len(verdict.gaps),
        "illegal": len(verdict.illegal),
        "unfinished": len(verdict.chains) - verdict.over(),
        "run_twice": len(twice),
        "disagree": len(disagree),
        "missing_effects": len(deeds.missing),
        "runner_kills": fleet.counts["kill benchmarks.nemesis_runner"],
        "injected_exits": fleet.exits["processors:86"],
        "conflict_exits": fleet.exits["processors:75"],
        "strays": verdict.strays,
        "taken_over": sum(chain.epoch > 1 for chain in verdict.chains.values()),
        **{status.lower(): count for status, count in sorted(statuses.items())},
    }


def explain(verdict: Verdict, deeds: Deeds, disagree: set[str], lost: set[str], home: Path) -> None:
    """Print the chains of a few tasks that something is wrong with, for whoever looks for the reason."""
    unfinished = {task for task, chain in verdict.chains.items() if chain.status not in {"ESCALATED", *_final()}}
    groups = {
        "lost": lost,
        "gaps": verdict.gaps,
        "illegal": verdict.illegal,
        "unfinished": unfinished,
        "fenced off": verdict.fenced_off,
        "acted on by a predecessor": deeds.run_twice,
        "effect repeated": deeds.repeated,
        "acted on late": deeds.late,
        "effect missing": deeds.missing,
        "readers disagree": disagree,
    }
    for what, tasks in groups.items():
        for task in sorted(tasks)[:3]:
            chain = verdict.chains.get(task)
            print(f"{what}: {task}", *(chain.told + chain.faults if chain else []), sep="\n    ")
            print(*(act for act in acts_in(home / "journal.jsonl") if act.task_id == task), sep="\n    ")


def _final() -> set[str]:
    return {"COMPLETED", "FAILED", "CANCELLED"}


def main() -> int:
    """Torment, heal, judge and print; the last line is JSON, and the exit code says whether all held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=45.0, help="of torment; set-up and healing come on top")
    parser.add_argument("--lease-seconds", type=float, default=3.0)
    options = parser.parse_args()
    with running(processors=0) as machine:
        settings = {
            "GOALTRAIL_TASKS__LEASE_SECONDS": str(options.lease_seconds),
            "GOALTRAIL_TASKS__BACKOFF_SECONDS": "0.3",
            "GOALTRAIL_KAFKA__SESSION_TIMEOUT_SECONDS": str(_SESSION_SECONDS),
            "GOALTRAIL_FAULTS": _FAULTS,
        }
        fleet, submitter = Fleet(machine, settings), Submitter(machine)
        try:
            fleet.add("processors", 2)
            fleet.add("benchmarks.nemesis_runner", 3)
            submitter.start()
            torment(fleet, options.seconds)
            submitter.leaving.set()
            submitter.join()
            print(f"tormented: {dict(fleet.counts)}, exits: {dict(fleet.exits)}; healing", flush=True)
            fleet.heal()
            await_ends(machine, fleet, len(submitter.acknowledged), 30.0 + 10 * options.lease_seconds)
        finally:
            fleet.close()
        return judge(machine, fleet, submitter.acknowledged)


def judge(machine: Machine, fleet: Fleet, acknowledged: set[str]) -> int:
    """Read everything anew, print what was found, and return the exit code."""
    verdict = Verdict()
    verdict.read_on(machine.connection, machine.topics)
    deeds = judge_deeds(acts_in(machine.home / "journal.jsonl"), verdict.chains)
    disagree = disagreements(machine, verdict)
    found = figures(fleet, acknowledged, verdict, deeds, disagree)
    wrong = ("lost", "gaps", "illegal", "unfinished", "run_twice", "disagree", "missing_effects")
    failed = any(found[key] for key in wrong)
    if failed:
        explain(verdict, deeds, disagree, acknowledged - verdict.chains.keys(), machine.home)
    print(json.dumps(found))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
