"""How to find an element again on another day: several descriptions of it, the most durable first. Pure."""

from __future__ import annotations

from events.action import Target
from runner.page.view import Element, View, shared

_LONGEST_NAME = 80  # characters; longer names are contents, not names


def bundle(view: View, element: Element) -> tuple[Target, ...]:
    """Descriptions of an element, each of them true for it on this view and, but for the row, for no other one."""
    others = [other for other in view if other.id != element.id]
    found: list[Target] = []
    if element.test_id:
        found.append(Target(test_id=element.test_id))
    name = element.name if len(element.name) <= _LONGEST_NAME else ""
    if element.role and name:
        twins = [other for other in others if (other.role, other.name) == (element.role, element.name)]
        if not twins:
            found.append(Target(role=element.role, name=name, exact=True))
        elif row := row_name(view, element, twins):
            found.append(Target(role=element.role, name=name, exact=True, within=row))
    if element.attr and not any(other.attr == element.attr and other.tag == element.tag for other in others):
        found.append(Target(css=f'{element.tag}[name="{_quoted(element.attr)}"]'))
    if element.label and element.field and not any(other.label == element.label for other in others):
        found.append(Target(label=element.label, exact=True))
    if element.placeholder and not any(other.placeholder == element.placeholder for other in others):
        found.append(Target(placeholder=element.placeholder, exact=True))
    text = element.own if len(element.own) <= _LONGEST_NAME else ""
    if text and not element.field and not any(other.own == element.own for other in others):
        found.append(Target(text=text, exact=True))
    found.append(Target(css=element.css))
    return tuple(found)


def row_name(view: View, element: Element, twins: list[Element]) -> str:
    """The text that tells this element's row from the rows of its twins; empty when none does."""
    depth = max(shared(element, twin) for twin in twins)
    if len(element.path) <= depth:
        return ""
    row = view.within(element.path[: depth + 1])
    said_elsewhere = {other.own for other in view if other not in row}
    own = (e.own for e in row if e.own and e.own != element.own and len(e.own) <= _LONGEST_NAME)
    return next((text for text in own if text not in said_elsewhere), "")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
