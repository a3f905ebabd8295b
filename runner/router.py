"""Which level acts: the cheapest one able to, and never one that does not understand the goal. Pure."""

from __future__ import annotations

from events.goal import GoalStatement
from runner.planners.declared_plan import declared_plan
from runner.planners.planner import GiveUp, Planner
from runner.planners.rules import rules_plan


def choose_planner(goal: GoalStatement) -> Planner | GiveUp:
    """A planner for the goal; level 0 holds declared plans and rules."""
    return declared_plan(goal.steps) if goal.steps else rules_plan(goal.goal)
