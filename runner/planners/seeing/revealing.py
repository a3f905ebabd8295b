"""Coming to what is not shown yet: closed sections, tabs, menus, trees, further pages. Pure."""

from __future__ import annotations

from runner.page.acts import Await, Point, Push
from runner.page.view import Element, View
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.matching import anchors, beside, is_kind
from runner.planners.seeing.wishes import Open
from runner.planners.seeing.words import plain, words

_OPENERS = frozenset({"expandable", "collapsed", "hitarea", "folder", "toggle", "more", "dropdown", "accordion",
                      "hamburger", "expand", "kebab"})  # fmt: skip
_MENU_SECONDS = 0.5
_TRIES = 2
_NEXT = ("next", "next page", ">", "\u203a", "\u00bb", "older", "more results")


def open_something(at: Situation, within: str = "") -> Step | None:
    """Open what was not opened yet for this wish: what came last first, as one goes down a tree."""
    last = at.deeds[-1] if at.deeds else None
    if last is not None and last.note == "opened" and not at.view.fresh and last.element is not None:
        # Some pages swallow the first press, and menus that open by pointing take their time.
        if isinstance(last.act, Point):
            return do(Await(_MENU_SECONDS), "wait for the menu", "waited")
        again = next((e for e in at.view if e.css == last.element.css), None)
        if again is not None and sum(d.act == last.act for d in at.deeds) < _TRIES:
            return do(Push(again.id), f"open {again.said or again.tokens!r} once more", "opened")
    open_at_first = {e.css for e in at.deeds[0].seen if e.selected} if at.deeds else set()
    candidates = [e for e in openers(at.view) if not at.tried(e) and e.css not in open_at_first]
    if within:
        said = anchors(at.view, within)
        candidates = [b for anchor in said if (b := beside(anchor, openers(at.view))) is not None and not at.tried(b)]
    fresh = [e for e in candidates if e.id in at.view.fresh and at.deeds]
    for element in (*fresh, *candidates):
        act = Point(element.id) if element.role == "menuitem" else Push(element.id)
        return do(act, f"open {element.said or element.tokens!r}", "opened")
    turn = next_page(at.view)
    if turn is not None and not _stuck(at):
        return do(Push(turn.id), "next page", "turned")
    return None


def openers(view: View) -> list[Element]:
    """What shows more when pressed."""
    found: list[Element] = []
    for e in view:
        if e.disabled or e.covered or e.field or not (e.press or e.is_control):
            continue
        closed = (e.expanded is False and e.role != "tab") or (
            e.role == "tab" and (e.selected is False or e.expanded is False)
        )
        tokens = set(words(e.tokens.replace("-", " ")))
        looks = (
            bool(tokens & _OPENERS)
            and e.role != "menuitem"
            and not e.href.startswith("http")
            and not is_kind(e, "link")
        )
        if e.expanded or e.selected or tokens & {"collapsable", "expanded", "open"}:
            continue
        if (closed or looks or e.popup) and not any(e.path[: len(f.path)] == f.path for f in found):
            found.append(e)
    return found


def next_page(view: View) -> Element | None:
    """The control that shows the next page of a list."""
    for e in reversed(view.elements):
        ready = (e.is_control or e.press) and not e.disabled and not e.covered and e.role != "menuitem"
        if ready and plain_next(e) and not _off(e, view):
            return e
    return None


def plain_next(element: Element) -> bool:
    """Whether it says that it goes on."""
    said = element.own.strip().casefold() or element.label.casefold() or element.hint.casefold()
    return said in _NEXT or plain(said) in _NEXT


def _off(element: Element, view: View) -> bool:
    """Whether its list item says that there is no further page."""
    return "disabled" in element.tokens or any(
        "disabled" in e.tokens and element.path[: len(e.path)] == e.path for e in view
    )


def _stuck(at: Situation) -> bool:
    """Whether the last turn of the page changed nothing."""
    return bool(at.deeds) and at.deeds[-1].note == "turned" and not at.view.fresh


def open_closed(wish: Open, at: Situation) -> Step:
    """Open the only thing of its kind that is closed."""
    if at.noted("opened"):
        return MET
    found = openers(at.view)
    if len(found) > 1:
        found = [e for e in found if e.own] or found
    if len(found) > 1 and wish.kind == "section":
        found = [e for e in found if "section" in e.own.casefold()] or found
    if len(found) != 1:
        return Refusal(f"{len(found)} things are closed")
    return do(Push(found[0].id), f"open {found[0].said!r}", "opened")
