"""Notes what a run does as it does it, so that a run that is verified can be done again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from playwright.async_api import Error, Locator

from events.action import Action, Target
from runner.page.bundle import bundle
from runner.page.view import Element, View
from runner.planners.planner import Proposal
from runner.replay.expecting import expectations
from runner.replay.learning import Taken

_LOOK_SECONDS = 3.0
_WHICH_JS = "(e, all) => all.findIndex(css => document.querySelector(css) === e)"


@dataclass(frozen=True, slots=True)
class Frame:
    """One step, and the page as it was before it."""

    action: Action
    locators: tuple[Target, ...]
    view: View
    depends: frozenset[str] = frozenset()


@dataclass(slots=True)
class Recorder:
    """One attempt's steps by their place in it; a step that nobody could look at makes the run one that is not learned."""

    look: Callable[[], Awaitable[View]]
    _frames: list[Frame | None] = field(default_factory=list)
    _next: Frame | None = None
    _last: View | None = None  #: the page after the last step

    async def before(self, proposal: Proposal, element: Locator | None) -> None:
        """A step is about to be taken.

        Args:
            proposal: the step; one made by looking brings what was seen.
            element: that it acts on.
        """
        self._next = None
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                view = proposal.view or await self.look()
                locators = proposal.locators or await _described(view, element)
        except (Error, TimeoutError):
            return
        self._next = Frame(proposal.action, locators, view, proposal.depends)

    def took(self, place: int) -> None:
        """The step succeeded as the one after `place` others."""
        del self._frames[place:]
        self._frames.extend([None] * (place - len(self._frames)))
        self._frames.append(self._next)
        self._next = self._last = None

    async def ended(self) -> None:
        """The last step was taken: what did it lead to?"""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                self._last = await self.look()
        except (Error, TimeoutError):
            self._last = None

    def steps(self) -> list[Taken] | None:
        """The run, each step with what held after it; none if it cannot be told in full."""
        frames = [frame for frame in self._frames if frame is not None]
        if not frames or len(frames) < len(self._frames) or self._last is None:
            return None
        views = [frame.view for frame in frames[1:]] + [self._last]
        return [
            Taken(
                frame.action,
                frame.locators,
                frame.view.url,
                expectations(frame.action, frame.view, after),
                frame.depends,
            )
            for frame, after in zip(frames, views, strict=True)
        ]


async def _described(view: View, element: Locator | None) -> tuple[Target, ...]:
    """Descriptions of an element that was found by words."""
    if element is None:
        return ()
    here = [seen for seen in view if not seen.frame]
    place = int(await element.evaluate(_WHICH_JS, [seen.css for seen in here]))
    found: Element | None = here[place] if place >= 0 else None
    return () if found is None else bundle(view, found)
