"""Whether the goal is reached, on evidence outside the plan; and what is said when it is not, or cannot be known."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from playwright.async_api import Error

from events.failure import ErrorType
from events.indicators import ResponseReceived, ResultValue
from events.steps import StepExecuted
from events.templates import UnresolvedTemplate, render_model
from runner.evidence import Finding, is_wanted, was_read
from runner.outcome import StepTrouble, first_line, of_error
from runner.page.look import settle
from runner.performer import Fell, Job, Reached, StepReporter, Verdict
from runner.steps import Stepper
from runner.verify import Verifier

V = TypeVar("V")

#: Troubles that pass: after one of them, what was done can be verified by a later attempt.
_PASSING = frozenset(
    {
        ErrorType.TIMEOUT,
        ErrorType.SERVER_ERROR,
        ErrorType.STALE,
        ErrorType.RATE_LIMITED,
        ErrorType.BROWSER_CRASHED,
        ErrorType.AUTH,
    }
)
_LOOK_SECONDS = 10.0
_POLL_SECONDS = 0.1
_COMPLAINT_LIMIT = 300
_ALERTS = "[role=alert], .error, .errors, .alert-danger"
_CONFIRMING = re.compile(
    r"\b(confirm(ed|ation)|thank you|thanks|success(ful(ly)?)?|registered|booked|ordered|received|sent|submitted|saved|added"
    r"|removed|deleted|cancell?ed)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(not|never|cannot|un\w+|fail\w*|already)\b", re.IGNORECASE)


@dataclass(slots=True)
class Conclusion:
    """Looks at the page after the last step, or instead of one."""

    job: Job
    report: StepReporter
    stepper: Stepper
    patience: float

    def __post_init__(self) -> None:
        """Say whose answers are to be read: they are gone once their page is."""
        goal = self.job.assignment.goal
        with suppress(UnresolvedTemplate):
            looked_into = [
                render_model(indicator, goal.inputs)
                for indicator in goal.success_indicators
                if isinstance(indicator, ResponseReceived) and indicator.body_contains is not None
            ]
            self.stepper.hands.session.traffic.wants_body = lambda method, url: any(
                is_wanted(indicator, method, url) for indicator in looked_into
            )

    async def concluded(self, taken: int) -> Verdict:
        """Every step succeeded; is the goal reached?"""
        if not self.job.assignment.goal.success_indicators:
            return await self.bounded(self._inferred(taken))
        started = monotonic()
        findings = await self._look(self._verifier().look_here)
        return await self._judged(findings, started)

    async def _judged(self, findings: list[Finding], started: float) -> Verdict:
        missing = [finding.sentence for finding in findings if not finding.holds]
        evidence = [finding.sentence for finding in findings if finding.holds]
        said = "Not confirmed: " + "; ".join(missing) if missing else None
        complaint = await self.bounded(self._complaint()) if missing else ""
        if said is not None and complaint:
            said += f'; the page says "{complaint}"'
        done = self.stepper.committed or self.job.earlier.irreversible
        error_type = ErrorType.UNCONFIRMED if done else ErrorType.UNKNOWN
        await self._record(started, error_type if missing else None, said)
        if said is None:
            return self._reached(evidence)
        if done:
            said = f"This was done, but its effect could not be confirmed: {done}. {said}"
        return Fell(error_type, said, {"found": evidence, "missing": missing})

    async def _inferred(self, taken: int) -> Verdict:
        """Nothing was declared: what the site answered and the page says about what cannot be taken back."""
        session, act = self.stepper.hands.session, self.stepper.committed
        where = f'"{await session.page.title()}" at {session.page.url}'
        said = f"Inferred, as no success indicator was declared: all {taken} steps succeeded, last page {where}"
        if act is None:
            return await self._read_only(said)
        await self._aftermath()
        confirming = await self._confirming()
        why = await self._against()
        if not why and not session.traffic.sent and not confirming:
            why = "nothing was sent to the site, and nothing on the page confirms it"
        if why:
            said = f"This was done, but its effect could not be confirmed: {act}; {why}"
            await self._record(monotonic(), ErrorType.UNCONFIRMED, said)
            return Fell(ErrorType.UNCONFIRMED, said)
        if confirming and session.traffic.taken(session.page.url):
            return self._reached([f'{said}; the site took what was sent, and the page says "{confirming}"'])
        return self._reached([f"{said}; nothing speaks against it, nothing confirms it"], verified=False)

    async def _aftermath(self) -> None:
        """Wait until the act was answered and the page shows what came of it; as long as an indicator is waited for."""
        session, until = self.stepper.hands.session, monotonic() + self.patience
        while monotonic() < until:
            await session.traffic.at_rest(until - monotonic())
            if session.traffic.refused(session.page.url) or await session.shown() != self.stepper.page_before:
                await settle(session.page)
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _read_only(self, said: str) -> Verdict:
        """Nothing was done for good: what was read is all there is to show for it."""
        data = self.stepper.hands.data
        empty = [key for key in data if not was_read(data, ResultValue(key=key)).holds]
        if data and len(empty) == len(data):
            said = f"Nothing could be read: {', '.join(empty)} is empty on {self.stepper.hands.session.page.url}"
            await self._record(monotonic(), ErrorType.UNKNOWN, said)
            return Fell(ErrorType.UNKNOWN, said)
        return self._reached([said], verified=bool(data) and not empty)

    async def _against(self) -> str:
        """What speaks against an act having had its effect; a page may claim what its server refused."""
        session = self.stepper.hands.session
        if complaint := await self._complaint():
            return f'the page says "{complaint}"'
        if refused := session.traffic.refused(session.page.url):
            return refused
        return "nothing on the page changed" if await session.shown() == self.stepper.page_before else ""

    async def _confirming(self) -> str:
        """The line that confirms, of those the page did not show before the act; empty when none does."""
        before = set(self.stepper.page_before.splitlines())
        for line in (await self.stepper.hands.session.page.locator("body").inner_text()).splitlines():
            if line not in before and _CONFIRMING.search(line) and not _DENIED.search(line):
                return line.strip()[:_COMPLAINT_LIMIT]
        return ""

    async def _complaint(self) -> str:
        """What the page says went wrong; empty when it says nothing of the kind."""
        alert = self.stepper.hands.session.page.locator(_ALERTS).filter(visible=True).first
        return " ".join((await alert.inner_text()).split())[:_COMPLAINT_LIMIT] if await alert.count() else ""

    async def verify_only(self, act: str, *, logged_in: bool, run_up: Callable[[], Awaitable[None]]) -> Verdict:
        """An irreversible act was begun by an earlier attempt: look whether it took effect, never do it again.

        Args:
            act: what was done, or begun.
            logged_in: whether the window was opened with the session of that attempt.
            run_up: leads to a login, when that session does not show the effect.
        """
        verifier = self._verifier()
        if not any(indicator.at for indicator in verifier.indicators):
            said = (
                f"An earlier attempt may have done this: {act}. It is not done again, and no success indicator names"
                " a page (`at`) on which its effect could be seen"
            )
            return Fell(ErrorType.UNCONFIRMED, said)
        if not (logged_in and await self._is_seen(verifier)):
            await run_up()
        started = monotonic()
        try:
            return await self._judged(await self._look(verifier.look_again), started)
        except StepTrouble as trouble:
            await self._record(started, trouble.error_type, trouble.message)
            return self.fell(trouble)

    async def _is_seen(self, verifier: Verifier) -> bool:
        try:
            return all(finding.holds for finding in await self._look(verifier.look_again))
        except StepTrouble:
            return False

    async def troubled_after(self, act: str, trouble: StepTrouble) -> Verdict:
        """A step failed after an irreversible one, or in it."""
        verifier = self._verifier()
        if verifier.indicators:
            started = monotonic()
            try:
                findings = await self._look(verifier.look_here)
            except StepTrouble:
                findings = []
            if findings and all(finding.holds for finding in findings):
                await self._record(started, None, None)
                return self._reached([finding.sentence for finding in findings])
        can_wait = trouble.error_type in _PASSING and any(indicator.at for indicator in verifier.indicators)
        if can_wait:
            return self.fell(trouble)
        said = f"This was begun, but its effect could not be confirmed: {act}. {trouble.message}"
        return Fell(ErrorType.UNCONFIRMED, said)

    def _verifier(self) -> Verifier:
        goal = self.job.assignment.goal
        hands = self.stepper.hands
        return Verifier(
            hands.session,
            goal.site_url,
            goal.success_indicators,
            goal.inputs,
            patience=self.patience,
            navigation_timeout=hands.navigation_timeout,
            data=hands.data,
        )

    async def _look(self, look: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
        """Findings; what keeps us from looking becomes a StepTrouble."""
        try:
            return await look()
        except UnresolvedTemplate as error:
            raise StepTrouble(ErrorType.INVALID_INPUT, str(error)) from error
        except Error as error:
            raise StepTrouble(of_error(error.message), first_line(error.message)) from error
        except TimeoutError as error:
            raise StepTrouble(ErrorType.TIMEOUT, "the page to verify on did not load in time") from error

    async def _record(self, started: float, error_type: ErrorType | None, said: str | None) -> None:
        """Verification is a step of its own, with pictures when it fails."""
        session = self.stepper.hands.session
        took = round((monotonic() - started) * 1_000, 1)
        taking = self.stepper.pictures
        pictures = await (taking.of_step() if said is None else taking.of_failure())
        self.report.executed(
            StepExecuted(
                step_number=0,
                action="verify the goal by its success indicators",
                ai_used="rules",
                level_reason="success is evidence outside the plan",
                duration_ms=took,
                result="success" if said is None else "error",
                error_type=error_type,
                error_details=said,
                url=session.page.url,
                artifacts=pictures,
            )
        )

    def _reached(self, evidence: list[str], *, verified: bool = True) -> Reached:
        data = self.stepper.hands.data
        read = [f"{key}: {value}" for key, value in data.items()]
        return Reached("; ".join([*read, *evidence]), evidence, dict(data), verified=verified)

    def fell(self, trouble: StepTrouble) -> Fell:
        """The failure of an attempt that this trouble would be."""
        evidence = {"url": self.stepper.hands.session.page.url}
        return Fell(trouble.error_type, trouble.message, evidence)

    async def bounded(self, look: Awaitable[V]) -> V:
        """A look that has no timeout of its own, at a page that may not answer any more."""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                return await look
        except TimeoutError as error:
            raise StepTrouble(ErrorType.TIMEOUT, "The page did not answer in time") from error
        except Error as error:
            raise StepTrouble(of_error(error.message), first_line(error.message)) from error
