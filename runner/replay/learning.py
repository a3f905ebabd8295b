"""What is kept of a run whose goal was verified: its steps, with inputs as templates. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from events.action import Action, Target
from events.goal_patterns import Inputs, put_templates, spell
from events.indicators import SuccessIndicator
from events.paths import PathLearned, PathStep
from runner.replay.templating import templated, templated_step

__all__ = ["Taken", "Unlearnable", "learn", "templated_step"]


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that succeeded: the action as it was done, secrets as references."""

    action: Action
    locators: tuple[Target, ...] = ()
    url: str = ""
    expects: tuple[SuccessIndicator, ...] = ()
    depends: frozenset[str] = frozenset()  #: inputs that decided which element was meant


class Unlearnable(Exception):
    """Raised when a run cannot be repeated for other inputs; the text says why."""


def learn(
    goal: str,
    inputs: Inputs,
    steps: Sequence[Taken],
    indicators: Sequence[SuccessIndicator],
    *,
    seconds: float,
    cost: float,
    expires_at: datetime | None = None,
) -> tuple[str, PathLearned]:
    """The goal pattern, and how to reach it.

    An input that the goal names and no step uses stays in the pattern as it is: what was done may have depended on it
    in a way nobody saw, so the path is for that value alone. So it is with one that decided between elements, unless
    the element is described by it.

    Args:
        goal: inputs filled in.
        inputs: the task's values.
        steps: that reached it, in order.
        indicators: that proved it.
        seconds: it took.
        cost: USD, as reported.
        expires_at: when the path is too old.

    Raises:
        Unlearnable: nothing was done; two inputs have one value, so that nobody can tell which was meant; or an input is
            neither in the goal nor in what was done.
    """
    if not steps:
        raise Unlearnable("no step was taken")
    meant = {name: value for name, value in inputs.items() if spell(value).strip()}
    if len({spell(value) for value in meant.values()}) < len(meant):
        raise Unlearnable("two inputs have the same value")
    tried = [_step(step, meant) for step in steps]
    bound = {name for step, kept in zip(steps, tried, strict=True) for name in step.depends if not _acts_on(kept, name)}
    used = {n: v for n, v in meant.items() if n not in bound and any(_acts_on(step, n) for step in tried)}
    unsaid = [name for name in meant if name not in used and put_templates(goal, {name: meant[name]}) == goal]
    if unsaid:
        raise Unlearnable(f"what was done may depend on {', '.join(unsaid)}, which neither goal nor steps say")
    kept = [_step(step, used) for step in steps]
    pattern = put_templates(goal, used)
    learned = PathLearned(
        steps=kept,
        inputs=sorted(used),
        success_indicators=[templated(indicator, used) for indicator in indicators],
        seconds=seconds,
        cost=cost,
        expires_at=expires_at,
    )
    return pattern, learned


def _step(step: Taken, inputs: Inputs) -> PathStep:
    taken = PathStep(action=step.action, locators=list(step.locators), url=step.url, expects=list(step.expects))
    return templated_step(taken, inputs)


def _acts_on(step: PathStep, name: str) -> bool:
    """Whether an input says what is done, or to which element; what came of it says nothing about that."""
    told = step.model_dump_json(include={"action", "locators"})
    return "{{" + name + "}}" in told
