"""What is done with the mouse held down: moving, sorting, resizing, selecting text; and scrolling. Pure."""

from __future__ import annotations

from runner.page.acts import Drag, Mark, Push, Scroll
from runner.page.view import Element, View
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.comparing import contains, in_order
from runner.planners.seeing.matching import controls, number
from runner.planners.seeing.shapes import fits, kind_of
from runner.planners.seeing.sources import texts
from runner.planners.seeing.wishes import DragTo, InOrder, Resize, ScrollTo, Select
from runner.planners.seeing.words import ordinal, plain, words

_WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_OTHERS = frozenset({"everything else", "the rest", "all others", "the others"})
_TRIES = 2
_FAR = 30.0  # pixels that are a move and no slip
_STYLES = {"italics": ("italic", "italics"), "italic": ("italic",), "underlined": ("underline", "underlined"), "bold": ("bold",),
           "underline": ("underline",)}  # fmt: skip


def drag(wish: DragTo, at: Situation) -> Step:
    """Drag it there."""
    place = plain(wish.place)
    if place == "inside":
        return _inside(wish, at)
    if place.endswith("box"):
        return _into_box(wish, at)
    if at.deeds:
        return MET
    if place in _WAYS:
        found = _single(wish.what, at.view)
        if found is None:
            return Refusal(f"which {wish.what} is meant is not clear")
        (x, y), (dx, dy) = found.box.middle, _WAYS[place]
        return do(Drag(found.id, (x + dx * _FAR, y + dy * _FAR)), f"drag it {place}", "dragged")
    items = draggable_rows(at.view)
    mine = [e for e in items if plain(e.text or e.own) == plain(wish.what)]
    if len(mine) != 1:
        return Refusal(f"{len(mine)} things to drag are called {wish.what!r}")
    goal = _place(place, items)
    if goal is None:
        return Refusal(f"there is no place {wish.place!r}")
    return MET if goal.id == mine[0].id else do(_onto(mine[0], goal), f"drag {wish.what!r} to {wish.place}", "dragged")


def _single(what: str, view: View) -> Element | None:
    found = [e for e in view if kind_of(e)] if what in {"item", "shape", "circle", "square"} else []
    found = found or [e for e in view if e.drag and not e.field]
    return found[0] if len(found) == 1 else None


def draggable_rows(view: View) -> list[Element]:
    """The things of one list or grid that can be dragged."""
    found = [e for e in view if e.drag and not e.field and (e.text or e.own)]
    return [e for e in found if not any(o.id != e.id and e.path == o.path[: len(e.path)] for o in found)]


def _place(place: str, items: list[Element]) -> Element | None:
    if (nth := ordinal(place)) is not None:
        return items[nth - 1 if nth > 0 else -1] if nth <= len(items) else None
    xs, ys = sorted({round(e.box.x) for e in items}), sorted({round(e.box.y) for e in items})
    said = set(words(place.replace("centre", "center")))
    row = 0 if "top" in said else len(ys) - 1 if "bottom" in said else (len(ys) - 1) // 2
    column = 0 if "left" in said else len(xs) - 1 if "right" in said else (len(xs) - 1) // 2
    return next((e for e in items if round(e.box.x) == xs[column] and round(e.box.y) == ys[row]), None)


def _onto(one: Element, other: Element) -> Drag:
    """A little beyond the middle: lists make room when the middle is passed."""
    (x, y), (tx, ty) = one.box.middle, other.box.middle
    beyond_x = other.box.width * 0.2 * ((tx > x) - (tx < x)) if abs(tx - x) > 1 else 0.0
    beyond_y = other.box.height * 0.2 * ((ty > y) - (ty < y)) if abs(ty - y) > 1 else 0.0
    return Drag(one.id, (tx + beyond_x, ty + beyond_y))


def _inside(wish: DragTo, at: Situation) -> Step:
    items = sorted((e for e in at.view if e.drag and not e.field), key=lambda e: e.box.area)
    if at.deeds:
        return MET
    if len(items) != 2 or items[0].box.area == items[1].box.area:  # noqa: PLR2004
        return Refusal(f"which is the {wish.what} is not clear")
    return do(Drag(items[0].id, items[1].box.middle), "drag the smaller into the larger", "dragged")


