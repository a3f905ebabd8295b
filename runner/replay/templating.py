"""Templates in what is kept of a run: inputs in its texts, locators, addresses and expectations; never in templates. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, unquote_plus

from pydantic import BaseModel

from events.action import Target
from events.goal_patterns import Inputs, put_templates, spell
from events.indicators import ElementVisible, SuccessIndicator, TextGone, UrlContains
from events.paths import PathStep
from runner.replay.expecting import lasting, stable_parts
from runner.replay.meaning import plain

M = TypeVar("M", bound=BaseModel)

_TEXTS = ("value", "option", "name", "label", "text", "placeholder", "within")
_ENTERED = frozenset({"value", "option"})
_SHORTEST = 2  # characters of an input that is looked for in what the page calls things; "3" stands anywhere
_MOST_EXPECTED = 8
_TEMPLATE = re.compile(r"(\{\{.*?\}\})")
_SAFE_IN_ADDRESS = re.compile(r"[\w .~-]+")  # what means nothing else there


def templated_step(step: PathStep, inputs: Inputs) -> PathStep:
    """A step as it is kept, from one with inputs filled in."""
    locators = _told_by_row([templated(locator, inputs) for locator in step.locators])
    action = templated(step.action, inputs)
    own: Target | None = getattr(action, "target", None)
    # A plan that names the row by an input says it better than all that happened to stand in that row.
    named = own is not None and own.within is not None and "{{" in own.within
    if locators and locators[0].within and own is not None and own.within != locators[0].within and not named:
        action = action.model_copy(update={"target": locators[0]})
    expects = [kept for expected in step.expects for kept in _expected(expected, inputs)]
    return PathStep(
        action=action, locators=locators, url=in_address(step.url, inputs), expects=expects[:_MOST_EXPECTED]
    )


def templated(model: M, inputs: Inputs) -> M:
    """A copy with templates in its texts; what was entered is compared as a whole too, however short it is."""
    changes: dict[str, Any] = {}
    for field in type(model).model_fields:
        value = getattr(model, field)
        if isinstance(value, BaseModel):
            changes[field] = templated(value, inputs)
        elif isinstance(value, list) and field == "options":
            changes[field] = [_entered(option, inputs) for option in value]
        elif isinstance(value, str) and field == "url":
            changes[field] = in_address(value, inputs)
        elif isinstance(value, str) and field in _TEXTS:
            changes[field] = _entered(value, inputs) if field in _ENTERED else in_text(value, inputs)
    return model.model_copy(update=changes)


def in_text(text: str, inputs: Inputs) -> str:
    """A text of the page with templates; those that are there already are left alone."""
    long = _long(inputs)
    parts = _TEMPLATE.split(text)
    return "".join(part if place % 2 else put_templates(part, long) for place, part in enumerate(parts))


def in_address(url: str, inputs: Inputs) -> str:
    """An address with templates, also for what is written in it with escapes."""
    long = {name: value for name, value in _long(inputs).items() if _SAFE_IN_ADDRESS.fullmatch(spell(value))}
    for spelled in (url, unquote(url), unquote_plus(url)):
        found = in_text(spelled, long)
        if found != spelled:
            return found
    return url


def _entered(value: str, inputs: Inputs) -> str:
    whole = next(("{{" + name + "}}" for name, given in inputs.items() if spell(given) == value), "")
    return whole or in_text(value, inputs)


def _long(inputs: Inputs) -> Mapping[str, str | int | float | bool]:
    return {name: value for name, value in inputs.items() if len(spell(value)) >= _SHORTEST}


def _told_by_row(locators: list[Target]) -> list[Target]:
    """The descriptions by a row that an input names come first; those by other texts of it go, where others are left.

    A row that names an input binds the step to it: the same button in another row is another one.
    """
    by_input = [t for t in locators if t.within and "{{" in t.within]
    others = [t for t in locators if not t.within]
    if by_input:
        return [*by_input, *others]
    told = any(t.role or t.label or t.text or t.placeholder or t.test_id for t in others)
    return others if told else locators


def _expected(expected: SuccessIndicator, inputs: Inputs) -> list[SuccessIndicator]:
    """What is kept of an expectation: of data only what names an input, of an address only what names no input."""
    match expected:
        case UrlContains():
            return [UrlContains(value=run) for run in _without(expected.value, inputs)]
        case ElementVisible(target=Target(role=None)) | TextGone(exact=True):
            found = templated(expected, inputs)
            text = found.value if isinstance(found, TextGone) else found.target.text or ""
            named = _TEMPLATE.sub("", text) if "{{" in text else "0"
            return [found] if not named or lasting(named) else []
        case _:
            return [templated(expected, inputs)]


def _without(path: str, inputs: Inputs) -> list[str]:
    given = [f" {plain(spell(value))} " for value in inputs.values()]
    segments = path.split("/")
    names = [any(value in f" {plain(unquote(segment))} " for value in given) for segment in segments]
    return stable_parts("/".join("0" if named else segment for segment, named in zip(segments, names, strict=True)))
