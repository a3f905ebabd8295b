"""Pop-ups in the way: close them, and only them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.page.acts import Push
from runner.page.view import Element, View
from runner.planners.seeing.advice import Refusal, Situation, Step, do
from runner.planners.seeing.matching import match_control
from runner.planners.seeing.words import words

_SAME = 0.85
_MOST = 3  # pop-ups closed for one wish
_CLOSERS = ("close", "x", "\u00d7", "\u2715", "no thanks", "not now", "maybe later", "dismiss", "cancel", "skip",
            "got it", "ok", "exit", "no", "later", "decline", "reject all", "accept")  # fmt: skip
#: Words of buttons that only put away a notice: cookies, news, hints.
_HARMLESS = frozenset(
    [
        "accept",
        "agree",
        "all",
        "allow",
        "cookies",
        "cookie",
        "ok",
        "okay",
        "got",
        "it",
        "close",
        "dismiss",
        "reject",
        "decline",
        "only",
        "necessary",
        "essential",
        "no",
        "thanks",
        "x",
        "understood",
        "i",
        "see",
        "later",
        "not",
        "now",
        "maybe",
        "skip",
        "continue",
        "without",
        "accepting",
        "and",
        "use",
    ]
)


def blocked(view: View) -> bool:
    """Whether all fields of the page are out of reach, and something new asks to be closed first."""
    fields = [e for e in view if e.field and not e.readonly]
    shut = [e for e in fields if e.covered]
    new = [e for e in view if e.id in view.fresh and e.is_control and not e.covered and not e.disabled]
    return bool(fields) and len(shut) == len(fields) and any(closes(e) for e in new)


def closes(element: Element) -> bool:
    """Whether it says that it closes something."""
    return any(match_control(element, name) >= _SAME for name in _CLOSERS)


def uncover(at: Situation) -> Step:
    """Close what lies over the element that is wanted."""
    pool = [e for e in at.view if (e.is_control or e.press) and not e.covered and not e.disabled and not e.field]
    newest = [e for e in pool if e.id in at.view.fresh] or pool
    for name in _CLOSERS:
        found = [e for e in newest if match_control(e, name) >= _SAME]
        if len(found) == 1 and at.noted("uncovered") < _MOST:
            return do(Push(found[0].id), f"close what is in the way: {found[0].said!r}", "uncovered")
    return Refusal("something lies over the page and nothing closes it")


def dismiss(at: Situation, inside: Sequence[Element]) -> Step:
    """Put away a notice that lies over the page: by what refuses, else by what only says that it was seen."""
    pool = [e for e in inside if e.is_control and not e.field and not e.disabled and words(e.name)]
    harmless = [e for e in pool if set(words(e.name)) <= _HARMLESS]
    refusing = [
        e
        for e in harmless
        if set(words(e.name)) & {"reject", "decline", "necessary", "essential", "close", "dismiss", "no"}
    ]
    for found in (refusing, harmless):
        if len(found) == 1 and at.noted("uncovered") < _MOST:
            return do(Push(found[0].id), f"close what is in the way: {found[0].said!r}", "uncovered")
    return uncover(at)
