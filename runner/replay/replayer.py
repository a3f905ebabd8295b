"""Does again what reached the goal before: finds each recorded element, and says where it was found elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from playwright.async_api import Page

from events.action import Action, Check, Fill, Select, SelectMany, Target, Type
from events.failure import ErrorType
from events.goal_patterns import Inputs, spell
from events.indicators import SuccessIndicator
from events.paths import PathStep, UsablePath
from events.templates import render, render_model
from runner.grounding import place_of
from runner.page.view import View
from runner.planners.planner import Advice, GiveUp, Place, PlanDone, Proposal
from runner.replay.expecting import unmet
from runner.replay.learning import templated_step
from runner.replay.resolving import Found, Lost, healed, resolve
from runner.wording import describe, is_irreversible

_HEALS_AFTER_SECONDS = 0.6  # what comes later than the page itself may yet be what was recorded (runner-notes.md §4)
_POLL_SECONDS = 0.05
#: After these a page is what it was, but for the value: it need not be looked at again for the next step on it.
_ONLY_FILLS = (Fill, Select, SelectMany, Check)


@dataclass(slots=True)
class Replayer:
    """One attempt's replay of one edition of a path; see `Planner`."""

    path: UsablePath
    steps: Sequence[PathStep]  #: with inputs filled in
    secrets: frozenset[str]
    patience: float  #: seconds that an element is waited for
    values: tuple[str, ...] = ()  #: of the inputs
    used: str = "cached_path"
    healed: dict[int, Found] = field(default_factory=dict)  #: by place, what is other than it was
    _view: View | None = None  #: that still holds for the next step
    _page: tuple[str, int] = ("", -1)  #: address and place it holds for
    _expected: list[SuccessIndicator] = field(default_factory=list)  #: of the steps since the last look
    _place: int = 0  #: where advice was asked for last

    @property
    def known(self) -> Sequence[Action]:
        """See `Planner.known`."""
        return [step.action for step in self.steps]

    async def advise(self, place: Place) -> Advice:
        """See `Planner.advise`."""
        self._expect(place.taken)
        if place.taken >= len(self.steps):
            wrong = await self._wrong(place)
            return PlanDone() if wrong is None else GiveUp(wrong, ErrorType.GOAL_UNREACHABLE)
        step = self.steps[place.taken]
        self.healed.pop(place.taken, None)
        if getattr(step.action, "target", None) is None:
            wrong = await self._wrong(place)
            return self._proposal(step, "done so before") if wrong is None else _lost(step, wrong)
        found = await self._find(step, place)
        if isinstance(found, Lost):
            return _lost(step, found.reason)
        if found.degraded or not set(step.locators[:1]) <= set(found.locators):
            self.healed[place.taken] = found
        return self._proposal(step, f"done so before; {found.how}", found, place.page)

    async def _find(self, step: PathStep, place: Place) -> Found | Lost:
        """The step's element: at once if it is what it was, by other means once the page had time to show it."""
        started, irreversible = monotonic(), is_irreversible(step.action)
        only_fills = isinstance(step.action, _ONLY_FILLS)
        if self._view is not None and only_fills and self._page == (place.page.url, place.taken):
            found = resolve(step, self._view, irreversible=False, values=self.values)
            if isinstance(found, Found) and not found.degraded:
                return self._keep(found, self._view, step, place)
        while True:
            waited = monotonic() - started
            view = await place.look(settled=waited >= _HEALS_AFTER_SECONDS)
            wrong = unmet(self._expected, view)
            found = resolve(step, view, irreversible=irreversible, values=self.values) if wrong is None else Lost(wrong)
            as_it_was = isinstance(found, Found) and not found.degraded
            if as_it_was or (isinstance(found, Found) and waited >= _HEALS_AFTER_SECONDS):
                self._expected.clear()
                return self._keep(found, view, step, place)
            if waited >= self.patience:
                return found
            await asyncio.sleep(_POLL_SECONDS)

    def _expect(self, taken: int) -> None:
        """What must hold now that so many steps were taken."""
        if 0 < taken <= len(self.steps) and self._place != taken:
            step, found = self.steps[taken - 1], self.healed.get(taken - 1)
            self._expected.extend((step if found is None else healed(step, found)).expects)
        if taken < self._place:  # taken again from an earlier page
            self._expected.clear()
        self._place = taken

    async def _wrong(self, place: Place) -> str | None:
        """What is not as it was after the steps so far, once the page had time to become so."""
        started = monotonic()
        while self._expected:
            waited = monotonic() - started
            wrong = unmet(self._expected, await place.look(settled=waited >= _HEALS_AFTER_SECONDS))
            if wrong is None:
                self._expected.clear()
            elif waited >= self.patience:
                return wrong
            else:
                await asyncio.sleep(_POLL_SECONDS)
        return None

    def _keep(self, found: Found | Lost, view: View, step: PathStep, place: Place) -> Found | Lost:
        self._view = view if isinstance(step.action, _ONLY_FILLS) else None
        self._page = place.page.url, place.taken + 1
        return found

    def _proposal(self, step: PathStep, reason: str, found: Found | None = None, page: Page | None = None) -> Proposal:
        action, element = step.action, None
        if found is not None and page is not None:
            action = action.model_copy(update={"target": found.locators[0]})
            if _offered(action) <= set(found.element.options):
                element = place_of(page, found.element.frame).locator(found.element.css)
        return Proposal(
            action,
            reason,
            used=self.used,
            ready=True,
            secrets=self.secrets,
            element=element,
            again=True,
        )


def replay_of(path: UsablePath, inputs: Inputs, secrets: frozenset[str], patience: float) -> Replayer:
    """The replay of a path for these inputs.

    Raises:
        UnresolvedTemplate: the path needs an input that is not there, or refers to a secret out of place.
    """
    values = tuple(spell(value) for value in inputs.values())
    return Replayer(path, [_filled(step, inputs) for step in path.steps], secrets, patience, values)


def healed_steps(replayer: Replayer, inputs: Inputs) -> tuple[list[PathStep], list[int]]:
    """The path's steps with what was found elsewhere, templates put back, and the 1-based numbers of those."""
    steps, changed = list(replayer.path.steps), []
    for place, found in sorted(replayer.healed.items()):
        own: Target | None = getattr(steps[place].action, "target", None)
        # Where the plan itself names the row, what else stands in the row of this run is no news.
        if own is None or own.within is None or "{{" not in own.within:
            steps[place] = templated_step(healed(replayer.steps[place], found), inputs)
            changed.append(place + 1)
    return steps, changed


def _filled(step: PathStep, inputs: Inputs) -> PathStep:
    values = "value" if isinstance(step.action, Fill | Type) else ""
    return PathStep(
        action=render_model(step.action, inputs, secrets_in=values),
        locators=[render_model(locator, inputs) for locator in step.locators],
        url=render(step.url, inputs),
        expects=[render_model(expected, inputs) for expected in step.expects],
    )


def _offered(action: Action) -> set[str]:
    """What the element must offer as it is written here; who finds it by its words looks closer, and says what is lacking."""
    match action:
        case Select():
            return {action.option}
        case SelectMany():
            return set(action.options)
        case _:
            return set()


def _lost(step: PathStep, reason: str) -> GiveUp:
    return GiveUp(f"{describe(step.action)}: {reason}", ErrorType.GOAL_UNREACHABLE)
