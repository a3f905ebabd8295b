"""The steps a caller declared with the goal. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from events.action import Action
from runner.planners.planner import FixedPlan


def declared_plan(steps: Sequence[Action]) -> FixedPlan:
    """A plan of the declared steps, in order."""
    return FixedPlan(steps, "declared_plan", "the submission declares its steps")
