"""One step after the other: render, find, act, observe, record. What fails is recorded with pictures, then raised."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from playwright.async_api import Error

from events.action import Action, Click, Fill, Press, Type
from events.failure import ErrorType
from events.steps import Artifact, StepExecuted
from producers.artifacts import ArtifactStore
from runner.actions import prepare
from runner.hands import Act, Hands
from runner.limits import LoopWatch
from runner.outcome import StepTrouble, first_line, of_error, surely_not_done
from runner.performer import Job, StepReporter
from runner.secrets import UnresolvedSecret
from runner.templates import UnresolvedTemplate, render_model
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
    store: ArtifactStore
    committed: str | None = None  #: the irreversible act that was begun in this attempt, and may have had its effect
    page_before: str = ""  #: digest of the page before that act
    _loops: LoopWatch = field(default_factory=LoopWatch)

    async def take(self, action: Action, *, used: str, reason: str) -> Taken:
        """Take one step.

        Raises:
            StepTrouble: it failed; the log says so already.
        """
        started = monotonic()
        words, intended, committed = describe(action), False, self.committed
        try:
            rendered = self._rendered(action)
            words, irreversible = describe(rendered), is_irreversible(rendered)
            seconds = self.hands.timeout_of(rendered)
            await self.report.may_act(seconds)
            async with asyncio.timeout(2 * self.hands.action_timeout + _HANG_SECONDS):
                act = await prepare(self.hands, rendered, irreversible=irreversible)
            found_on = self.hands.session.documents
            before = await self.hands.session.digest()
            if self._loops.stuck(before, words):
                raise StepTrouble(ErrorType.LOOP, f"The page did not change although this was done again: {words}")
            self.hands.session.forget_answers()
            if irreversible:
                await self.report.intend(words)
                intended = True
                self.committed, self.page_before = words, before
                seconds = min(seconds, await self.report.may_act(seconds) - _MARGIN_SECONDS)
            await self._act(
                act, seconds, navigates=isinstance(rendered, Click | Press | Type), irreversible=irreversible
            )
        except Foreseen as error:
            trouble = _trouble(error, words)
            if intended and surely_not_done(trouble.error_type, str(error)):
                self.committed, intended = committed, False
            await self._failed(words, trouble, started, irreversible=intended, used=used, reason=reason)
            raise trouble from error
        self.report.executed(
            StepExecuted(
                step_number=0,
                action=words,
                ai_used=used,
                level_reason=reason,
                duration_ms=_since(started),
                result="success",
                url=self.hands.session.page.url,
                irreversible=intended,
            )
        )
        return Taken(intended, found_on)

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

    def _rendered(self, action: Action) -> Action:
        secrets_in = "value" if isinstance(action, Fill | Type) else ""
        return render_model(action, self.job.assignment.goal.inputs, secrets_in=secrets_in)

    async def _failed(
        self, words: str, trouble: StepTrouble, started: float, *, irreversible: bool, used: str, reason: str
    ) -> None:
        took = _since(started)
        pictures: list[Artifact] = await self.hands.session.pictures(self.store)
        self.report.executed(
            StepExecuted(
                step_number=0,
                action=words,
                ai_used=used,
                level_reason=reason,
                duration_ms=took,
                result="error",
                error_type=trouble.error_type,
                error_details=trouble.message,
                url=self.hands.session.page.url,
                irreversible=irreversible,
                artifacts=pictures,
            )
        )


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
