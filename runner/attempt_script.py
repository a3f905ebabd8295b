"""What happens in an attempt, in order: open the site, plan and act, verify; and what is tried when a step fails."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Error

from events.failure import ErrorType, Strategy
from runner.conclusion import Conclusion
from runner.grounding import asks_for_login
from runner.outcome import StepTrouble, first_line, of_error
from runner.performer import Fell, Reached, StepReporter, Verdict, Yielded
from runner.planners.planner import Advice, GiveUp, PlanDone, Proposal
from runner.recovery import carry_out
from runner.steps import Stepper
from runner.trail import Trail

#: After these the page is of no use: the processor stops, asks a human, or wants an attempt from the beginning.
_NOT_HERE = frozenset(
    {
        ErrorType.SITE_DOWN,
        ErrorType.ACCESS_DENIED,
        ErrorType.INVALID_URL,
        ErrorType.GOAL_UNREACHABLE,
        ErrorType.NO_PLAN,
        ErrorType.NEEDS_HUMAN,
        ErrorType.INVALID_INPUT,
        ErrorType.MAX_STEPS,
        ErrorType.LOOP,
        ErrorType.UNCONFIRMED,
        ErrorType.BROWSER_CRASHED,
    }
)
#: A first step after a checkpoint that ends like this says that the checkpoint leads nowhere any more.
_NO_WAY_ON = frozenset(
    {
        ErrorType.AUTH,
        ErrorType.ACCESS_DENIED,
        ErrorType.GOAL_UNREACHABLE,
        ErrorType.NEEDS_HUMAN,
        ErrorType.INVALID_URL,
        ErrorType.STALE,
        ErrorType.UNKNOWN,
    }
)


#: What says that a plan made without seeing this page does not fit it, not that the site is in trouble.
_WRONG_PLAN = frozenset({ErrorType.GOAL_UNREACHABLE, ErrorType.INVALID_INPUT, ErrorType.LOOP, ErrorType.UNKNOWN})


class CannotContinue(Exception):
    """Raised when the checkpoint leads nowhere: the attempt begins anew without it, in a fresh window."""


class WrongPlan(Exception):
    """Raised when the plan does not fit the page and nothing was done for good: another planner begins anew."""

    def __init__(self, trouble: StepTrouble, step: int | None) -> None:
        super().__init__(trouble.message)
        self.trouble, self.step = trouble, step  #: 1-based; none when only the goal was not reached


@dataclass(slots=True)
class Script:
    """One attempt at one task in one window."""

    report: StepReporter
    stepper: Stepper
    trail: Trail
    conclusion: Conclusion
    replaceable: bool = False  #: whether another planner may try when this one's plan does not fit
    _failed_at: int | None = None  #: place in the plan that a recovery must pass to have held
    _arrived: bool = False  #: whether a step of the plan succeeded here

    async def perform(self) -> Verdict:
        """Follow the plan to its end.

        Raises:
            CannotContinue: the checkpoint it was to go on from is of no use.
            WrongPlan: the plan is of no use, if it is replaceable.
        """
        while True:
            try:
                verdict = await self._advance()
            except StepTrouble as trouble:
                verdict = await self._troubled(trouble)
            if isinstance(verdict, Fell):
                self._may_be_replaced(verdict)
                verdict = await self._recourse(verdict)
            if isinstance(verdict, Reached) and self._failed_at is not None:
                await self.report.recovered()
            if verdict is not None:
                return verdict

    async def _advance(self) -> Verdict | None:
        if not self.trail.opened:
            if self.report.stop_asked is not None:
                return Yielded(await self.trail.journey.save())
            await self.trail.enter()
            return None
        # A model is not asked for a step that will not be taken now.
        if not self.trail.planner.known and self._must_stop(None):
            return Yielded(await self.trail.journey.save())
        advice = await self.trail.advise()
        if self._must_stop(advice):
            return Yielded(await self.trail.journey.save())
        match advice:
            case PlanDone():
                return await self._done(advice)
            case GiveUp():
                raise await self._given_up(advice)
            case Proposal():
                await self._step(advice)
                return None

    async def _step(self, advice: Proposal) -> None:
        limit = self.trail.job.assignment.goal.max_steps
        if self.trail.journey.taken >= limit:
            raise StepTrouble(ErrorType.MAX_STEPS, f"Not done after {limit} steps, the most the task allows")
        await self.trail.step(advice)
        self._arrived = True
        await self._passed()

    async def _done(self, advice: PlanDone) -> Verdict:
        self.stepper.asked(advice.in_vain, "decide whether the goal is reached")
        if self.stepper.recorder is not None:
            await self.stepper.recorder.ended()
        return await self.conclusion.concluded(self.trail.journey.taken)

    async def _given_up(self, advice: GiveUp) -> StepTrouble:
        """The trouble it is that nobody knows the next step: the session may just be over."""
        session = self.stepper.hands.session
        self.stepper.asked(advice.in_vain, "decide the next step")
        error_type = advice.error_type
        if await self.conclusion.bounded(asks_for_login(session.page, redirected=session.redirected)):
            error_type = ErrorType.AUTH
        await self.stepper.gave_up(advice.reason, self.trail.planner.used, error_type)
        return StepTrouble(error_type, advice.reason)

    async def _passed(self) -> None:
        if self._failed_at is not None and self.trail.journey.taken > self._failed_at:
            self._failed_at = None
            await self.report.recovered()

    def _must_stop(self, advice: Advice | None) -> bool:
        """A pause after an irreversible step needs a place behind it to go on from; at the end, none is worth it."""
        asked, committed = self.report.stop_asked, self.stepper.committed is not None
        if asked == "pause" and committed:
            # Only a plan whose steps are known goes on elsewhere; one made by looking is finished here.
            known = bool(self.trail.planner.known)
            return known and self.trail.journey.can_return and not isinstance(advice, PlanDone)
        return asked is not None

    async def _troubled(self, trouble: StepTrouble) -> Verdict:
        continuing = self.trail.checkpoint is not None and not self._arrived
        if continuing and trouble.error_type in _NO_WAY_ON:
            raise CannotContinue(trouble.message)
        if self.stepper.committed is None:
            return self.conclusion.fell(trouble)
        return await self.conclusion.troubled_after(self.stepper.committed, trouble)

    def _may_be_replaced(self, fell: Fell) -> None:
        if not self.replaceable or self.stepper.committed is not None or fell.error_type not in _WRONG_PLAN:
            return
        taken, steps = self.trail.journey.taken, len(self.trail.planner.known)
        trouble = StepTrouble(fell.error_type, fell.message)
        raise WrongPlan(trouble, taken + 1 if taken < steps else None)

    # Recovery in the open page.

    async def _recourse(self, fell: Fell) -> Fell | None:
        """Ask what to do and do it, until a strategy was carried out; what remains is the attempt's failure."""
        while self.stepper.committed is None and fell.recovery_needed and fell.error_type not in _NOT_HERE:
            strategy = await self.report.recourse(fell)
            if strategy is None:
                break
            self._failed_at = max(self._failed_at or 0, self.trail.journey.taken)
            try:
                await self._carry_out(strategy)
            except StepTrouble as trouble:
                fell = self.conclusion.fell(trouble)
            else:
                return None
        return fell

    async def _carry_out(self, strategy: Strategy) -> None:
        self.stepper.forget_repeats()
        try:
            await carry_out(strategy, self.trail)
        except Error as error:
            raise StepTrouble(of_error(error.message), first_line(error.message)) from error
        except TimeoutError as error:
            raise StepTrouble(ErrorType.TIMEOUT, f"The page did not answer in time to {strategy}") from error
