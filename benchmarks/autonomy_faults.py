"""Troubles of nine kinds at the swimming school: how many tasks recover from each, and what stands in the book then."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.autonomy_stage import TASKS, Stage, staged
from demo.site import Entry, Fault, RunningSite, Switches, serve
from local.process_tree import browsers_of

FORM = "/classes/dolphins/register"
GOAL = "Register {{child}} for {{class}} on {{day}}"
_PATIENCE_SECONDS = 240.0
_KILL_AFTER_STEPS = 3
#: What is switched on at the school of each task. All of it passes: after one hit, once it is closed, logged in again or
#: found under its new name.
FAULTS: dict[str, dict[str, Any]] = {
    "modal": {"cookie_modal": True},
    "slow": {"slow_paths": {FORM: 9_000}, "slow_times": 1},
    "session_expiry": {"expire_sessions": 1, "expire_path": FORM},
    "stale": {"rerender_ms": 10, "rerender_pages": 1},
    "http_500": {"faults": [Fault(status=500, path=FORM, method="GET")]},
    "http_429": {"faults": [Fault(status=429, path=FORM)]},
    "renamed_controls": {"renamed_controls": True},
    "extra_page": {"extra_page": True},
    "browser_killed": {},
}


@dataclass(slots=True)
class Tally:
    """What became of the tasks."""

    tasks: Counter[str] = field(default_factory=Counter)
    completed: Counter[str] = field(default_factory=Counter)
    planned: Counter[str] = field(default_factory=Counter)  #: recoveries, by strategy
    held: Counter[str] = field(default_factory=Counter)
    double: int = 0
    missing: int = 0  #: tasks said to be completed that the book knows nothing of
    why: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def take(
        self, fault: str, task: dict[str, Any], recoveries: Sequence[dict[str, Any]], book: Sequence[Entry]
    ) -> None:
        """One task that is over."""
        entries = sum(entry.kind == "registered" for entry in book)
        done = task["status"] == "COMPLETED"
        self.tasks[fault] += 1
        self.completed[fault] += done and entries == 1
        self.double += max(0, entries - 1)
        self.missing += done and entries == 0
        for recovery in recoveries:
            self.planned[recovery["recovery_strategy"]] += 1
            self.held[recovery["recovery_strategy"]] += bool(recovery["was_successful"])
        if not done:
            self.why[fault].append(f"{task['status']}: {task.get('error_message')}")

    def figures(self) -> dict[str, Any]:
        """What is printed."""
        return {
            "tasks": self.tasks.total(),
            "completed_percent": _percent(self.completed.total(), self.tasks.total()),
            "recovered_percent": {fault: _percent(self.completed[fault], n) for fault, n in self.tasks.items()},
            "recovered_percent_by_strategy": {s: _percent(self.held[s], n) for s, n in sorted(self.planned.items())},
            "double_registrations": self.double,
            "missing_registrations": self.missing,
            "not_recovered": {fault: sorted(set(said))[:3] for fault, said in self.why.items()},
        }


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def measure(seeds: Sequence[int], say: Callable[[str], None]) -> dict[str, Any]:
    """Four tasks with every fault for one seed, four more for each further one; each task at a school of its own."""
    tally = Tally()
    with staged() as stage:
        for fault in FAULTS:
            with stage.runner(BROWSER__NAVIGATION_TIMEOUT_SECONDS="4", BROWSER__ACTION_TIMEOUT_SECONDS="4") as runner:
                _one_fault(stage, fault, 4 * len(seeds), tally, runner)
            said = f"{tally.completed[fault]} of {tally.tasks[fault]} completed, {tally.double} double"
            say(f"faults: {fault}: {said} {'; '.join(tally.why[fault][:2])}")
    return tally.figures()


def _one_fault(stage: Stage, fault: str, count: int, tally: Tally, runner: subprocess.Popen[bytes]) -> None:
    with ExitStack() as schools:
        open_school = (schools.enter_context(serve(switches=Switches(**FAULTS[fault]))) for _ in range(count))
        sites = {_submit(stage, site, number): site for number, site in enumerate(open_school)}
        killer = threading.Thread(target=_kill_browser, args=(stage, runner, list(sites)), daemon=True)
        if fault == "browser_killed":
            killer.start()
        for task in stage.ended(sites, _PATIENCE_SECONDS):
            recoveries = stage.door.get(f"{TASKS}/{task['id']}/recoveries")["recoveries"]
            tally.take(fault, task, recoveries, sites[task["id"]].record())
        if fault == "browser_killed":
            killer.join()


def _submit(stage: Stage, site: RunningSite, number: int) -> str:
    given = {"child": f"Child {number}", "class": "Dolphins", "day": ("Tuesday", "Thursday")[number % 2], "age": 7}
    return stage.submit(
        GOAL,
        site_url=site.url,
        inputs={**given, "email": "parent@example.org", "username": "parent"},
        success_indicators=[
            {"kind": "text_visible", "value": "{{child}}: {{class}} on {{day}}", "at": "/registrations"}
        ],
    )


def _kill_browser(stage: Stage, runner: subprocess.Popen[bytes], tasks: Sequence[str]) -> None:
    """Once a task is under way, all of the runner's Chromium dies at once."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and not any(_steps(stage, task) >= _KILL_AFTER_STEPS for task in tasks):
        time.sleep(0.05)
    for process in browsers_of(runner.pid):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:  # its parent's end was its own
            continue


def _steps(stage: Stage, task_id: str) -> int:
    return int(stage.task(task_id).get("total_steps") or 0)
