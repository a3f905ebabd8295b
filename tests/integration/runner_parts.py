"""What the runner's tests share: jobs, and a reporter that keeps what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from events.facts import TaskSubmitted
from events.failure import ErrorType, Strategy
from events.steps import Artifact, StepExecuted
from events.worker import Assignment
from producers.artifacts import ArtifactStore
from runner.browser import BrowserHost
from runner.browser_performer import BrowserPerformer, Timeouts
from runner.checkpoints import CheckpointVault, checkpoint_keys
from runner.history import Earlier
from runner.performer import Fell, Job
from runner.secrets import SecretBox
from runner.windows import Windows


@dataclass
class Kept:
    """A reporter in memory: may always act; what to do about troubles is told beforehand."""

    steps: list[StepExecuted] = field(default_factory=list)
    intents: list[str] = field(default_factory=list)
    checkpoints: list[tuple[str, Artifact]] = field(default_factory=list)
    step_number: int = 0
    stop_asked: Literal["pause", "cancel"] | None = None
    strategies: list[Strategy] = field(default_factory=list)  #: for the troubles to come; then there is none any more
    troubles: list[Fell] = field(default_factory=list)
    held: int = 0  #: recoveries that held
    stop_after: int | None = None  #: ask for a pause once so many steps were taken

    async def may_act(self, seconds: float) -> float:
        return seconds + 1

    async def intend(self, action: str) -> None:
        self.intents.append(action)

    def executed(self, step: StepExecuted) -> None:
        self.step_number += 1
        self.steps.append(step.model_copy(update={"step_number": self.step_number}))
        if self.stop_after == self.step_number:
            self.stop_asked = "pause"

    def checkpoint(self, url: str, artifact: Artifact) -> None:
        self.checkpoints.append((url, artifact))

    async def recourse(self, fell: Fell) -> Strategy | None:
        if not self.strategies:
            return None
        self.troubles.append(fell)
        return self.strategies.pop(0)

    async def recovered(self) -> None:
        self.held += 1

    @property
    def results(self) -> list[tuple[str, str]]:
        return [(step.action, step.result) for step in self.steps]


def job(
    goal: str,
    site_url: str,
    *,
    earlier: Earlier | None = None,
    error_type: ErrorType | None = None,
    checkpoint: str | None = None,
    **fields: Any,
) -> Job:
    """A job as an assignment would give it."""
    submitted = TaskSubmitted(goal=goal, site_url=site_url, **fields)
    assignment = Assignment(
        goal=submitted, attempt=1, lease_ms=60_000, timeout_seconds=60, error_type=error_type, checkpoint=checkpoint
    )
    return Job("task-1", assignment, earlier or Earlier(), SecretBox(submitted.secrets))


@asynccontextmanager
async def performer(
    chromium: Path, folder: Path, *, timeouts: Timeouts | None = None
) -> AsyncIterator[BrowserPerformer]:
    """A performer with a browser of its own."""
    host = BrowserHost(chromium, headless=True)
    await host.start()
    try:
        store = ArtifactStore(str(folder / "artifacts"))
        vault = CheckpointVault(store, checkpoint_keys(None, folder))
        windows = Windows(host)
        yield BrowserPerformer(
            windows, store, vault, timeouts or Timeouts(action=2.0, navigation=3.0, verification=1.0)
        )
    finally:
        await host.close()
