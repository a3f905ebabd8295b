"""How to find an element again on another day: several descriptions of it, the most durable first. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from events.action import Target
from runner.page.view import CONTROLS, Element, View, shared

_LONGEST_NAME = 80  # characters; longer names are contents, not names
_MOST_ROWS = 3  # texts of a row; nobody can tell yet which of them lasts
_ROW_TAGS = frozenset({"li", "tr", "article"})


def bundle(view: View, element: Element) -> tuple[Target, ...]:
    """Descriptions of an element, each of them true for it on this view and, but for the row, for no other one."""
    place = {"frame": element.frame} if element.frame else {}
    return tuple(target.model_copy(update=place) for target in _descriptions(view, element))


def _descriptions(view: View, element: Element) -> Iterator[Target]:
    others = [other for other in view if other.id != element.id]
    if element.test_id:
        yield Target(test_id=element.test_id)
    yield from _by_role(view, element, others)
    if element.attr and not any(other.attr == element.attr and other.tag == element.tag for other in others):
        yield Target(css=f'{element.tag}[name="{_quoted(element.attr)}"]')
    if element.label and element.field and not any(other.label == element.label for other in others):
        yield Target(label=element.label, exact=True)
    if element.placeholder and not any(other.placeholder == element.placeholder for other in others):
        yield Target(placeholder=element.placeholder, exact=True)
    text = element.own if len(element.own) <= _LONGEST_NAME else ""
    if text and not element.field and not any(other.own == element.own for other in others):
        yield Target(text=text, exact=True)
    yield Target(css=element.css)


def _by_role(view: View, element: Element, others: list[Element]) -> Iterator[Target]:
    """By role and name, and by role and the row it stands in."""
    if not element.role or len(element.name) > _LONGEST_NAME:
        return
    twins = [other for other in others if (other.role, other.name) == (element.role, element.name)]
    if element.name and not twins:
        yield Target(role=element.role, name=element.name, exact=True)
    if not (element.name or element.field or element.role in CONTROLS):
        return
    named = {"name": element.name} if element.name else {}
    for row in row_names(view, element, twins)[:_MOST_ROWS]:
        yield Target(role=element.role, within=row, exact=True, **named)


def row_names(view: View, element: Element, twins: list[Element]) -> list[str]:
    """The texts that tell this element's row from other rows; empty where it stands in none."""
    depth = max((shared(element, twin) for twin in twins), default=-1) + 1 or _row_depth(element)
    if not depth or len(element.path) <= depth:
        return []
    row = view.within(element.path[:depth])
    said_elsewhere = {other.own for other in view if other not in row}
    own = (e.own for e in row if e.own and e.own != element.own and len(e.own) <= _LONGEST_NAME)
    return [text for text in dict.fromkeys(own) if text not in said_elsewhere]


def _row_depth(element: Element) -> int:
    """How deep the list item, table row or article that holds the element lies; 0 for none."""
    steps = element.css.split(" > ")
    inside = next((n for n, step in enumerate(reversed(steps)) if step.split(":")[0] in _ROW_TAGS), 0)
    return len(element.path) - inside if inside else 0


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
