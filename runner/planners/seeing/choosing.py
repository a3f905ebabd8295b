"""Choosing: options of lists, checkboxes, radio buttons, menus along a path, sliders. Pure."""

from __future__ import annotations

from runner.page.acts import Await, Pick, Point, Push, Put, Strike, Tick
from runner.page.view import Element, View, shared
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.matching import controls, field_named, number, tick_name, ticked
from runner.planners.seeing.revealing import open_something
from runner.planners.seeing.wishes import Along, Choose, Slide
from runner.planners.seeing.words import likeness, plain, words

_ALIKE = 0.8
_TRIES = 3
_MOST_STRIKES = 400
_SEEN = 16.0  # square pixels; smaller lists are hidden behind one that the page draws itself


def choose(wish: Choose, at: Situation) -> Step:
    """Choose them all, and leave the rest as it is."""
    if wish.nth is not None:
        return _choose_nth(wish, at)
    if not wish.options:
        return MET
    lists = [field for field in at.view if field.options]
    if wish.field and not (lists := field_named(at.view, wish.field, lists)):
        return Refusal(f"no list is called {wish.field!r}")
    for field in lists:
        if field.options and not field.disabled and not field.covered and field.box.area > _SEEN:
            picked = [_same(option, field.options) for option in wish.options]
            if all(picked):
                return _pick(field, tuple(p for p in picked if p), at)
    boxes = ticked(at.view)
    meant = [_boxes(option, boxes, at.view) for option in wish.options]
    if boxes and all(len(found) == 1 for found in meant):
        for option, (box,) in zip(wish.options, meant, strict=True):
            if box.checked is not wish.on and not at.tried(box):
                return do(Tick(box.id, wish.on), f"check {option!r}", "ticked")
        return MET
    if any(len(found) > 1 for found in meant):
        return Refusal("several boxes say the same")
    return _press_options(wish, at)


def _pick(field: Element, picked: tuple[str, ...], at: Situation) -> Step:
    if at.noted("picked") or (not field.multiple and field.chosen == picked):
        return MET
    if len(picked) > 1 and not field.multiple:
        return Refusal("the list takes one option only")
    return do(Pick(field.id, picked), f"choose {', '.join(picked)}", "picked")


def _press_options(wish: Choose, at: Situation) -> Step:
    """Lists made of something else: press the list open, then the option."""
    pressed = [d.note for d in at.deeds]
    for option in wish.options:
        if f"chose {option}" in pressed:
            continue
        found = [e for e in controls(at.view, option) if not e.covered or e.id in at.view.fresh]
        if len(found) == 1:
            return do(Push(found[0].id), f"choose {option!r}", f"chose {option}")
        if len(found) > 1:
            return Refusal(f"{len(found)} elements are called {option!r}")
        lists = [e for e in at.view if looks_like_list(e) and not at.tried(e)]
        if lists:
            return do(Push(lists[0].id), "open the list", "opened")
        opened = open_something(at)
        return opened if opened is not None else Refusal(f"nothing here is called {option!r}")
    return MET


def looks_like_list(element: Element) -> bool:
    """Whether it is a list to choose from that is drawn by the page itself."""
    tokens = set(words(element.tokens.replace("-", " ")))
    return not element.options and not element.disabled and (
        element.role in {"combobox", "listbox"} or element.own in {"\u25be", "\u25bc"} or bool(tokens & {"dropdown", "selectric", "chosen"})
    )  # fmt: skip


def _same(option: str, options: tuple[str, ...]) -> str | None:
    exact = [o for o in options if o == option] or [o for o in options if plain(o) == plain(option)]
    if not exact:
        scored = [o for o in options if likeness(option, o) >= _ALIKE]
        exact = scored if len(scored) == 1 else []
    return exact[0] if exact else None


def _boxes(option: str, boxes: list[Element], view: View) -> list[Element]:
    named = [(tick_name(view, box), box) for box in boxes]
    exact = [box for name, box in named if name.strip() == option.strip()]
    return exact or [box for name, box in named if plain(name) == plain(option)]


