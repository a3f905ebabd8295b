"""Which elements of a view a recorded description is true for; the same reading that a browser gives it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from events.action import Action, Check, Fill, Select, SelectMany, Target, Type
from runner.page.view import Element, View, shared

Trait = Literal["test_id", "name", "row", "attr", "label", "placeholder", "text", "id", "place"]

_BY_ATTRIBUTE = re.compile(r'^([a-z][\w-]*)\[name="((?:[^"\\]|\\.)*)"\]$')
_ROW_TAGS = frozenset({"li", "tr", "article", "fieldset"})
_ROWS_AMONG_OTHERS = ("section:",)  # a row only where it is one of several
_LISTS = frozenset({"select"})


def trait(target: Target) -> Trait:
    """By what a description finds its element."""
    if target.test_id:
        return "test_id"
    if target.role:
        return "name" if target.name else "row"
    if target.label:
        return "label"
    if target.placeholder:
        return "placeholder"
    if target.text:
        return "text"
    css = target.css or ""
    if _BY_ATTRIBUTE.match(css):
        return "attr"
    return "id" if css.startswith("#") and " " not in css else "place"


def matching(view: View, target: Target) -> list[Element]:
    """The elements that a description is true for, in the order of the page."""
    found = [element for element in view if _is(element, target)]
    if target.within:
        rows = {element.id for element in in_row(view, target.within, found, exact=target.exact)}
        found = [element for element in found if element.id in rows]
    if target.nth is not None:
        return found[target.nth : target.nth + 1]
    return found


def in_row(view: View, text: str, candidates: Iterable[Element], *, exact: bool = True) -> list[Element]:
    """Those of the candidates that lie in the very row that says this text.

    A container that holds two such texts' places, or two candidates of which none is nearer to the text, is no row.
    """
    among = list(candidates)
    anchors = says(view, text, exact=exact)
    found: dict[str, Element] = {}
    for anchor in anchors:
        depths = {element.id: shared(anchor, element) for element in among if element.frame == anchor.frame}
        deepest = max(depths.values(), default=0)
        for element in among:
            if depths.get(element.id) == deepest and _one_row(view, anchor, element, deepest):
                found[element.id] = element
    return list(found.values())


def says(view: View, text: str, *, exact: bool = True) -> list[Element]:
    """The elements that say exactly this; unless it must be exact, else the one whose own text holds it as words."""
    wanted = said(text)
    same = [element for element in view if wanted in (said(element.own), said(element.name), said(element.value))]
    if same or exact or not wanted:
        return same
    words = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    holding = [element for element in view if words.search(said(element.own))]
    return holding if len(holding) == 1 else []


def fits(action: Action, element: Element) -> bool:
    """Whether the act can be done to such an element at all."""
    match action:
        case Fill():
            return element.field and element.type not in {"checkbox", "radio", "submit", "button", "select"}
        case Type():
            return not element.field or element.type not in {"checkbox", "radio", "submit", "button", "select"}
        case Select() | SelectMany():
            return element.type in _LISTS or element.role in {"combobox", "listbox"}
        case Check():
            return element.checked is not None or element.role in {"checkbox", "radio", "switch", "menuitemcheckbox"}
        case _:
            return True


def said(text: str) -> str:
    """A text as it is compared: spaces made one."""
    return " ".join(text.split())


def _is(element: Element, target: Target) -> bool:
    if target.frame is not None and element.frame != target.frame:
        return False
    if target.test_id is not None and element.test_id != target.test_id:
        return False
    if target.role is not None and element.role != target.role:
        return False
    if target.css is not None and not _at(element, target.css):
        return False
    if target.label is not None and not (element.field and _says(element.label, target.label, exact=target.exact)):
        return False
    if target.name is not None and not _says(element.name, target.name, exact=target.exact):
        return False
    if target.placeholder is not None and not _says(element.placeholder, target.placeholder, exact=target.exact):
        return False
    own_text = element.own if target.exact else element.text or element.own
    return target.text is None or (not element.field and _says(own_text, target.text, exact=target.exact))


def _says(text: str, wanted: str, *, exact: bool) -> bool:
    if exact:
        return said(text) == said(wanted)
    return said(wanted).casefold() in said(text).casefold()


def _at(element: Element, css: str) -> bool:
    by_attribute = _BY_ATTRIBUTE.match(css)
    if by_attribute is None:
        return element.css == css
    return element.tag == by_attribute[1] and element.attr == re.sub(r"\\(.)", r"\1", by_attribute[2])


def _one_row(view: View, anchor: Element, element: Element, depth: int) -> bool:
    """Whether the innermost container of both is a row: one by its tag or its look, and not one of several rows."""
    if anchor.id == element.id:
        return True
    inside = view.within(anchor.path[:depth])
    if any(_peers(anchor.css, other.css) and not _level(anchor, other) for other in inside):
        return False
    step = _step_at(depth, anchor, element)
    by_tag = step.split(":")[0] in _ROW_TAGS or step.startswith(_ROWS_AMONG_OTHERS)
    return by_tag or _level(anchor, element)


def _peers(one: str, other: str) -> bool:
    """Whether two places are the same but for one number: the same part of two rows."""
    mine, yours = one.split(" > "), other.split(" > ")
    differing = [n for n, pair in enumerate(zip(mine, yours, strict=False)) if pair[0] != pair[1]]
    if len(mine) != len(yours) or len(differing) != 1:
        return False
    place, (step, step2) = differing[0], (mine[differing[0]], yours[differing[0]])
    inside_it = place < len(mine) - 1 or step.split(":")[0] in _ROW_TAGS
    return inside_it and re.sub(r"\d+", "", step) == re.sub(r"\d+", "", step2)


def _step_at(depth: int, *inside: Element) -> str:
    """The container at this depth, its tag and number, as far as the place of one of those inside tells it."""
    for element in inside:
        steps = element.css.split(" > ")
        place = len(steps) - 1 - (len(element.path) - depth)
        if place >= 0 and not steps[place].startswith("#"):  # an id stands for all that is around it
            return steps[place]
    return ""


def _level(one: Element, other: Element) -> bool:
    """Whether the two stand beside each other."""
    middle, middle2 = one.box.middle[1], other.box.middle[1]
    inside = one.box.y <= middle2 <= one.box.y + one.box.height
    return inside and other.box.y <= middle <= other.box.y + other.box.height
