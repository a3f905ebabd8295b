"""Numbers on the page: the least and the greatest, ascending order, odd and even, tries that close in. Pure."""

from __future__ import annotations

import re

from runner.page.acts import Push, Put
from runner.page.view import Box, Element, View, shared
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do, wait
from runner.planners.seeing.matching import anchors, beside, controls, is_kind, number, rows, text_fields
from runner.planners.seeing.wishes import Compare, Draw, Guess, InOrder, Judge, Order
from runner.planners.seeing.words import plain, words

_MONEY = re.compile(r"[$\u20ac\u00a3]\s*(\d[\d,]*(?:\.\d+)?)")
_SPAN = re.compile(
    r"(?:(\d+)\s*d(?:ays?)?\s*)?(?:(\d+)\s*h(?:ours?|rs?)?)\s*(?:(\d+)\s*m)?|(\d+)\s*m(?:in)?", re.IGNORECASE
)
_FEW = 2


def compare(wish: Compare, at: Situation) -> Step:
    """Press the control of the row that stands out."""
    if at.noted("pressed"):
        return MET
    if wish.hidden:
        return _uncover_all(wish, at)
    buttons = family(at.view)
    if len(buttons) < _FEW:
        return wait(at, 10, "several things to compare", 0.5)
    own = rows(buttons)
    values = {b.id: _value(at.view, own[b.id], wish.by) for b in buttons}
    if any(value is None for value in values.values()):
        return Refusal(f"not every row tells its {wish.by}")
    best = sorted(((value, name) for name, value in values.items() if value is not None), reverse=wish.most)
    if best[0][0] == best[1][0]:
        return Refusal("two are equal")
    return do(Push(best[0][1]), f"{best[0][0]} stands out by {wish.by}", "pressed")


def family(view: View) -> list[Element]:
    """The largest family of like buttons, each in a row of its own."""
    found: dict[tuple[str, str, int], list[Element]] = {}
    for e in view:
        if e.is_control and not e.field and is_kind(e, "button"):
            found.setdefault((e.tag, e.tokens, len(e.path)), []).append(e)
    return max(found.values(), key=len, default=[])


def _value(view: View, row: tuple[int, ...], by: str) -> float | None:
    said = [e.own or e.value for e in view.within(row)]
    for text in said:
        if by == "price" and (match := _MONEY.search(text)) is not None:
            return float(match[1].replace(",", ""))
        if by == "duration" and (match := _SPAN.fullmatch(text.strip())) is not None:
            days, hours, minutes, only = (int(part or 0) for part in match.groups())
            return days * 1440.0 + hours * 60 + minutes + only
        if by == "number" and (value := number(text)) is not None:
            return value
    return None


def _uncover_all(wish: Compare, at: Situation) -> Step:
    """Things that show their number only when pressed: look at each, then press the best."""
    cards = [e for e in at.view if "card" in words(e.tokens) and not e.field and e.press]
    if len(cards) < _FEW:
        return Refusal("there are not several things to compare")
    seen: dict[str, float] = {}
    for look in (*(deed.seen for deed in at.deeds), at.view):
        for card in (e for e in look if "card" in words(e.tokens) and e.press):
            shown = [v for e in look.within(card.path) if e.own and (v := number(e.own)) is not None]
            if shown:
                seen[card.css] = shown[0]
    for card in cards:
        if card.css not in seen:
            return (
                do(Push(card.id), "look at it", "looked")
                if not at.tried(card, "looked")
                else Refusal("it shows no number")
            )
    order = sorted(cards, key=lambda card: seen[card.css], reverse=wish.most)
    if at.deeds and at.deeds[-1].element is not None and at.deeds[-1].element.css == order[0].css:
        return MET
    return do(Push(order[0].id), f"{seen[order[0].css]:g} stands out", "pressed")


def in_order(wish: InOrder, at: Situation) -> Step:
    """Press numbers one after the other; where they were, should they hide once the first is pressed."""
    seen = at.deeds[0].seen if at.deeds else at.view
    found = sorted(
        ((value, e) for e in seen if (e.press or e.shape) and e.own and (value := number(e.own)) is not None),
        key=lambda pair: pair[0],
        reverse=not wish.ascending,
    )
    done = at.noted("pressed")
    if len(found) < _FEW:
        return Refusal("there are no numbers to press")
    if done == len(found):
        return MET
    wanted = found[done][1]
    there = [e for e in at.view if (e.css, e.own) == (wanted.css, wanted.own)] or [
        e for e in at.view if (e.press or e.shape) and not e.own and contains(e.box, wanted.box.middle)
    ]
    return do(Push(there[-1].id), f"next is {wanted.own}", "pressed") if there else Refusal(f"{wanted.own} is gone")


