"""The port of planners: asked before each step, one proposal at a time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from events.action import Action


@dataclass(frozen=True, slots=True)
class Proposal:
    """The next step, and why this planner dares to say so."""

    action: Action
    reason: str


@dataclass(frozen=True, slots=True)
class PlanDone:
    """Nothing is left to do but to verify."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This planner cannot help; `reason` is for people."""

    reason: str


Advice = Proposal | PlanDone | GiveUp


class Planner(Protocol):
    """Proposes steps; `taken` counts those of its proposals that succeeded in this attempt."""

    @property
    def used(self) -> str:
        """The word kept with each step: `declared_plan`, `rules`, ..."""
        ...

    def propose(self, taken: int) -> Advice:
        """What to do after `taken` steps."""
        ...


@dataclass(frozen=True, slots=True)
class FixedPlan:
    """A plan whose steps are known from the start."""

    actions: Sequence[Action]
    used: str
    reason: str

    def propose(self, taken: int) -> Advice:
        """See `Planner.propose`."""
        if taken < len(self.actions):
            return Proposal(self.actions[taken], self.reason)
        return PlanDone()
