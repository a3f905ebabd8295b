"""What takes a value on a page, as a person sees it: a text field, a list, a group of radio buttons, a box. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from runner.page.acts import PageAct, Pick, Put, Tick
from runner.page.view import Element, View
from runner.planners.seeing.evidence import says
from runner.planners.seeing.grammar_values import day_of
from runner.planners.seeing.matching import caption, tick_name
from runner.planners.seeing.words import likeness, plain, words

_ALIKE = 0.8
_TRUE = {"true", "yes", "on"}
_FALSE = {"false", "no", "off"}


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing that takes a value."""

    name: str
    kind: Literal["text", "list", "radio", "box"]
    parts: tuple[Element, ...]  #: the field; of radio buttons, all of the group

    @property
    def missing(self) -> bool:
        """Whether it must be given and is not yet."""
        starred = self.kind in {"text", "list"} and self.name.rstrip().endswith("*") and not self.parts[0].value
        return any(part.missing for part in self.parts) or starred

    @property
    def called(self) -> str:
        """What to call it when talking to people."""
        return self.name.strip(" *:") or self.parts[0].attr or self.parts[0].type

    def option(self, value: str, view: View) -> str | None:
        """Which of its options says the value; None when none does, or several."""
        offered, wanted = self.options(view), words(value)
        for found in (
            [said for said in offered if plain(said) == plain(value)],
            [said for said in offered if wanted and words(said)[: len(wanted)] == wanted],
            [said for said in offered if says(said, value)],
            [said for said in offered if likeness(value, said) >= _ALIKE],
        ):
            if found:
                return found[0] if len(set(found)) == 1 else None
        return None

    def options(self, view: View) -> tuple[str, ...]:
        """What it offers to choose from."""
        if self.kind == "list":
            return self.parts[0].options
        return tuple(tick_name(view, part) for part in self.parts) if self.kind == "radio" else ()

    def holds(self, value: str, view: View) -> bool:
        """Whether it has the value."""
        field = self.parts[0]
        if self.kind == "list":
            return self.option(value, view) in field.chosen
        if self.kind == "radio":
            said = self.option(value, view)
            return any(part.checked and tick_name(view, part) == said for part in self.parts)
        if self.kind == "box":
            return field.checked is (plain(value) not in _FALSE)
        typed = typed_into(field, value)
        if "{{" in value:
            return bool(field.value)
        return len(field.value) == len(value) if field.type == "password" else field.value == typed

    def put(self, value: str, view: View) -> PageAct | str:
        """The act that gives it the value, or why it cannot have it."""
        field = self.parts[0]
        if self.kind == "text":
            typed = typed_into(field, value)
            return Put(field.id, typed) if typed is not None else f"{value!r} is nothing for {self.called!r}"
        if self.kind == "box":
            return Tick(field.id, plain(value) not in _FALSE)
        said = self.option(value, view)
        if said is None or said in field.shut:
            offered = ", ".join(repr(o) for o in self.options(view)[:6])
            return f"{self.called!r} does not offer {value!r} (it offers {offered})"
        if self.kind == "list":
            return Pick(field.id, (said,))
        part = next(part for part in self.parts if tick_name(view, part) == said)
        return f"{said!r} cannot be chosen now" if part.disabled else Tick(part.id)


def typed_into(field: Element, value: str) -> str | None:
    """The value as the field wants it; None when it is nothing for the field."""
    if field.type == "date":
        day = day_of(value)
        return f"{day[0]:04d}-{day[1]:02d}-{day[2]:02d}" if day is not None else None
    if field.type == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return None
    if field.type == "time" and not re.fullmatch(r"\d{2}:\d{2}", value):
        return None
    return value


def slots(view: View, among: Iterable[Element]) -> list[Slot]:
    """What takes values among these elements, in the order of the page."""
    found: list[Slot] = []
    groups: dict[tuple[int, str], list[Element]] = {}
    for e in among:
        if not e.field or e.readonly or e.type in {"hidden", "submit", "button", "reset", "image", "file"}:
            continue
        if e.role == "searchbox" or (e.disabled and e.type != "radio"):
            continue
        if e.type == "radio":
            groups.setdefault((e.form, e.attr), []).append(e)
        elif e.type == "checkbox":
            found.append(Slot(tick_name(view, e), "box", (e,)))
        else:
            found.append(Slot(caption(view, e), "list" if e.options else "text", (e,)))
    found.extend(Slot(_legend(view, parts) or parts[0].attr, "radio", tuple(parts)) for parts in groups.values())
    return sorted(found, key=lambda slot: slot.parts[0].path)


def _legend(view: View, parts: Sequence[Element]) -> str:
    """What stands over a group of radio buttons."""
    for e in reversed(view.elements):
        named = e.tag == "legend" or e.role in {"radiogroup", "group"}
        holder = e.path[:-1] if e.tag == "legend" else e.path
        if named and all(part.path[: len(holder)] == holder for part in parts):
            return e.own or e.label
    index = view.elements.index(parts[0])
    labels = {tick_name(view, part) for part in parts}
    before = [e for e in view.elements[max(0, index - 3) : index] if e.own and not e.is_control and e.own not in labels]
    return before[-1].own if before else ""


def is_true(value: str) -> bool | None:
    """Whether an input says yes or no; None when it says something else."""
    return True if plain(value) in _TRUE else False if plain(value) in _FALSE else None