def contains(box: Box, point: tuple[float, float]) -> bool:
    """Whether the point lies inside."""
    return box.x <= point[0] <= box.x + box.width and box.y <= point[1] <= box.y + box.height


def judge(_: Judge, at: Situation) -> Step:
    """In each row that shows a number, press what it is."""
    odd, even = controls(at.view, "odd"), controls(at.view, "even")
    if len(odd) != len(even) or not odd:
        return Refusal("there is nothing to say odd or even with")
    shown = [(e, value) for e in at.view if e.own and not e.is_control and (value := number(e.own)) is not None]
    for element, value in shown:
        pool = even if value % 2 == 0 else odd
        near = beside(element, pool) if len(pool) > 1 else pool[0]
        if near is None:
            return Refusal(f"what belongs to {element.own} is not clear")
        if not at.tried(near):
            return do(Push(near.id), f"{element.own} is {'even' if value % 2 == 0 else 'odd'}", "pressed")
    return MET


def draw(wish: Draw, at: Situation) -> Step:
    """Press until the number shown is as wished."""
    shown = [v for e in at.view if e.own and not e.is_control and not e.field and (v := number(e.own)) is not None]
    if len(shown) == 1 and at.deeds and _passes(wish, shown[0]):
        return MET
    found = controls(at.view, wish.button)
    if len(found) != 1 or len(shown) > 1:
        return Refusal(f"what to press to {wish.button} is not clear")
    return do(Push(found[0].id), wish.button, "pressed")


def _passes(wish: Draw, value: float) -> bool:
    return {"less": value < wish.bound, "greater": value > wish.bound, "even": value % 2 == 0, "odd": value % 2 == 1}[
        wish.test
    ]


def guess(wish: Guess, at: Situation) -> Step:
    """Halve the range by what the page says."""
    low, high = wish.low, wish.high
    for look in (*(deed.seen for deed in at.deeds), at.view):
        for e in look:
            match = re.search(r"\b(lower|less|smaller|higher|greater|larger|more) than\s*(-?\d+)?", e.text or e.own)
            if match is None or match[2] is None:
                continue
            if match[1] in {"lower", "less", "smaller"}:
                high = min(high, int(match[2]) - 1)
            else:
                low = max(low, int(match[2]) + 1)
    fields = text_fields(at.view)
    if len(fields) != 1 or low > high:
        return Refusal("where to enter the number is not clear")
    last = at.deeds[-1] if at.deeds else None
    if last is not None and last.note == "tried":
        found = controls(at.view, "submit")
        return do(Push(found[0].id), "try it", "sent") if len(found) == 1 else Refusal("nothing sends the number")
    middle = (low + high) // 2
    return do(Put(fields[0].id, str(middle)), f"between {low} and {high}: try {middle}", "tried")


def order(wish: Order, at: Situation) -> Step:
    """Press the plus of each row that is asked for, then send the order."""
    pluses = controls(at.view, "+") or controls(at.view, "add") or controls(at.view, "add to cart")
    added = [d.element.css for d in at.deeds if d.element is not None and d.note == "added"]
    if wish.sort:
        own = rows(pluses)
        wanted = [
            p for p in pluses if any(plain(wish.sort) == plain(e.hint or e.own) for e in at.view.within(own[p.id]))
        ]
        todo = [p for p in wanted if p.css not in added][: max(0, wish.count - len(added))]
        if len(wanted) + len(added) < wish.count:
            return Refusal(f"fewer than {wish.count} are {wish.sort}")
    else:
        left = [item for item in wish.items if not at.noted(f"added {item}")]
        near = [_plus(at.view, item, pluses) for item in left]
        if any(p is None for p in near):
            return Refusal("not all of it is on this page")
        if near and near[0] is not None:
            return do(Push(near[0].id), f"add {left[0]!r}", f"added {left[0]}")
        todo = []
    if todo:
        return do(Push(todo[0].id), "add it", "added")
    if at.noted("sent"):
        return MET
    for name in ("order", "submit", "checkout", "place order"):
        found = controls(at.view, name, "button")
        if len(found) == 1:
            return do(Push(found[0].id), "send the order", "sent")
    return Refusal("nothing here sends the order")


def _plus(view: View, item: str, pluses: list[Element]) -> Element | None:
    named = [a for a in anchors(view, item) if plain(a.own) == plain(item)]
    return beside(named[0], pluses) if len(named) == 1 and shared(named[0], named[0]) else None
