"""One step after the other: render, find, act, observe, record. What fails is recorded with pictures, then raised."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from playwright.async_api import Error

from events.action import Action, Click, Fill, Press, Type, Wait
from events.failure import ErrorType
from events.steps import Artifact, StepExecuted
from events.templates import UnresolvedTemplate, render_model, secrets_in
from runner.actions import prepare
from runner.hands import Act, Hands
from runner.limits import LoopWatch
from runner.outcome import StepTrouble, first_line, of_error, surely_not_done
from runner.performer import Job, StepReporter
from runner.pictures import Pictures
from runner.planners.planner import Asked, Proposal
from runner.replay.recorder import Recorder
from runner.secrets import UnresolvedSecret
from runner.wording import describe, is_irreversible

_MARGIN_SECONDS = 0.2  # an irreversible act ends this long before the task may no longer be ours
_HANG_SECONDS = 5.0  # on top of an act's own timeout, before the driver is taken for hung

#: What may go wrong in a step and is told as its outcome.
Foreseen = (Error, StepTrouble, UnresolvedTemplate, UnresolvedSecret, TimeoutError)


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that succeeded."""

    irreversible: bool
    found_on: int  #: the page it was taken on, by the session's count


@dataclass(slots=True)
class Stepper:
    """Takes the steps of one attempt."""

    job: Job
    report: StepReporter
    hands: Hands
    pictures: Pictures
    committed: str | None = None  #: the irreversible act that was begun in this attempt, and may have had its effect
    page_before: str = ""  #: what the page showed before that act, where success would be inferred from what changed
    recorder: Recorder | None = None  #: notes what is done, where that may be done again
    _loops: LoopWatch = field(default_factory=LoopWatch)

    async def take(self, proposal: Proposal, *, recorded: bool = False) -> Taken:
        """Take one step.

        Args:
            proposal: what to do.
            recorded: whether it is a step of the way to the goal, which may be learned.

        Raises:
            StepTrouble: it failed; the log says so already.
        """
        started = monotonic()
        words, intended, committed = describe(proposal.action), False, self.committed
        try:
            rendered, acted = self._rendered(proposal)
            words, irreversible = describe(rendered), is_irreversible(rendered) or is_irreversible(acted)
            seconds = self.hands.timeout_of(acted)
            await self.report.may_act(seconds)
            self.hands.kept = []
            self.hands.given, self.hands.found, self.hands.sure = proposal.element, None, proposal.element is not None
            async with asyncio.timeout(2 * self.hands.action_timeout + _HANG_SECONDS):
                act = await prepare(self.hands, acted, irreversible=irreversible)
            found_on = self.hands.session.documents
            inferred = irreversible and not self.job.assignment.goal.success_indicators
            before = await self.hands.session.shown() if inferred or not proposal.again else ""
            if not proposal.again and self._loops.stuck(before, words):
                raise StepTrouble(ErrorType.LOOP, f"The page did not change although this was done again: {words}")
            if recorded and self.recorder is not None:
                await self.recorder.before(proposal, self.hands.found)
            self.hands.session.forget_answers()
            if irreversible:
                await self.report.intend(words)
                intended = True
                if committed is None:
                    self.hands.session.traffic.mark()
                self.committed, self.page_before = words, before
                seconds = min(seconds, await self.report.may_act(seconds) - _MARGIN_SECONDS)
            navigates = isinstance(acted, Click | Press | Type)
            await self._act(act, seconds, navigates=navigates, irreversible=irreversible)
        except Foreseen as error:
            trouble = self.hands.session.refused or _trouble(error, words)
            if intended and surely_not_done(trouble.error_type, str(error)):
                self.committed, intended = committed, False
            await self._failed(words, trouble, started, proposal, irreversible=intended)
            raise trouble from error
        typed = isinstance(acted, Type) and acted.enter and bool(secrets_in(acted.value))
        pictures = await self.pictures.of_step(anew=typed)
        self._record(words, started, proposal, result="success", irreversible=intended, pictures=pictures)
        return Taken(intended, found_on)

    def asked(self, in_vain: Sequence[Asked], action: str) -> None:
        """Record what models were asked without a step that came of it: their tokens are facts all the same."""
        for ask in in_vain:
            step = StepExecuted(
                step_number=0,
                action=action,
                result="skipped" if ask.said else "success",
                error_details=ask.said or None,
                level_reason="asked for the next step",
                duration_ms=round(ask.seconds * 1_000, 1),
                url=self.hands.session.page.url,
            )
            self.report.executed(step.model_copy(update=_asking(ask)))

    async def gave_up(self, reason: str, used: str, error_type: ErrorType) -> None:
        """Record that nobody knows the next step, with pictures for whoever looks at it."""
        proposal = Proposal(Wait(), "every configured level was asked", used=used)
        trouble = StepTrouble(error_type, reason)
        await self._failed("decide the next step", trouble, monotonic(), proposal, irreversible=False)

    def forget_repeats(self) -> None:
        """A recovery takes steps again on purpose."""
        self._loops = LoopWatch()

    async def _act(self, act: Act, seconds: float, *, navigates: bool, irreversible: bool) -> None:
        session = self.hands.session
        session.accepts_questions = irreversible
        try:
            async with asyncio.timeout(seconds + _HANG_SECONDS):
                await act(seconds)
            await session.settle(expect_navigation=navigates)
        finally:
            session.accepts_questions = False

    def _rendered(self, proposal: Proposal) -> tuple[Action, Action]:
        """The step as it is told and as it is done, with what is still to be filled in but for secrets."""
        if proposal.ready:
            acted = proposal.seen or proposal.action
            asked_for = set(secrets_in(getattr(acted, "value", "")))
            if not asked_for <= proposal.secrets:
                raise UnresolvedTemplate("only goals and plans may say where a secret goes")
            return proposal.action, acted
        secrets = "value" if isinstance(proposal.action, Fill | Type) else ""
        rendered = render_model(proposal.action, self.job.assignment.goal.inputs, secrets_in=secrets)
        return rendered, rendered

    def _record(
        self,
        words: str,
        started: float,
        proposal: Proposal,
        *,
        result: Literal["success", "error"],
        irreversible: bool,
        trouble: StepTrouble | None = None,
        pictures: Sequence[Artifact] = (),
    ) -> None:
        self.asked(proposal.in_vain, "decide the next step")
        step = StepExecuted(
            step_number=0,
            action=words,
            ai_used=proposal.used,
            level_reason=proposal.reason,
            duration_ms=_since(started),
            result=result,
            error_type=None if trouble is None else trouble.error_type,
            error_details=None if trouble is None else trouble.message,
            url=self.hands.session.page.url,
            irreversible=irreversible,
            artifacts=[*pictures, *self.hands.kept],
        )
        self.report.executed(step if proposal.asked is None else step.model_copy(update=_asking(proposal.asked)))

    async def _failed(
        self, words: str, trouble: StepTrouble, started: float, proposal: Proposal, *, irreversible: bool
    ) -> None:
        pictures = await self.pictures.of_failure()
        self._record(
            words, started, proposal, result="error", irreversible=irreversible, trouble=trouble, pictures=pictures
        )


def _asking(asked: Asked) -> dict[str, object]:
    """What a step says of the model that was asked for it."""
    return {
        "ai_level": asked.level,
        "ai_used": asked.used,
        "model": asked.model,
        "input_tokens": asked.input_tokens,
        "output_tokens": asked.output_tokens,
    }


def _trouble(error: BaseException, words: str) -> StepTrouble:
    """Whatever went wrong, as an error type and a sentence."""
    match error:
        case StepTrouble():
            return error
        case UnresolvedTemplate() | UnresolvedSecret():
            return StepTrouble(ErrorType.INVALID_INPUT, str(error))
        case Error():
            return StepTrouble(of_error(error.message), first_line(error.message))
        case _:
            return StepTrouble(ErrorType.TIMEOUT, f"The page did not answer in time: {words}")


def _since(started: float) -> float:
    return round((monotonic() - started) * 1_000, 1)
