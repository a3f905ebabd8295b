"""The decision: from a goal, what is seen and what was done, to the next act, or to giving up and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from runner.page.acts import PageAct
from runner.page.view import View
from runner.planners.seeing import wishes as w
from runner.planners.seeing.advice import Advice, Deed, Done, Met, Next, Refusal, Situation, Step
from runner.planners.seeing.calendar import pick_date
from runner.planners.seeing.choosing import along, choose, slide
from runner.planners.seeing.comparing import compare, draw, guess, judge, order
from runner.planners.seeing.completing import colour, complete
from runner.planners.seeing.dragging import drag, resize, scroll, select, sort
from runner.planners.seeing.entering import fill, fill_all, search
from runner.planners.seeing.looking import go, hover, key, read_out, wait_for
from runner.planners.seeing.mail import mail
from runner.planners.seeing.overlays import blocked, uncover
from runner.planners.seeing.pressing import press, submit
from runner.planners.seeing.reaching import reach
from runner.planners.seeing.reading import read_goal
from runner.planners.seeing.revealing import open_closed
from runner.planners.seeing.shapes import shapes

_SAME_ACT = 4  # times in a row that the same act may leave the page as it is

SKILLS: dict[type[Any], Callable[[Any, Situation], Step]] = {
    w.Press: press, w.Submit: submit, w.Open: open_closed, w.Fill: fill, w.FillAll: fill_all, w.Search: search,
    w.Choose: choose, w.Along: along, w.Slide: slide, w.PickDate: pick_date, w.Complete: complete, w.Colour: colour,
    w.Shapes: shapes, w.Compare: compare, w.InOrder: sort, w.Judge: judge, w.Draw: draw, w.Guess: guess, w.Order: order,
    w.DragTo: drag, w.Resize: resize, w.ScrollTo: scroll, w.Select: select, w.Mail: mail, w.ReadOut: read_out, w.Hover: hover, w.Go: go, w.Key: key, w.WaitFor: wait_for,
    w.Reach: reach,
}  # fmt: skip


def propose(goal: str, view: View, history: Sequence[Deed] = (), *, sends: bool = False) -> Advice:
    """What to do next.

    Args:
        goal: what is asked for, in words; templates of inputs are filled in already, secrets are not.
        view: what the page shows now.
        history: what this function proposed before and was carried out, oldest first.
        sends: whether a goal that only fills in a form means that the form is sent, too.
    """
    asked = read_goal(goal, sends=sends)
    return asked if isinstance(asked, Refusal) else decide(asked, view, history)


def decide(asked: tuple[w.Wish, ...], view: View, history: Sequence[Deed] = (), served: int = 0) -> Advice:
    """What to do next about wishes that were read already; see `propose`.

    Args:
        asked: the wishes.
        view: what the page shows now.
        history: what was done, by whomever.
        served: so many of the wishes are not looked at any more, whatever the history says.
    """
    if (stuck := _stuck(history)) is not None:
        return stuck
    done = tuple(history)
    at = max((deed.wish for deed in done), default=0)
    at = max(at, served)
    while at < len(asked):
        deeds = tuple(deed for deed in done if deed.wish == at)
        situation = Situation(view, deeds, done, asked[:at], asked[at + 1 :])
        step = uncover(situation) if blocked(view) else SKILLS[type(asked[at])](asked[at], situation)
        if isinstance(step, Next):
            return replace(step, wish=at)
        if isinstance(step, Refusal):
            return replace(step, wish=at)
        assert isinstance(step, Met)  # noqa: S101 - for the type checker
        at += 1
    return Done()


def _stuck(history: Sequence[Deed]) -> Refusal | None:
    """Refuse to do the same again and again where it changes nothing."""
    last = history[-_SAME_ACT:]
    acts: set[PageAct] = {deed.act for deed in last}
    looks = {tuple((e.css, e.own, e.value, e.checked) for e in deed.seen) for deed in last}
    if len(last) == _SAME_ACT and len(acts) == 1 and len(looks) == 1 and last[0].element is not None:
        return Refusal("the same act again and again changes nothing")
    return None
