"""Real lengths of silence with the real lease of 60 s: `python -m benchmarks.outage`, and `... --runner`.

Without an option the broker is stopped (SIGSTOP) for two minutes while a real runner holds tasks at the demo's swimming
school, and all processors are killed meanwhile. Some tasks come to their end in the silence, so that only their reports
wait; others outlast the lease, so that their runner stops acting and gives them back.

- `expired_held_leases`: leases that were judged lost; the runner lived and kept its rules, so each is one too many
- `released`: tasks that their runner gave back, since it could not renew its lease in time
- `run_twice`: children that stand in the school's book more than once

With `--runner` a runner is stopped for 90 s between its intent on the log and its act, while another one takes over:
`registrations` must be 0 or 1.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from benchmarks.machine import Machine, running
from benchmarks.nemesis_fleet import Fleet
from demo.goals import PASSWORD_VARIABLE, demo_goals
from demo.site import RunningSite, serve
from demo.site.members import PASSWORDS
from events.action import Navigate
from events.codec import decode_fact
from events.commands import SubmitTask
from events.envelope import Envelope
from events.facts import TaskFact
from producers.commands import CommandSender
from producers.follower import TopicFollower
from producers.kafka import KafkaPublisher
from producers.task_ids import new_task_id

_LEASE_SECONDS = 60.0
_RESTING = ("task.completed", "task.failed", "task.escalated", "task.cancelled")
_PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.1
_SHORT_SECONDS = 25.0  # held by the site for so long, a task ends in the silence and within its lease
_NAVIGATION_SECONDS = 500.0  # longer than the school holds anything up
_KILL_AFTER_SECONDS = 30.0


class Log:
    """Submits, and reads the facts of every task."""

    def __init__(self, machine: Machine) -> None:
        self.facts: dict[str, list[TaskFact]] = {}
        self._publisher = KafkaPublisher(machine.connection)
        self._sender = CommandSender(self._publisher, machine.topics, "benchmark")
        topic = machine.topics.task_events
        self._follower = TopicFollower(machine.connection, topic, self._take, since="beginning")
        self._follower.start()

    def submit(self, statement: Mapping[str, Any]) -> str:
        """One task, on the log."""
        task_id = new_task_id()
        self._sender.send(task_id, SubmitTask(**statement)).result(10)
        return task_id

    def count(self, kind: str) -> int:
        """Facts of one type."""
        return sum(fact.type == kind for facts in list(self.facts.values()) for fact in list(facts))

    def lost(self) -> int:
        """Leases that were judged lost."""
        every = [fact for facts in list(self.facts.values()) for fact in list(facts)]
        return sum(getattr(fact, "error_type", None) == "runner_lost" for fact in every)

    def at_rest(self) -> int:
        """Tasks that ended or need a human."""
        return sum(facts[-1].type in _RESTING for facts in list(self.facts.values()))

    def tell_troubles(self) -> None:
        """Print what did not complete."""
        for task_id, facts in self.facts.items():
            if facts[-1].type != "task.completed":
                print(
                    task_id, [fact.type for fact in facts if fact.type != "task.lease_renewed"], facts[-1], sep="\n  "
                )

    def close(self) -> None:
        """Stop reading."""
        self._follower.close()
        self._publisher.close()

    def _take(self, body: bytes) -> None:
        fact = decode_fact(body)
        if isinstance(fact, Envelope):
            self.facts.setdefault(fact.task_id, []).append(fact.event)


def await_that(there: Callable[[], bool], fleet: Fleet, what: str) -> None:
    """Keep the processors alive until it is so."""
    ends = time.monotonic() + _PATIENCE_SECONDS
    while not there():
        if time.monotonic() > ends:
            raise SystemExit(f"not within {_PATIENCE_SECONDS:g} s: {what}")
        fleet.tend()
        time.sleep(_LOOK_SECONDS)


def registration(school: RunningSite, child: str, *, held_after: bool) -> dict[str, Any]:
    """A goal that the school holds up: behind the act that cannot be taken back, or before it."""
    goal = demo_goals(school.url)[0].statement
    hold = Navigate(url="/registrations" if held_after else "/classes/sharks/register")
    steps = [*goal.steps, hold] if held_after else [*goal.steps[:4], hold, Navigate(url="/classes"), *goal.steps[4:]]
    changed = goal.model_copy(update={"steps": steps, "inputs": {**goal.inputs, "child": child}})
    return changed.model_dump(mode="json")


def runner_settings(**more: str) -> dict[str, str]:
    """Of runners that know the school's password and wait as long as the school takes."""
    patient = {"GOALTRAIL_BROWSER__NAVIGATION_TIMEOUT_SECONDS": str(_NAVIGATION_SECONDS)}
    return {PASSWORD_VARIABLE: PASSWORDS["parent"], **patient, **more}


