"""Things that are seen rather than read: drawn shapes and coloured areas, by kind, colour and size. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.page.acts import Push
from runner.page.view import Element, View
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.grammar_values import colour_of, rgb
from runner.planners.seeing.matching import controls, is_kind
from runner.planners.seeing.wishes import Shapes
from runner.planners.seeing.words import plain

_NAMES = {
    "circle": ("circle",), "rectangle": ("rectangle", "square"), "triangle": ("triangle",),
    "letter": ("letter",), "digit": ("digit", "number"),
}  # fmt: skip
_SIZES = {"large": True, "big": True, "small": False, "tiny": False}


def shapes(wish: Shapes, at: Situation) -> Step:
    """Press, count or name what is drawn."""
    if wish.do == "describe":
        return _describe(at)
    if wish.do == "press_all":
        return _press_shades(wish.words[0], at)
    seen = [e for e in at.view if fits(e, wish.words, at.view)]
    if wish.do == "count":
        return _count(len(seen), at)
    if at.deeds:
        return MET
    kept = [e for e in seen if e.press or e.shape] or seen
    if not kept:
        return Refusal(f"no {' '.join(wish.words)} is to be seen")
    return do(Push(kept[0].id), f"press the {' '.join(wish.words)}", "pressed")


def _count(count: int, at: Situation) -> Step:
    if at.noted("pressed"):
        return MET
    found = [e for e in at.view if is_kind(e, "button") and plain(e.own) == str(count)]
    if len(found) != 1:
        return Refusal(f"no button says {count}")
    return do(Push(found[0].id), f"there are {count}", "pressed")


def _describe(at: Situation) -> Step:
    if at.noted("pressed"):
        return MET
    drawn = [kind for e in at.view if (kind := kind_of(e))]
    if len(drawn) != 1:
        return Refusal(f"{len(drawn)} figures are drawn")
    for name in _NAMES[drawn[0]]:
        found = controls(at.view, name, "button")
        if len(found) == 1:
            return do(Push(found[0].id), f"it is a {name}", "pressed")
    return Refusal(f"no button says {drawn[0]}")


def fits(element: Element, words: Sequence[str], view: View) -> bool:
    """Whether a drawn thing is what the words say; the last one is its kind."""
    *adjectives, kind = words
    if kind == "box":
        if element.shape or element.field or not rgb(element.color):
            return False
    elif not kind_of(element):
        return False
    elif len(kind) == 1:
        if element.own != kind:
            return False
    elif kind == "shape":
        if element.shape == "text":
            return False
    elif kind != "item" and kind_of(element) != {"square": "rectangle"}.get(kind, kind):
        return False
    for word in adjectives:
        if word in _SIZES:
            if is_large(element, view) is not _SIZES[word]:
                return False
        elif rgb(element.color) != colour_of(word):
            return False
    return True


def kind_of(element: Element) -> str:
    """Circle, rectangle, triangle, letter or digit; empty for anything else."""
    if element.shape == "text" and len(element.own) == 1:
        return "digit" if element.own.isdigit() else "letter" if element.own.isalpha() else ""
    if element.shape in {"circle", "ellipse"}:
        return "circle"
    if element.shape == "rect":
        return "rectangle"
    return "triangle" if element.shape == "polygon" and element.points == 3 else ""  # noqa: PLR2004


def is_large(element: Element, view: View) -> bool:
    """Whether it is nearer to the largest of its sort than to the smallest."""
    mine = _extent(element)
    sizes = [_extent(e) for e in view if kind_of(e) and (e.shape == "text") == (element.shape == "text")]
    low, high = min(sizes), max(sizes)
    if high < low * 1.3:
        # All alike: letters of 20 pixels and shapes of as many are what a page calls large.
        return mine >= 15  # noqa: PLR2004
    return mine > (low + high) / 2


def _extent(element: Element) -> float:
    return element.size if element.shape == "text" else max(element.box.width, element.box.height)


def _press_shades(name: str, at: Situation) -> Step:
    """All areas whose colour is a shade of one: the part of it outweighs the others."""
    part = {"red": 0, "green": 1, "blue": 2}.get(name)
    if part is None:
        return Refusal(f"what shades of {name} are is not known")
    left = [e for e in at.view if not e.field and not e.own and e.press and shade(e.color) == part and not at.tried(e)]
    return do(Push(left[0].id), f"press a shade of {name}", "pressed") if left else MET


def shade(color: str) -> int | None:
    """Which of red, green and blue outweighs the others; None for greys."""
    code = rgb(color)
    if code is None or sorted(code)[1] == max(code):
        return None
    return code.index(max(code))
