"""Templates of a goal, filled in once it is read: a value is a value, whatever it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from runner.planners.seeing.advice import Refusal
from runner.planners.seeing.wishes import Fill, Wish

_TEMPLATE = re.compile(r"\{\{\s*(secret:)?\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}")


def lost(goal: str, inputs: Mapping[str, str], secrets: Collection[str]) -> Refusal | None:
    """Why a template of the goal leads nowhere."""
    for secret, name in _TEMPLATE.findall(goal):
        if name not in (secrets if secret else inputs):
            kind, given = ("secret", secrets) if secret else ("input", inputs)
            return Refusal(
                f"no {kind} named {name!r} was given with the task ({kind}s: {', '.join(sorted(given)) or 'none'})"
            )
    for name, value in inputs.items():
        if any(secret for secret, _ in _TEMPLATE.findall(value)):
            return Refusal(f"the input {name!r} holds a reference to a secret; only goals and plans may name one")
    return None


def rendered(wishes: Sequence[Wish], inputs: Mapping[str, str]) -> tuple[Wish, ...] | Refusal:
    """The wishes with their templates filled in; secrets stay references, and only in what is entered into a field."""
    found: list[Wish] = []
    for wish in wishes:
        changes: dict[str, Any] = {}
        for item in fields(wish):
            value = getattr(wish, item.name)
            if isinstance(wish, Fill) and item.name == "value" and not wish.source:
                changes[item.name] = _filled(value, inputs)
                continue
            texts = value if isinstance(value, tuple) else (value,)
            if item.name in {"given", "secrets"} or not all(isinstance(text, str) for text in texts):
                continue
            if secret := next((name for text in texts for kind, name in _TEMPLATE.findall(text) if kind), None):
                return Refusal(f"the secret {secret!r} may only be entered into a field")
            told = tuple(_filled(text, inputs) for text in texts)
            changes[item.name] = told if isinstance(value, tuple) else told[0]
        found.append(replace(wish, **changes))
    return tuple(found)


def _filled(text: str, inputs: Mapping[str, str]) -> str:
    return _TEMPLATE.sub(lambda match: match[0] if match[1] else inputs[match[2]], text)


def as_text(value: str | float | bool) -> str:  # noqa: FBT001 - a task's input is any of them
    """An input as it is typed."""
    return str(value).lower() if isinstance(value, bool) else str(value)