def silent_broker(seconds: float, each: int) -> dict[str, Any]:
    """Stop the broker while tasks run; the figures."""
    with ExitStack() as stack:
        machine, log, fleet, school = _set_up(stack)
        stack.enter_context(
            machine.process("runner", settings=runner_settings(GOALTRAIL_BROWSER__CAPACITY=str(2 * each)))
        )
        # The long ones outlast every lease that is held when the silence begins, and nothing else here.
        slow = {"/registrations": int(_SHORT_SECONDS * 1_000), "/classes/sharks/register": int(seconds * 1_000)}
        school.switch(slow_paths=slow)
        for number in range(each):
            log.submit(registration(school, f"Short {number}", held_after=True))
            log.submit(registration(school, f"Long {number}", held_after=False))
        await_that(lambda: log.count("task.started") == 2 * each, fleet, "all tasks run")
        await_that(lambda: len(school.record()) == each, fleet, "the short ones have registered")
        silence = _silence(fleet, school, seconds)
        begun = time.monotonic()
        await_that(lambda: log.at_rest() == 2 * each, fleet, "all tasks end")
        log.tell_troubles()
        children = Counter(entry.child for entry in school.record())
        return {
            "stopped_s": round(silence),
            "lease_s": _LEASE_SECONDS,
            "tasks": 2 * each,
            "processors_killed": fleet.counts["kill processors"],
            "expired_held_leases": log.lost(),
            "released": log.count("task.released"),
            "completed": log.count("task.completed"),
            "registrations": len(school.record()),
            "run_twice": sum(times > 1 for times in children.values()),
            "all_done_after_s": round(time.monotonic() - begun, 1),
        }


def _silence(fleet: Fleet, school: RunningSite, seconds: float) -> float:
    """The broker stopped for so long, with all processors killed in the middle of it."""
    broker = next(p for p in psutil.Process().children() if "kafka.Kafka" in p.cmdline())
    begun = time.monotonic()
    broker.suspend()
    try:
        school.switch(slow_paths={})  # whoever comes again is answered at once
        await_that(lambda: time.monotonic() - begun > min(_KILL_AFTER_SECONDS, seconds / 2), fleet, "the middle")
        for member in fleet.members:
            member.process.kill()
            fleet.counts["kill processors"] += 1
        await_that(lambda: time.monotonic() - begun > seconds, fleet, "the end of the silence")
    finally:
        broker.resume()
    return time.monotonic() - begun


def stopped_runner(seconds: float) -> dict[str, Any]:
    """Stop a runner between intent and act; the figures."""
    with ExitStack() as stack:
        machine, log, fleet, school = _set_up(stack)
        mark = machine.home / "stopped"
        settings = runner_settings(STOPPED_FILE=str(mark), GOALTRAIL_LOG_LEVEL="INFO")
        sleeper = stack.enter_context(machine.process("benchmarks.stopping_runner", settings=settings))
        task = log.submit(demo_goals(school.url)[0].statement.model_dump(mode="json"))
        await_that(mark.exists, fleet, "the runner has stopped itself")
        begun = time.monotonic()
        stack.callback(os.kill, sleeper.pid, signal.SIGCONT)
        stack.enter_context(machine.process("runner", settings=runner_settings()))
        await_that(lambda: time.monotonic() - begun > seconds, fleet, "the end of the stop")
        before = len(school.record())
        os.kill(sleeper.pid, signal.SIGCONT)
        stopped = time.monotonic() - begun
        await_that(lambda: log.at_rest() == 1, fleet, "the task ends, or a human is asked")
        _await_settled(machine, fleet)
        return {
            "runner_stopped_s": round(stopped),
            "lease_s": _LEASE_SECONDS,
            "registrations": len(school.record()),
            "registrations_after_it_went_on": len(school.record()) - before,
            "ended": log.facts[task][-1].type,
            "facts": [fact.type for fact in log.facts[task] if fact.type != "task.lease_renewed"],
        }


def _await_settled(machine: Machine, fleet: Fleet) -> None:
    """Until the runner that was stopped has been told that its lease is over."""
    logs = list(Path(machine.home).glob("benchmarks.stopping_runner-*.log"))
    await_that(lambda: any("lease over" in log.read_text() for log in logs), fleet, "it hears that its lease is over")


def _set_up(stack: ExitStack) -> tuple[Machine, Log, Fleet, RunningSite]:
    machine = stack.enter_context(running(processors=0))
    school = stack.enter_context(serve())
    log = Log(machine)
    stack.callback(log.close)
    fleet = Fleet(machine, {"GOALTRAIL_TASKS__LEASE_SECONDS": str(_LEASE_SECONDS)})
    stack.callback(fleet.close)
    fleet.add("processors", 2)
    return machine, log, fleet, school


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", action="store_true", help="stop a runner instead of the broker")
    parser.add_argument("--seconds", type=float, help="how long; 120 for the broker, 90 for the runner")
    parser.add_argument("--each", type=int, default=2, help="tasks of each kind")
    options = parser.parse_args()
    if options.runner:
        print(json.dumps(stopped_runner(options.seconds or 90.0)))
    else:
        print(json.dumps(silent_broker(options.seconds or 120.0, options.each)))


if __name__ == "__main__":
    main()
