"""The port of planners: asked before each step, one proposal at a time; and the plan whose steps are all known."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from playwright.async_api import Locator, Page

from events.action import Action, Target
from events.failure import ErrorType
from runner.page.view import View


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model was asked, and what that took."""

    level: int
    used: str  #: the provider
    model: str
    said: str = ""  #: why it could not go on
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """The next step, and why this planner dares to say so."""

    action: Action  #: as it is recorded, and could be done again on another day
    reason: str
    used: str = ""  #: the word kept with the step; the planner's own when empty
    seen: Action | None = None  #: the same act on the very element that was seen, good for now only
    asked: Asked | None = None  #: the model that proposed it
    in_vain: tuple[Asked, ...] = ()  #: models that were asked before it and could not go on
    ready: bool = False  #: nothing is left to fill in but the secrets named here
    secrets: frozenset[str] = frozenset()
    locators: tuple[Target, ...] = ()  #: of the element, the most durable first
    view: View | None = None  #: on which it was proposed
    depends: frozenset[str] = frozenset()  #: inputs that decided which of several like elements is meant
    element: Locator | None = None  #: where it was found already
    again: bool = False  #: done so before; whoever proposes it looks at the page, so that it cannot go in circles


@dataclass(frozen=True, slots=True)
class PlanDone:
    """Nothing is left to do but to verify."""

    in_vain: tuple[Asked, ...] = ()  #: models that were asked for this


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This planner cannot help; `reason` is for people."""

    reason: str
    error_type: ErrorType = ErrorType.NO_PLAN
    in_vain: tuple[Asked, ...] = ()  #: models that were asked


Advice = Proposal | PlanDone | GiveUp


@dataclass(frozen=True, slots=True)
class Place:
    """Where a planner is asked: after how many of its steps, on which page, and how to look at it."""

    taken: int
    page: Page
    look: Look


class Look(Protocol):
    """Looks at the page, once it is at rest unless that does not matter."""

    def __call__(self, *, settled: bool = True) -> Awaitable[View]:
        """What the page shows; raises what looking raises."""
        ...


class Planner(Protocol):
    """Proposes steps; those of its proposals that succeeded in this attempt are counted."""

    @property
    def used(self) -> str:
        """The word kept with each step: `declared_plan`, `rules`, ..."""
        ...

    @property
    def known(self) -> Sequence[Action]:
        """The steps, as far as they are known before the page is seen."""
        ...

    async def advise(self, place: Place) -> Advice:
        """What to do next; raises what looking at a page raises."""
        ...


@dataclass(frozen=True, slots=True)
class FixedPlan:
    """A plan whose steps are known from the start."""

    known: Sequence[Action]
    used: str
    reason: str

    def propose(self, taken: int) -> Proposal | PlanDone:
        """The step after `taken` of them."""
        if taken < len(self.known):
            return Proposal(self.known[taken], self.reason)
        return PlanDone()

    async def advise(self, place: Place) -> Advice:
        """See `Planner.advise`."""
        return self.propose(place.taken)
