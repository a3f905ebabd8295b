"""Reading out what the page says, and pointing without pressing. Pure."""

from __future__ import annotations

from runner.page.acts import Point, Read
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.matching import controls, field_named
from runner.planners.seeing.sources import cell_element
from runner.planners.seeing.wishes import Hover, ReadOut


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
