"""The world outside the log: a file that runners act upon, one line per act, in the order in which they happened."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Act:
    """Something a runner did: a `step` may be repeated by a successor, the `effect` of a task happens once."""

    task_id: str
    epoch: int
    worker: str
    kind: Literal["step", "effect"]
    at: float  #: seconds since 1970, on the machine that the broker runs on


class Journal:
    """Appends acts; several processes may write at once, and a killed one leaves no half line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)

    def act(self, task_id: str, epoch: int, worker: str, kind: Literal["step", "effect"]) -> None:
        """Do it. The line is the act, so nothing lies between the two."""
        line = json.dumps(asdict(Act(task_id, epoch, worker, kind, time.time()))) + "\n"
        os.write(self._file, line.encode())

    def has_effect(self, task_id: str) -> bool:
        """Whether the task's effect can be seen, as a runner that takes over would look at the site."""
        return any(act.kind == "effect" and act.task_id == task_id for act in acts_in(self.path))


def acts_in(path: Path) -> list[Act]:
    """All acts, in order."""
    return [Act(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []
