"""Looking, waiting, pointing, keys and addresses: what changes nothing on a page by itself. Pure."""

from __future__ import annotations

from runner.page.acts import Point, Read, Strike, Visit
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do, wait
from runner.planners.seeing.matching import anchors, controls, field_named
from runner.planners.seeing.sources import cell_element
from runner.planners.seeing.wishes import Go, Hover, Key, ReadOut, WaitFor

_MOST_WAITS = 10


def read_out(wish: ReadOut, at: Situation) -> Step:
    """The value beside the label, or in the field of that name."""
    if at.deeds:
        return MET
    cell = cell_element(at.view, wish.label)
    if cell is not None:
        return do(Read(cell.id, wish.key), f"read {wish.label!r}", "read")
    named = field_named(at.view, wish.label, [e for e in at.view if e.field and e.checked is None])
    if len(named) == 1:
        return do(Read(named[0].id, wish.key), f"read {wish.label!r}", "read")
    return Refusal(f"the page does not say what {wish.label!r} is")


def hover(wish: Hover, at: Situation) -> Step:
    """Point at the only element of that name."""
    if at.deeds:
        return MET
    found = controls(at.view, wish.name)
    if len(found) != 1:
        return Refusal(f"{len(found)} elements are called {wish.name!r}")
    return do(Point(found[0].id), f"point at {wish.name!r}", "pointed")


def go(wish: Go, at: Situation) -> Step:
    """Open the page."""
    return MET if at.deeds else do(Visit(wish.url), f"open {wish.url}", "opened")


def key(wish: Key, at: Situation) -> Step:
    """Press the key in what has the focus, or in the field filled last."""
    if at.deeds:
        return MET
    last = next((d.element.css for d in reversed(at.history) if d.element is not None and d.element.field), None)
    place = at.view.focus or next((e.id for e in at.view if e.css == last), "")
    return do(Strike(place, wish.key), f"press {wish.key}", "pressed") if place else Refusal("nothing has the focus")


def wait_for(wish: WaitFor, at: Situation) -> Step:
    """Wait for the words, some seconds at most."""
    return MET if anchors(at.view, wish.text) else wait(at, _MOST_WAITS, f"{wish.text!r}", 1.0)