def _into_box(wish: DragTo, at: Situation) -> Step:
    """All things of a kind, side by side, into a drawn frame."""
    frames = sorted((e for e in at.view if e.shape == "rect" and not e.color), key=lambda e: e.box.x)
    side = {"left": 0, "right": -1}.get(plain(wish.place).split()[0])
    if not frames or (len(frames) > 1) is (side is None):
        return Refusal("which box is meant is not clear")
    box = frames[side or 0].box
    kind = _kind(wish.what)
    drawn = [e for e in at.view if kind_of(e) and e not in frames]
    found = [e for e in drawn if fits(e, kind, at.view)]
    if wish.what in _OTHERS:
        others = [_kind(w.what) for w in at.before if isinstance(w, DragTo)]
        found = [e for e in drawn if not any(fits(e, other, at.view) for other in others)]
    inside = [e for e in found if contains(box, e.box.middle)]
    left = [e for e in found if not contains(box, e.box.middle)]
    if not left:
        return MET if drawn else Refusal(f"no {wish.what} to be seen")
    place = len(inside)
    x = box.x + box.width * (0.2 + 0.2 * (place % 4))
    y = box.y + box.height * (0.3 + 0.4 * (place // 4 % 2))
    return do(Drag(left[0].id, (x, y)), f"drag a {kind[-1]} into the box", "dragged")


def _kind(what: str) -> tuple[str, ...]:
    said = what.split()
    return (*said[:-1], said[-1].rstrip("s"))


def sort(wish: InOrder, at: Situation) -> Step:
    """Put the first thing that is out of order into its place, until none is."""
    if not wish.drag:
        return in_order(wish, at)
    items = draggable_rows(at.view)
    values = [number(e.text or e.own) for e in items]
    if len(items) < 2 or any(value is None for value in values):  # noqa: PLR2004
        return Refusal("there is no list of numbers to drag")
    said = [value for value in values if value is not None]
    wanted = sorted(said, reverse=not wish.ascending)
    place = next((i for i, value in enumerate(said) if value != wanted[i]), None)
    if place is None:
        return MET
    return do(
        _onto(items[said.index(wanted[place], place)], items[place]),
        f"{wanted[place]:g} to place {place + 1}",
        "dragged",
    )


def scroll(wish: ScrollTo, at: Situation) -> Step:
    """Scroll the only text that can be."""
    found = [e for e in at.view if e.scroll]
    if at.deeds:
        return MET
    if len(found) != 1:
        return Refusal(f"{len(found)} things can be scrolled")
    return do(Scroll(found[0].id, wish.end), f"scroll to the {wish.end}", "scrolled")


def resize(wish: Resize, at: Situation) -> Step:
    """Drag the corner."""
    corners = [e for e in at.view if "resizable-se" in e.tokens or ("resize" in e.tokens and e.drag)]
    if at.deeds:
        return MET
    if len(corners) != 1:
        return Refusal("nothing shows where to drag to resize")
    way = _FAR / 2 if wish.larger else -_FAR / 2
    x, y = corners[0].box.middle
    to = (x + way, y) if wish.side == "width" else (x, y + way)
    return do(Drag(corners[0].id, to), f"make the {wish.side} {'larger' if wish.larger else 'smaller'}", "dragged")


def select(wish: Select, at: Situation) -> Step:
    """Select the text; in an editor, then press the button of the style, and see that it took."""
    marked, styled = at.noted("marked"), at.noted("styled")
    if marked and not wish.style:
        return MET
    if marked > styled:
        return _style(wish.style, at)
    if marked and _took(at):
        return MET
    if marked == _TRIES:
        return Refusal(f"the text does not become {wish.style}")
    found = [e for e in at.view if e.type == "rich"] if wish.style else texts(at.view)
    if wish.style and wish.text:
        return Refusal("only a part of the text is meant")
    index = (wish.nth or 1) - 1
    if index >= len(found) or (wish.nth is None and len(found) != 1):
        return Refusal("which text is meant is not clear")
    return do(Mark(found[index].id), "select the text", "marked")


def _style(style: str, at: Situation) -> Step:
    for name in _STYLES.get(style, (style,)):
        found = [e for e in controls(at.view, name) if not e.own] or [
            e for e in at.view if e.press and name in words(e.tokens.replace("-", " "))
        ]
        if len(found) == 1:
            return do(Push(found[0].id), f"make it {style}", "styled")
    return Refusal(f"nothing here makes text {style}")


def _took(at: Situation) -> bool:
    """Whether text stands in an element that was not there before the style was pressed."""
    before = {(e.css, e.own) for e in next(d.seen for d in reversed(at.deeds) if d.note == "styled")}
    return any(e.own and not e.field and (e.css, e.own) not in before for e in at.view)
