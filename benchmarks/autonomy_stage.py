"""What the groups of `benchmarks.autonomy` need that send goals down the whole road: a machine, a school, and runners."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.machine import Machine, running
from demo.goals import PASSWORD_VARIABLE
from demo.site import RunningSite, Switches, serve
from demo.site.members import PASSWORDS
from events.errors import NoSuchTask
from producers.http import Door

TASKS = "/api/browser-tasks"
SECRETS = {"password": f"env:{PASSWORD_VARIABLE}"}
_OVER = frozenset({"COMPLETED", "FAILED", "CANCELLED", "ESCALATED"})
_LOOK_SECONDS = 0.1
_PLACES = 1_000  # in every class: goals fail for other reasons


@dataclass(frozen=True, slots=True)
class Stage:
    """Broker, processors and API run; runners are started by the groups."""

    machine: Machine
    site: RunningSite
    door: Door

    @contextmanager
    def runner(self, extra: Mapping[str, str] | None = None, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """One runner that knows the school's password; settings without their `GOALTRAIL_`, other variables in full."""
        named = {f"GOALTRAIL_{name}": value for name, value in settings.items()}
        known = {PASSWORD_VARIABLE: PASSWORDS["parent"], "GOALTRAIL_LOG_LEVEL": "INFO"}
        with self.machine.process("runner", settings={**known, **(extra or {}), **named}) as process:
            yield process

    def submit(self, goal: str, **statement: Any) -> str:
        """Hand in one goal for the school; returns the task's id."""
        body = {"goal": goal, "site_url": self.site.url, "secrets": SECRETS, **statement}
        return str(self.door.post(TASKS, body)["task_id"])

    def ended(self, tasks: Iterable[str], seconds: float) -> list[dict[str, Any]]:
        """The tasks once none goes on by itself, or as they are when the time is up."""
        wanted, until = list(tasks), time.monotonic() + seconds
        found: dict[str, dict[str, Any]] = {}
        while time.monotonic() < until and len(found) < len(wanted):
            for task_id in wanted:
                if task_id not in found and (task := self.task(task_id))["status"] in _OVER:
                    found[task_id] = task
            time.sleep(_LOOK_SECONDS)
        return [found.get(task_id) or self.task(task_id) for task_id in wanted]

    def task(self, task_id: str) -> dict[str, Any]:
        """One task as the API shows it; one that it has not read of yet is pending."""
        try:
            return self.door.get(f"{TASKS}/{task_id}")
        except NoSuchTask:
            return {"id": task_id, "status": "PENDING"}

    def steps(self, task_id: str) -> list[dict[str, Any]]:
        """The execution log of a task."""
        log: list[dict[str, Any]] = self.door.get(f"{TASKS}/{task_id}/execution-log")["execution_log"]
        return log


@contextmanager
def staged() -> Iterator[Stage]:
    """Everything but runners, on a log of its own."""
    with running(processors=1, api=True) as machine, serve(switches=Switches(places=_PLACES)) as site:
        key = (machine.home / "operator.key").read_text().strip()
        with Door(f"http://127.0.0.1:{machine.api_port}", key) as door:
            until = time.monotonic() + 60
            while not door.get(f"{TASKS}/health")["processors"] and time.monotonic() < until:
                time.sleep(_LOOK_SECONDS)
            yield Stage(machine, site, door)
