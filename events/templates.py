"""Templates: `{{name}}` takes an input, `{{secret:name}}` a secret. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel

_TEMPLATE = re.compile(r"\{\{\s*(secret:)?\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}")
_TEXTS = (
    "url",
    "value",
    "option",
    "key",
    "name",
    "label",
    "text",
    "placeholder",
    "test_id",
    "css",
    "within",
    "at",
    "frame",
    "url_contains",
    "body_contains",
    "equals",
    "contains",
)

M = TypeVar("M", bound=BaseModel)


class UnresolvedTemplate(Exception):
    """Raised when a template names an input the task does not have, or a secret where none may stand."""


def render(text: str, inputs: Mapping[str, str | float | bool], secret: Callable[[str], str] | None = None) -> str:
    """The text with every template replaced.

    Args:
        text: may hold templates.
        inputs: the task's values.
        secret: gives the value of a secret; without it, secrets are not allowed here.

    Raises:
        UnresolvedTemplate: the template leads nowhere.
    """

    def replace(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind is not None:
            if secret is None:
                raise UnresolvedTemplate(f"secret {name!r} may only be filled into a field")
            return match.group()
        if name not in inputs:
            given = ", ".join(sorted(inputs)) or "none"
            raise UnresolvedTemplate(f"no input named {name!r} was given with the task (inputs: {given})")
        value = inputs[name]
        return str(value).lower() if isinstance(value, bool) else str(value)

    filled = _TEMPLATE.sub(replace, text)
    if secrets_in(filled) != secrets_in(text):
        # What is filled in may come from anybody; only the goal and its plan say where a secret goes.
        raise UnresolvedTemplate(
            f"an input of {text!r} holds a reference to a secret; only goals and plans may name one"
        )
    if secret is None:
        return filled
    return _TEMPLATE.sub(lambda match: secret(match[2]) if match[1] else match[0], filled)


def secrets_in(text: str) -> list[str]:
    """Names of the secrets that a text refers to."""
    return [match[2] for match in _TEMPLATE.finditer(text) if match[1]]


def render_model(
    model: M, inputs: Mapping[str, str | float | bool], *, keep: frozenset[str] = frozenset(), secrets_in: str = ""
) -> M:
    """A copy of an action, target or indicator with its templates replaced.

    Args:
        model: what may hold templates in its texts.
        inputs: the task's values.
        keep: names of fields left as they are.
        secrets_in: the one field in which `{{secret:name}}` may stand, and stays for later.

    Raises:
        UnresolvedTemplate: a template leads nowhere, or a secret stands where none may.
    """
    changes: dict[str, object] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            changes[name] = render_model(value, inputs)
        elif isinstance(value, str) and name in _TEXTS and name not in keep:
            keeper = _as_template if name == secrets_in else None
            changes[name] = render(value, inputs, keeper)
        elif isinstance(value, list) and name == "options":
            changes[name] = [render(option, inputs) for option in value]
        elif isinstance(value, list) and all(isinstance(item, BaseModel) for item in value):
            changes[name] = [render_model(item, inputs) for item in value]
    return model.model_copy(update=changes)


def _as_template(name: str) -> str:
    return "{{secret:" + name + "}}"
