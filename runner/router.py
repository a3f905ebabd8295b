"""Which level acts: the cheapest one able to, and never one that does not understand the goal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from events.goal import GoalStatement
from events.goal_patterns import filled
from runner.planners.climber import Climber
from runner.planners.declared_plan import declared_plan
from runner.planners.models import Ladder, ModelPlanner
from runner.planners.planner import FixedPlan, GiveUp, Planner
from runner.planners.rules import rules_plan
from runner.planners.seeing import Refusal, wishes_of
from runner.planners.seeing.wishes import Wish

Models = Mapping[int, ModelPlanner]


def choose_planner(
    goal: GoalStatement, hints: str = "", models: Models | None = None, clean: Callable[[str], str] = str
) -> Planner | GiveUp:
    """A planner for the goal.

    Args:
        goal: what the caller declared.
        hints: what an operator added who looked at the task; steps in words, if the goal itself is not understood.
        models: that may be asked, by level.
        clean: takes secrets out of what models are told.
    """
    if goal.steps:
        return declared_plan(goal.steps)
    plan = rules_plan(goal.goal)
    if isinstance(plan, FixedPlan):
        return plan
    hinted = rules_plan(hints) if hints else plan
    if isinstance(hinted, FixedPlan):
        return hinted
    wishes = _wishes(goal, hints)
    if isinstance(wishes, Refusal) and not models:
        return GiveUp(f"{plan.reason} Looking at the page would not help: {wishes.reason}.")
    return climber(goal, wishes, hints, models or {}, clean)


def second_planner(
    goal: GoalStatement, first: Planner, hints: str, models: Models, clean: Callable[[str], str]
) -> Planner | None:
    """Who may try after the first plan did not fit the page: models, if the caller did not declare the steps."""
    if goal.steps or not models or isinstance(first, Climber):
        return None
    return climber(goal, _wishes(goal, hints), hints, models, clean)


def climber(
    goal: GoalStatement, wishes: tuple[Wish, ...] | Refusal, hints: str, models: Models, clean: Callable[[str], str]
) -> Climber:
    """A planner that looks, for what the rules made of the goal."""
    said = filled(goal.goal, goal.inputs)
    return Climber(
        f"{said} (a human who looked at it adds: {hints})" if hints else said,
        wishes,
        Ladder([0, *sorted(models)], goal.max_steps),
        models,
        frozenset(goal.secrets),
        clean,
    )


def _wishes(goal: GoalStatement, hints: str) -> tuple[Wish, ...] | Refusal:
    """What is asked for; a human who has seen where the goal leads knows better."""
    hinted = wishes_of(hints, goal.inputs, goal.secrets) if hints else Refusal("nobody gave hints")
    return wishes_of(goal.goal, goal.inputs, goal.secrets) if isinstance(hinted, Refusal) else hinted
