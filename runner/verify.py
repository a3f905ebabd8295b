"""Whether the goal is reached, by evidence outside the plan: what the page shows and where it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import assert_never
from urllib.parse import urljoin

from playwright.async_api import Error, expect

from events.failure import ErrorType
from events.indicators import (
    ElementState,
    ElementVisible,
    FieldValue,
    ResponseReceived,
    ResultValue,
    SuccessIndicator,
    TextGone,
    TextVisible,
    UrlContains,
)
from events.templates import render_model
from runner.evidence import Finding, answered, was_read
from runner.grounding import ground
from runner.outcome import StepTrouble, of_error
from runner.session import Session
from runner.states import in_states, say_states
from runner.wording import name_of

_FIRST_LOOK_SECONDS = 0.5
_HANG_SECONDS = 5.0  # on top of what a look may take, before the page is taken for hung


@dataclass(frozen=True, slots=True)
class Verifier:
    """Looks for the indicators of one task; all must hold."""

    session: Session
    site_url: str
    indicators: Sequence[SuccessIndicator]
    inputs: Mapping[str, str | float | bool]
    patience: float  #: seconds an indicator is waited for
    navigation_timeout: float
    data: Mapping[str, object] = field(default_factory=dict)  #: what was read

    async def look_here(self) -> list[Finding]:
        """On the page as it is; an indicator that names a page gets a second look there."""
        found: list[Finding] = []
        until = monotonic() + self.patience
        for declared in self.indicators:
            indicator = render_model(declared, self.inputs)
            left = max(0.2, until - monotonic())
            # What has a page of its own is most likely shown there, and not here.
            finding = await self._holds(indicator, left if declared.at is None else min(left, _FIRST_LOOK_SECONDS))
            found.append(finding)
        # Second looks leave the page, so they come after everything that can be seen on it.
        for place, declared in enumerate(self.indicators):
            if not found[place].holds and declared.at is not None:
                found[place] = await self._look_at(declared)
        return found

    async def look_again(self) -> list[Finding]:
        """After a crash: only on the pages that indicators name, since the page they were meant for is gone."""
        return [await self._look_at(declared) for declared in self.indicators if declared.at is not None]

    async def _look_at(self, declared: SuccessIndicator) -> Finding:
        indicator = render_model(declared, self.inputs)
        url = urljoin(self.site_url, indicator.at or "")
        self.session.forget_answers()
        await self.session.admit(url)
        await self.session.page.goto(url, wait_until="domcontentloaded", timeout=self.navigation_timeout * 1_000)
        await self.session.settle(expect_navigation=False)
        return await self._holds(indicator, self.patience)

    async def _holds(self, indicator: SuccessIndicator, seconds: float) -> Finding:
        try:
            async with asyncio.timeout(seconds + _HANG_SECONDS):
                return await self._check(indicator, seconds)
        except StepTrouble as trouble:
            return Finding(holds=False, sentence=trouble.message)
        except Error as error:
            if of_error(error.message) not in {ErrorType.TIMEOUT, ErrorType.STALE}:
                raise
            return Finding(holds=False, sentence=f"{_say(indicator)}: not on {self.session.page.url}")

    async def _check(self, indicator: SuccessIndicator, seconds: float) -> Finding:
        page = self.session.page
        match indicator:
            case UrlContains():
                await page.wait_for_url(
                    lambda url: indicator.value in url, timeout=seconds * 1_000, wait_until="commit"
                )
            case TextVisible():
                text = page.get_by_text(indicator.value).filter(visible=True).first
                await text.wait_for(state="visible", timeout=seconds * 1_000)
            case TextGone():
                everywhere = page.get_by_text(indicator.value, exact=indicator.exact).filter(visible=True)
                try:
                    await expect(everywhere).to_have_count(0, timeout=seconds * 1_000)
                except AssertionError:
                    return Finding(holds=False, sentence=f"{_say(indicator)}: not so on {page.url}")
            case ElementState():
                element = await ground(page, indicator.target, "any", seconds)
                if not await in_states(element, indicator, seconds):
                    return Finding(holds=False, sentence=f"{_say(indicator)}: not so on {page.url}")
            case ElementVisible():
                await ground(page, indicator.target, "any", seconds, patient=True)
            case FieldValue():
                field = await ground(page, indicator.target, "field", seconds)
                try:
                    await expect(field).to_have_value(indicator.value, timeout=seconds * 1_000)
                except AssertionError:
                    return Finding(holds=False, sentence=f"{_say(indicator)}: not on {page.url}")
            case ResponseReceived():
                return await answered(self.session.traffic, indicator, seconds)
            case ResultValue():
                return was_read(self.data, indicator)
            case _:
                assert_never(indicator)
        return Finding(holds=True, sentence=f"{_say(indicator)}: {page.url}")


def _say(indicator: SuccessIndicator) -> str:
    match indicator:
        case UrlContains():
            return f'the address contains "{indicator.value}"'
        case TextVisible():
            return f'the page shows "{indicator.value}"'
        case TextGone():
            return f'the page does not show "{indicator.value}"'
        case ElementState():
            return f"{name_of(indicator.target)} is {say_states(indicator)}"
        case ElementVisible():
            return f"the page shows {name_of(indicator.target)}"
        case FieldValue():
            return f'{name_of(indicator.target)} holds "{indicator.value}"'
        case ResponseReceived():
            return f"the site answered {indicator.url_contains}"
        case ResultValue():
            return f'"{indicator.key}" was read'
        case _:
            assert_never(indicator)
