"""Performs a task in a real browser: opens the site, takes the planner's steps, verifies the goal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from playwright.async_api import Error, StorageState

from events.failure import ErrorType
from runner.actions import Hands
from runner.artifacts import ArtifactStore
from runner.attempt_script import Script
from runner.browser import BrowserHost
from runner.outcome import first_line, of_error
from runner.performer import Fell, Job, StepReporter, Verdict
from runner.planners.planner import GiveUp
from runner.router import choose_planner
from runner.session import Session
from runner.steps import Stepper

log = structlog.get_logger("runner")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that single calls may take."""

    action: float = 10.0
    navigation: float = 20.0
    verification: float = 5.0


@dataclass(frozen=True, slots=True)
class BrowserPerformer:
    """The performer of `python -m runner`; see `Performer`."""

    browser: BrowserHost
    store: ArtifactStore
    timeouts: Timeouts = Timeouts()

    async def perform(self, job: Job, steps: StepReporter) -> Verdict:
        """See `Performer.perform`."""
        planner = choose_planner(job.assignment.goal)
        if isinstance(planner, GiveUp) and not job.earlier.must_verify:
            return Fell(ErrorType.NO_PLAN, planner.reason, recovery_needed=False)
        try:
            async with self._session(job) as session:
                script = Script(job, steps, self._stepper(job, steps, session), planner, self.timeouts.verification)
                return await script.perform()
        except Error as error:
            said = f"The browser failed: {first_line(error.message)}"
            return Fell(_browser_error(error), said)

    def _stepper(self, job: Job, steps: StepReporter, session: Session) -> Stepper:
        hands = Hands(
            session,
            job.assignment.goal.site_url,
            job.secrets,
            action_timeout=self.timeouts.action,
            navigation_timeout=self.timeouts.navigation,
        )
        return Stepper(job, steps, hands, self.store)

    @asynccontextmanager
    async def _session(self, job: Job) -> AsyncIterator[Session]:
        """A window of its own for the task, recorded so that a failure can be looked at."""
        async with AsyncExitStack() as closing:
            context = await closing.enter_async_context(self.browser.context(await self._storage(job)))
            context.set_default_timeout(self.timeouts.action * 1_000)
            context.set_default_navigation_timeout(self.timeouts.navigation * 1_000)
            # Pictures may show a secret that was typed into an open field; the rest of the trace can be cleaned.
            await context.tracing.start(snapshots=True, screenshots=not job.secrets.in_use)
            page = await context.new_page()
            yield Session(context, page, job.secrets, navigation_timeout=self.timeouts.navigation)

    async def _storage(self, job: Job) -> StorageState | None:
        """The session a paused task left behind; only looked at when the task must not be done again."""
        if job.assignment.checkpoint is None or not job.earlier.must_verify:
            return None
        with suppress(OSError, ValueError, KeyError):
            kept = json.loads(await self.store.get(job.assignment.checkpoint))
            state: StorageState = kept["storage_state"]
            return state
        log.warning("a checkpoint cannot be read", action="checkpoint.read", task_id=job.task_id)
        return None


def _browser_error(error: Error) -> ErrorType:
    found = of_error(error.message)
    return ErrorType.BROWSER_CRASHED if found is ErrorType.UNKNOWN else found