def _choose_nth(wish: Choose, at: Situation) -> Step:
    boxes = ticked(at.view, wish.kind)
    index = (wish.nth or 1) - 1 if (wish.nth or 1) > 0 else -1
    if index >= len(boxes):
        return Refusal(f"there is no {wish.nth}. {wish.kind}")
    if boxes[index].checked is wish.on or at.deeds:
        return MET
    return do(Tick(boxes[index].id, wish.on), f"check the {wish.nth}. {wish.kind}", "ticked")


def along(wish: Along, at: Situation) -> Step:
    """Down a path of menus: point at each, press the last."""
    for depth, name in enumerate(wish.names):
        note = f"at {depth}"
        if at.noted(note):
            continue
        found = [e for e in controls(at.view, name) if not e.disabled]
        if len(found) != 1:
            if at.noted("wait") < _TRIES and depth:
                return do(Await(0.3), f"wait for {name!r}", "wait")
            opened = open_something(at) if not depth else None
            return opened if opened is not None else Refusal(f"{len(found)} menu items are called {name!r}")
        last = depth == len(wish.names) - 1
        return do(Push(found[0].id) if last else _into(found[0]), f"menu {name!r}", note)
    return MET


def _into(element: Element) -> Push | Point:
    return Point(element.id)


def slide(wish: Slide, at: Situation) -> Step:
    """Bring each slider or spinner to its value, by keys, as its reading tells."""
    spinners = [e for e in at.view if e.role == "spinbutton" and e.field]
    if len(spinners) == len(wish.values):
        for spinner, value in zip(spinners, wish.values, strict=True):
            if number(spinner.value) != value and not at.tried(spinner):
                return do(Put(spinner.id, _said(value)), f"set it to {_said(value)}", "set")
        return MET
    handles = sliders(at.view)
    if len(handles) != len(wish.values):
        return Refusal(f"{len(handles)} sliders for {len(wish.values)} values")
    for handle, value in zip(handles, wish.values, strict=True):
        reading = reading_of(at.view, handle, handles)
        if reading is None:
            return Refusal("the slider does not tell its value")
        if reading != value:
            return _strike(handle, reading, value, at)
    return MET


def _strike(handle: Element, reading: float, value: float, at: Situation) -> Step:
    mine = [d for d in at.deeds if d.element is not None and d.element.css == handle.css]
    if len(mine) >= _TRIES:
        return Refusal("the slider does not come to the value")
    step, last = 1.0, mine[-1] if mine else None
    if last is not None and isinstance(last.act, Strike) and last.note.startswith("from "):
        moved = (reading - float(last.note[5:])) / (last.act.times * (1 if last.act.key == "ArrowRight" else -1))
        step = moved or 1.0
    times = round((value - reading) / step)
    if not times or abs(times) > _MOST_STRIKES:
        return Refusal("the slider has no such value")
    return do(
        Strike(handle.id, "ArrowRight" if times > 0 else "ArrowLeft", abs(times)),
        f"slide to {_said(value)}",
        f"from {reading}",
    )


def sliders(view: View) -> list[Element]:
    """What is dragged along a bar."""
    native = [e for e in view if e.role == "slider"]
    return native or innermost_last([e for e in view if "slider-handle" in e.tokens or "slider-thumb" in e.tokens])


def innermost_last(found: list[Element]) -> list[Element]:
    """Without those that hold another one."""
    return [e for e in found if not any(o.id != e.id and o.path[: len(e.path)] == e.path for o in found)]


def reading_of(view: View, handle: Element, handles: list[Element]) -> float | None:
    """The number that stands behind the slider, before the next one."""
    index = view.elements.index(handle)
    for element in view.elements[index + 1 : index + 6]:
        if element in handles:
            return None
        if element.own and (value := number(element.own)) is not None and shared(handle, element) > 1:
            return value
    return number(handle.value)


def _said(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
