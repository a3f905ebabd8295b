"""What is kept of a run whose goal was verified: its steps, with inputs as templates. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from events.action import Action, Target
from events.indicators import SuccessIndicator
from events.paths import PathLearned, PathStep
from runner.replay.pattern import Inputs, put_templates, spell

M = TypeVar("M", bound=BaseModel)

_TEXTS = ("url", "value", "option", "name", "label", "text", "placeholder", "within")
_SHORTEST = 2  # characters of an input that is looked for in what the page calls things; "3" stands anywhere


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that succeeded: the action as it was done, secrets as references."""

    action: Action
    locators: tuple[Target, ...] = ()
    url: str = ""
    expects: tuple[SuccessIndicator, ...] = ()


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
    in a way nobody saw, so the path is for that value alone.

    Args:
        goal: inputs filled in.
        inputs: the task's values.
        steps: that reached it, in order.
        indicators: that proved it.
        seconds: it took.
        cost: USD, as reported.
        expires_at: when the path is too old.

    Raises:
        Unlearnable: nothing was done, or two inputs have one value, so that nobody can tell which was meant.
    """
    if not steps:
        raise Unlearnable("no step was taken")
    meant = {name: value for name, value in inputs.items() if spell(value).strip()}
    if len({spell(value) for value in meant.values()}) < len(meant):
        raise Unlearnable("two inputs have the same value")
    kept = [_step(step, meant) for step in steps]
    used = {name for name in meant if any(_names(step, name) for step in kept)}
    pattern = put_templates(goal, {name: meant[name] for name in used})
    learned = PathLearned(
        steps=kept,
        inputs=sorted(used),
        success_indicators=[templated(indicator, meant) for indicator in indicators],
        seconds=seconds,
        cost=cost,
        expires_at=expires_at,
    )
    return pattern, learned


def _step(step: Taken, inputs: Inputs) -> PathStep:
    return PathStep(
        action=templated(step.action, inputs),
        locators=[templated(locator, inputs) for locator in step.locators],
        url=put_templates(step.url, _long(inputs)),
        expects=[templated(expected, inputs) for expected in step.expects],
    )


def templated(model: M, inputs: Inputs) -> M:
    """A copy with templates in its texts; what was entered is compared as a whole too, however short it is."""
    changes: dict[str, Any] = {}
    for field in type(model).model_fields:
        value = getattr(model, field)
        if isinstance(value, BaseModel):
            changes[field] = templated(value, inputs)
        elif isinstance(value, str) and field in _TEXTS:
            entered = field in {"value", "option"}
            changes[field] = (entered and _whole(value, inputs)) or put_templates(value, _long(inputs))
    return model.model_copy(update=changes)


def _whole(value: str, inputs: Inputs) -> str:
    return next(("{{" + name + "}}" for name, given in inputs.items() if spell(given) == value), "")


def _long(inputs: Inputs) -> Mapping[str, str | int | float | bool]:
    return {name: value for name, value in inputs.items() if len(spell(value)) >= _SHORTEST}


def _names(step: PathStep, name: str) -> bool:
    return "{{" + name + "}}" in step.model_dump_json()
