"""Which elements of a page a model is shown: few, the likely ones, a line each. Pure."""

from __future__ import annotations

import re
from collections import Counter

from runner.page.view import Element, View, shared

_WORD = re.compile(r"\w{2,}")
_LONGEST_TEXT = 80  # characters of one element's text
_MOST_OPTIONS = 12
_SAID_NEARBY = 3  # texts that tell rows apart


def candidates(view: View, goal: str, most: int = 60) -> tuple[Element, ...]:
    """The elements most likely to matter for the goal, in document order.

    Args:
        view: what the page shows.
        goal: what is asked for.
        most: how many; a model on a CPU reads a hundred tokens a second (runner-notes.md §2).
    """
    wanted = Counter(_words(goal))
    ranked = sorted(
        (element for element in view if _says_something(element)),
        key=lambda element: (-_weight(element, view, wanted), element.path),
    )
    kept = {element.id for element in ranked[:most]}
    return tuple(element for element in view if element.id in kept)


def line(element: Element, view: View) -> str:
    """The element in one line, such as `e12 button "Register" in row "Tuesday 18:00" (disabled)`."""
    parts = [element.id, element.role or (element.type and f"{element.type} field") or element.tag]
    if element.said:
        parts.append(_quoted(element.label or element.said))
    if element.field and element.value:
        parts.append(f"= {_quoted(element.value)}")
    if element.options:
        parts.append("options " + ", ".join(_quoted(option) for option in element.options[:_MOST_OPTIONS]))
    if (row := _row(element, view)) and element.is_control:
        parts.append(f"beside {_quoted(row)}")
    if not element.said and element.tokens:
        parts.append(f"icon {_quoted(element.tokens)}")
    if states := _states(element, view):
        parts.append(f"({', '.join(states)})")
    return " ".join(parts)


def _says_something(element: Element) -> bool:
    return bool(element.is_control or element.field or element.own or element.hint)


def _weight(element: Element, view: View, wanted: Counter[str]) -> float:
    """Controls before texts, what shares words with the goal first, what is new before what was there."""
    words = set(_words(f"{element.said} {element.label} {element.tokens} {element.value}"))
    weight = 2.0 * sum(wanted[word] > 0 for word in words) / (1 + len(words) / 4)
    weight += 1.0 * (element.is_control or element.field)
    weight += 0.5 * (element.id in view.fresh) + 0.5 * (element.id == view.focus)
    return weight - 0.5 * (element.disabled or element.covered)


def _row(element: Element, view: View) -> str:
    """What stands beside a control that has twins: the texts of its nearest container."""
    twins = [other for other in view if other.is_control and other.said == element.said and other.id != element.id]
    if not twins:
        return ""
    apart = 1 + max(shared(element, twin) for twin in twins)
    beside = [e.own for e in view.within(element.path[:apart]) if e.own and not e.is_control]
    return " ".join(beside[:_SAID_NEARBY])


def _states(element: Element, view: View) -> list[str]:
    told = {
        "checked": element.checked is True,
        "not checked": element.checked is False,
        "open": element.expanded is True,
        "closed": element.expanded is False,
        "chosen": bool(element.selected),
        "disabled": element.disabled,
        "covered by something": element.covered,
        "new": element.id in view.fresh,
        "has the focus": element.id == view.focus,
    }
    return [word for word, holds in told.items() if holds]


def _quoted(text: str) -> str:
    """Page text on one line, short, and without quotes that could end it."""
    plain = " ".join(text.replace('"', "'").split())
    return f'"{plain if len(plain) <= _LONGEST_TEXT else plain[: _LONGEST_TEXT - 1] + "…"}"'


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
