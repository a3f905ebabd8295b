"""Which level acts: the cheapest one able to, and never one that does not understand the goal. Pure."""

from __future__ import annotations

from events.goal import GoalStatement
from runner.planners.declared_plan import declared_plan
from runner.planners.planner import GiveUp, Planner
from runner.planners.rules import rules_plan


def choose_planner(goal: GoalStatement, hints: str = "") -> Planner | GiveUp:
    """A planner for the goal; level 0 holds declared plans and rules.

    Args:
        goal: what the caller declared.
        hints: what an operator added who looked at the task; steps in words, if the goal itself is not understood.
    """
    if goal.steps:
        return declared_plan(goal.steps)
    plan = rules_plan(goal.goal)
    if isinstance(plan, GiveUp) and hints:
        hinted = rules_plan(hints)
        return plan if isinstance(hinted, GiveUp) else hinted
    return plan
