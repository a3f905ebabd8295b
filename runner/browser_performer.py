"""Performs a task in a real browser: opens the site, takes the planner's steps, verifies the goal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Literal

import structlog
from playwright.async_api import Error

from events.action import Download
from events.failure import ErrorType, Strategy
from events.goal import GoalStatement
from events.paths import UsablePath
from events.templates import UnresolvedTemplate
from producers.artifacts import ArtifactStore
from runner.accounts import AccountSessions
from runner.accounts.login import Login
from runner.attempt_script import CannotContinue, Script, WrongPlan
from runner.checkpoints import Checkpoint, CheckpointVault, UnusableCheckpoint
from runner.conclusion import Conclusion
from runner.film import Film
from runner.hands import Hands
from runner.journey import Journey
from runner.outcome import first_line, of_error
from runner.performer import Fell, Job, Reached, StepReporter, Verdict
from runner.pictures import Pictures
from runner.planners.models import ModelPlanner
from runner.planners.planner import FixedPlan, GiveUp, Planner
from runner.replay.keeping import PathKeeper
from runner.replay.recorder import Recorder
from runner.replay.replayer import Replayer, replay_of
from runner.router import choose_planner, second_planner
from runner.safety.policy import GuardPolicy
from runner.session import Session
from runner.steps import Stepper
from runner.trail import Trail
from runner.windows import Windows
from runner.wording import describe

_REPLAY_PAUSE_SECONDS = 3.0  # between two places from which a replay can go on

#: Which steps have a picture: all, none, or those that no replay takes.
Filmed = Literal["all", "new", "none"]

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

    windows: Windows
    store: ArtifactStore
    vault: CheckpointVault
    timeouts: Timeouts = Timeouts()
    paths: PathKeeper | None = None  #: none: nothing is learned or replayed
    models: Mapping[int, ModelPlanner] = field(default_factory=dict)  #: that may be asked, by level
    limits: Callable[[GoalStatement], GuardPolicy] | None = None  #: where a task's window may go; none: anywhere
    accounts: AccountSessions | None = None  #: none: every task logs in by itself
    filmed: Filmed = "new"

    async def perform(self, job: Job, steps: StepReporter) -> Verdict:
        """See `Performer.perform`."""
        planner = choose_planner(job.assignment.goal, job.assignment.hints, self.models, job.secrets.redact)
        path = None if self.paths is None or job.earlier.must_verify else self.paths.path_for(job)
        if isinstance(planner, GiveUp) and path is None and not job.earlier.must_verify:
            return Fell(ErrorType.NO_PLAN, planner.reason, recovery_needed=False)
        checkpoint = await self._checkpoint(job)
        try:
            if path is not None:
                with suppress(WrongPlan, UnresolvedTemplate):
                    return await self._replay(job, steps, path, checkpoint)
            if isinstance(planner, GiveUp):
                if job.earlier.must_verify:
                    return await self._verify(job, steps, planner, checkpoint)
                return Fell(ErrorType.NO_PLAN, planner.reason, recovery_needed=False)
            return await self._plan(job, steps, planner, checkpoint)
        except Error as error:
            said = f"The browser failed: {first_line(error.message)}"
            return Fell(_browser_error(error), said)

    async def _plan(self, job: Job, steps: StepReporter, planner: Planner, checkpoint: Checkpoint | None) -> Verdict:
        if checkpoint is not None and leads_on(job, planner, checkpoint):
            with suppress(CannotContinue):
                return await self._follow(job, steps, planner, checkpoint)
        if job.earlier.must_verify:
            return await self._verify(job, steps, planner, checkpoint)
        goal, hints = job.assignment.goal, job.assignment.hints
        second = second_planner(goal, planner, hints, self.models, job.secrets.redact)
        if second is not None:
            with suppress(WrongPlan):
                return await self._follow(job, steps, planner, None, replaceable=True)
            planner = second
        return await self._follow(job, steps, planner, None)

    async def _replay(self, job: Job, steps: StepReporter, path: UsablePath, checkpoint: Checkpoint | None) -> Verdict:
        """Do what reached the goal before.

        Raises:
            WrongPlan: it does not fit the site any more; nothing was done for good.
        """
        assert self.paths is not None  # noqa: S101 - for the type checker; a path comes from there
        goal, started = job.assignment.goal, monotonic()
        replay = replay_of(path, goal.inputs, frozenset(goal.secrets), self.timeouts.verification)
        goes_on = checkpoint if checkpoint is not None and leads_on(job, replay, checkpoint) else None
        try:
            try:
                verdict = await self._follow(job, steps, replay, goes_on, replaceable=True)
            except CannotContinue:
                verdict = await self._follow(job, steps, replay, None, replaceable=True)
        except WrongPlan as wrong:
            self.paths.failed(job, path, wrong.trouble, wrong.step, seconds=monotonic() - started)
            log.info("a path was left", action="path.failed", task_id=job.task_id, reason=wrong.trouble.message)
            raise
        if not isinstance(verdict, Reached):
            return verdict
        saved = self.paths.replayed(job, replay, seconds=monotonic() - started, verified=verdict.verified)
        return replace(verdict, path=path.path, seconds_saved=saved)

    async def _follow(
        self,
        job: Job,
        steps: StepReporter,
        planner: Planner,
        checkpoint: Checkpoint | None,
        *,
        replaceable: bool = False,
    ) -> Verdict:
        started = monotonic()
        replays = isinstance(planner, Replayer)
        login = Login(self.accounts, job.assignment.goal)
        async with AsyncExitStack() as closing:
            await closing.enter_async_context(login.alone())
            known = checkpoint.storage_state if checkpoint is not None else await login.known(planner)
            downloads = any(isinstance(action, Download) for action in planner.known)
            opening = self._session(job, known, traced=not replays, downloads=downloads)
            session = await closing.enter_async_context(opening)
            stepper = self._stepper(job, steps, session, replays=replays)
            journey = Journey(session, self.vault, steps)
            if replays:
                journey.take_pauses(_REPLAY_PAUSE_SECONDS)
            trail = Trail(job, stepper, journey, planner, checkpoint)
            learns = self.paths is not None and not job.assignment.goal.steps and not replays
            if learns and checkpoint is None:
                stepper.recorder = Recorder(trail.look)
            conclusion = Conclusion(job, steps, stepper, self.timeouts.verification)
            verdict = await Script(steps, stepper, trail, conclusion, replaceable=replaceable).perform()
            await login.after(verdict, session)
        # A way that began logged in says nothing of how to log in.
        taken = stepper.recorder.steps() if stepper.recorder is not None and not login.used else None
        if self.paths is not None and taken and isinstance(verdict, Reached) and verdict.verified:
            self.paths.learned(job, taken, seconds=monotonic() - started)
        return verdict

    async def _verify(
        self, job: Job, steps: StepReporter, planner: Planner | GiveUp, checkpoint: Checkpoint | None
    ) -> Verdict:
        async with self._session(job, None if checkpoint is None else checkpoint.storage_state) as session:
            stepper = self._stepper(job, steps, session)
            known = FixedPlan((), "rules", "nothing is known") if isinstance(planner, GiveUp) else planner
            trail = Trail(job, stepper, Journey(session, self.vault, steps), known)
            conclusion = Conclusion(job, steps, stepper, self.timeouts.verification)
            act = job.earlier.irreversible or ""
            return await conclusion.verify_only(act, logged_in=checkpoint is not None, run_up=trail.run_up)

    def _stepper(self, job: Job, steps: StepReporter, session: Session, *, replays: bool = False) -> Stepper:
        hands = Hands(
            session,
            job.assignment.goal.site_url,
            job.secrets,
            action_timeout=self.timeouts.action,
            navigation_timeout=self.timeouts.navigation,
            store=self.store,
        )
        film = Film() if self.filmed == "all" or (self.filmed == "new" and not replays) else None
        if film is not None:
            film.follow(session.page)
        return Stepper(job, steps, hands, Pictures(session, self.store, job.secrets, film, traced=not replays))

    @asynccontextmanager
    async def _session(
        self, job: Job, storage: Any, *, traced: bool = True, downloads: bool = False
    ) -> AsyncIterator[Session]:
        """A window of its own for the task, recorded so that a failure can be looked at.

        A replay is not: a trace costs a tenth of it, and where it fails the way is gone again by a plan that is traced.
        """
        policy = None if self.limits is None else self.limits(job.assignment.goal)
        async with self.windows.opened(policy, storage, downloads=downloads) as window:
            context = window.context
            context.set_default_timeout(self.timeouts.action * 1_000)
            context.set_default_navigation_timeout(self.timeouts.navigation * 1_000)
            # Pictures may show a secret that was typed into an open field; the rest of the trace can be cleaned.
            if traced:
                await context.tracing.start(snapshots=True, screenshots=not job.secrets.in_use)
            yield Session(context, window.page, navigation_timeout=self.timeouts.navigation, guard=window.guard)

    async def _checkpoint(self, job: Job) -> Checkpoint | None:
        """What an earlier attempt left, unless the trouble it met lies in the very session that it kept."""
        name = job.earlier.checkpoint or job.assignment.checkpoint
        if name is None or job.assignment.strategy is Strategy.RE_AUTHENTICATE:
            return None
        try:
            return await self.vault.get(name)
        except UnusableCheckpoint as error:
            log.warning("a checkpoint is not used", action="checkpoint.read", task_id=job.task_id, reason=str(error))
            return None


def leads_on(job: Job, planner: Planner, checkpoint: Checkpoint) -> bool:
    """Whether the task can be continued at the checkpoint: the same plan, and nothing in doubt since."""
    if job.earlier.must_verify and not job.earlier.covered:
        return False
    # The page itself was what went wrong, or nobody knows what: such an attempt is made from the beginning.
    if job.assignment.strategy is not None and job.assignment.error_type in {ErrorType.LOOP, ErrorType.UNKNOWN}:
        return False
    return checkpoint.planned == [describe(action) for action in planner.known[: checkpoint.position]]


def _browser_error(error: Error) -> ErrorType:
    found = of_error(error.message)
    return ErrorType.BROWSER_CRASHED if found is ErrorType.UNKNOWN else found
