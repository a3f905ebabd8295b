"""Pressing what is named: the control itself, or first what has to be opened to come to it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.page.acts import Push, Tick
from runner.page.view import Element, View
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do, wait
from runner.planners.seeing.matching import (
    anchors,
    beside,
    controls,
    innermost,
    is_kind,
    rows,
    text_fields,
    ticked,
)  # fmt: skip
from runner.planners.seeing.overlays import uncover
from runner.planners.seeing.revealing import next_page, open_something
from runner.planners.seeing.wishes import Press, Submit
from runner.planners.seeing.words import likeness, plain

_KIN = 0.7
_SEVERAL = 2
_SENDERS = ("submit", "ok", "go", "go!", "search", "send", "save", "login", "log in", "sign in", "continue", "done",
            "confirm", "register", "finish", "next")  # fmt: skip


def press(wish: Press, at: Situation) -> Step:
    """Press it, in every row if asked for; met once it was pressed."""
    if wish.many is not None:
        return _press_in_rows(wish, at)
    if at.noted("pressed"):
        return MET
    if wish.property:
        return _press_property(wish, at)
    if wish.nth is not None:
        return _press_nth(wish, at)
    found = _find(wish, at.view)
    if len(found) == 1:
        return _push(found[0], at)
    if not found:
        opened = open_something(at, wish.within)
        return opened if opened is not None else Refusal(f"nothing here is called {_called(wish)}")
    return Refusal(f"{len(found)} elements are called {_called(wish)}")


def submit(wish: Submit, at: Situation) -> Step:
    """Send the form off."""
    if at.noted("pressed"):
        return MET
    for name in (*wish.names, *_SENDERS):
        found = controls(at.view, name, "button")
        if len(found) == 1 and (found[0].is_control or found[0].press):
            return _push(found[0], at)
        if len(found) > 1:
            return Refusal(f"{len(found)} controls are called {name!r}")
        if name in wish.names and plain(name) not in {"submit", "login", "log in"}:
            break
    buttons = [e for e in at.view if is_kind(e, "button") and not e.disabled]
    if wish.optional and len(buttons) != 1:
        return MET
    if len(buttons) == 1:
        return _push(buttons[0], at)
    return Refusal("no button here sends the form")


def _push(element: Element, at: Situation) -> Step:
    if element.covered:
        return uncover(at)
    if element.role in {"checkbox", "radio"} and element.field and element.type in {"checkbox", "radio"}:
        if element.checked:
            return do(Push(element.id), f"press {element.said!r}", "pressed")
        return do(Tick(element.id), f"check {element.said!r}", "pressed")
    return do(Push(element.id), f"press {element.said or element.tokens!r}", "pressed")


def _find(wish: Press, view: View) -> list[Element]:
    if not wish.names:
        found = [e for e in view if is_kind(e, wish.kind) and not e.disabled] if wish.kind else []
        return innermost(found)
    for name in wish.names:
        found = controls(view, name, wish.kind)
        if found and wish.within:
            found = _scoped(found, wish.within, view)
        if found:
            return _told_apart(found, wish.kind)
    return []


def _told_apart(found: list[Element], kind: str) -> list[Element]:
    """Of several of one name, those that can be pressed, are not covered, and are of the kind."""
    for test in (lambda e: e.is_control or e.press, lambda e: not kind or is_kind(e, kind), lambda e: not e.covered,
                 lambda e: bool(e.own or e.label or e.hint)):  # fmt: skip
        if len(found) > 1:
            found = [e for e in found if test(e)] or found
    # Links of one name that lead to one place are one link, written twice.
    return found[:1] if kind == "link" and len({(e.own, e.href, e.tag) for e in found}) == 1 else found


def _scoped(found: list[Element], within: str, view: View) -> list[Element]:
    if within == "dialog":
        inside = [e for e in found if _in_dialog(view, e)]
        return inside or found
    rows_said = anchors(view, within)
    picked = {near.id: near for anchor in rows_said if (near := beside(anchor, found)) is not None}
    if len(found) == 1 and rows_said and not picked:
        return found
    return list(picked.values())


def _in_dialog(view: View, element: Element) -> bool:
    return any(e.role in {"dialog", "alertdialog"} and element.path[: len(e.path)] == e.path for e in view)


def _press_in_rows(wish: Press, at: Situation) -> Step:
    """The control of that name in all rows that say the words, or in the first so many."""
    pressed = [d.element.css for d in at.deeds if d.element is not None and d.note == "pressed"]
    if wish.many and len(pressed) >= wish.many:
        return MET
    found: list[Element] = []
    for name in wish.names:
        found = controls(at.view, name, wish.kind)
        if found:
            break
    if len(found) < _SEVERAL or not wish.within:
        return Refusal(f"{_called(wish)} is not in several rows") if not pressed else MET
    own = rows(found)
    said = anchors(at.view, wish.within)
    meant = [e for e in found if any(s.path[: len(own[e.id])] == own[e.id] for s in said)]
    left = [e for e in meant if e.css not in pressed]
    if not (meant or pressed) or (wish.many and len(left) + len(pressed) < wish.many):
        return Refusal(f"too few rows say {wish.within!r}")
    return do(Push(left[0].id), f"press {wish.names[0]!r} in a row of {wish.within!r}", "pressed") if left else MET


def _press_property(wish: Press, at: Situation) -> Step:
    """The value that a record, found by its title, gives under a name."""
    titles = [e for e in anchors(at.view, wish.within) if plain(e.own) == plain(wish.within)] if wish.within else []
    if len(titles) != 1:
        opened = open_something(at, "")
        return opened if opened is not None else Refusal(f"{wish.within!r} is not on these pages")
    pool = [e for e in at.view if e.is_control and not e.field]
    for name in wish.names:
        labels = [e for e in at.view if max(likeness(name, e.own), likeness(e.own, name)) >= _KIN and e not in pool]
        near = {b.id: b for label in labels if (b := beside(label, pool)) is not None}
        if len(near) == 1:
            return _push(next(iter(near.values())), at)
        found = controls(at.view, name, wish.kind, pool)
        if len(found) == 1:
            return _push(found[0], at)
    return Refusal(f"{wish.within!r} has no {wish.names[0]!r}")


def _press_nth(wish: Press, at: Situation) -> Step:
    """The nth of its kind; of search results, counted over the pages."""
    if wish.kind in {"checkbox", "radio"}:
        found: Sequence[Element] = ticked(at.view, wish.kind)
    elif wish.kind in {"textbox", "text"}:
        found = text_fields(at.view)
    elif wish.kind == "result":
        return _press_result(wish, at)
    else:
        found = [e for e in at.view if is_kind(e, wish.kind)] if wish.kind else []
        found = controls(at.view, wish.names[0], wish.kind) if wish.names else innermost(found)
    index = wish.nth - 1 if wish.nth and wish.nth > 0 else -1
    if wish.nth is None or len(found) < max(1, abs(wish.nth)):
        return Refusal(f"there is no {wish.nth}. {wish.kind or _called(wish)}")
    return _push(found[index], at)


def _press_result(wish: Press, at: Situation) -> Step:
    """Count results over pages: links that are alike, apart from those that turn pages."""
    results = result_links(at.view)
    if not results:
        return wait(at, 3, "search results")
    pages = at.noted("turned")
    place = (wish.nth or 1) - 1 - pages * len(_first_page(at) or results)
    if 0 <= place < len(results):
        return _push(results[place], at)

    turn = next_page(at.view)
    if turn is None:
        return Refusal(f"there are fewer than {wish.nth} results")
    return do(Push(turn.id), "next page", "turned")


def _first_page(at: Situation) -> list[Element]:
    seen = next((deed.seen for deed in at.deeds if deed.note == "turned"), None)
    return result_links(seen) if seen is not None else []


def result_links(view: View) -> list[Element]:
    """The largest family of links that are alike, without those that only turn pages."""
    families: dict[tuple[object, ...], list[Element]] = {}
    for e in view:
        if not e.is_control or e.field or not e.own or is_kind(e, "button") or _turns_pages(e):
            continue
        families.setdefault((e.tag, e.role, e.tokens.split(" ")[-1] if e.tokens else "", len(e.path)), []).append(e)
    return max(families.values(), key=lambda family: (len(family), family[0].size), default=[])


def _turns_pages(element: Element) -> bool:
    return plain(element.own).isdigit() or plain(element.own) in {"", "next", "prev", "previous", "first", "last", "<", ">"} \
        or "page" in element.tokens  # fmt: skip


def _called(wish: Press) -> str:
    name = f"{wish.names[0]!r}" if wish.names else f"a {wish.kind}"
    return f"{name} in {wish.within!r}" if wish.within else name
