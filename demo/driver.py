"""Submits the goals, shows them as they go, and tells what became of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape

from demo.goals import DemoGoal
from demo.report import progress, step_line
from demo.signals import end_if_asked
from demo.verdict import Performed
from events.errors import NoSuchTask
from producers.http import Door

_TASKS = "/api/browser-tasks"
_LOOK_AGAIN_S = 0.2
_PATIENCE_S = 180.0


@dataclass(slots=True)
class Driver:
    """A service that has goals, and watches them."""

    door: Door
    console: Console
    _newest_step: dict[str, str] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)

    def perform(self, goals: Sequence[DemoGoal]) -> list[Performed]:
        """Submit all goals, and wait until all are over or the patience is; returns them as they are then."""
        submitted = [(goal, self._submit(goal)) for goal in goals]
        ends = time.monotonic() + _PATIENCE_S
        pause = threading.Event()
        with Live(console=self.console, auto_refresh=False) as live:
            while True:
                end_if_asked()
                performed = [self._look(goal, task_id) for goal, task_id in submitted]
                if self.console.is_terminal:
                    live.update(progress(performed, self._newest_step), refresh=True)
                if all(one.is_over for one in performed) or time.monotonic() > ends:
                    return performed
                pause.wait(_LOOK_AGAIN_S)

    def _submit(self, goal: DemoGoal) -> str:
        answer = self.door.post(_TASKS, goal.statement.model_dump(mode="json"))
        task_id = str(answer["task_id"])
        self.console.print(f"  {task_id}  {escape(goal.title)} [dim]({goal.way})[/]", highlight=False, soft_wrap=True)
        return task_id

    def _look(self, goal: DemoGoal, task_id: str) -> Performed:
        try:
            task = self.door.get(f"{_TASKS}/{task_id}")
        except NoSuchTask:  # accepted, and not read from the log yet
            return Performed(goal, task_id, _NOT_READ_YET)
        steps = self.door.get(f"{_TASKS}/{task_id}/execution-log")["execution_log"]
        if steps:
            self._newest_step[task_id] = step_line(steps[-1])
        if not self.console.is_terminal:
            self._tell(goal, task_id, steps)
        return Performed(goal, task_id, task)

    def _tell(self, goal: DemoGoal, task_id: str, steps: Sequence[dict[str, Any]]) -> None:
        """Into a file or pipe, steps are told line by line."""
        for step in steps[self._told.get(task_id, 0) :]:
            self.console.print(f"  {goal.title}: {step_line(step)}", highlight=False, markup=False, soft_wrap=True)
        self._told[task_id] = len(steps)


_NOT_READ_YET: dict[str, Any] = {
    "status": "PENDING",
    "progress": 0,
    "attempts": 0,
    "total_time_seconds": None,
    "total_cost": 0.0,
    "result_data": None,
    "error_message": None,
}
