"""An act on what was seen, as an action that can be done again: now on the very element, or later without having seen it. Pure."""

from __future__ import annotations

from typing import assert_never

from events.action import (
    Action,
    Check,
    Click,
    Drag,
    Extract,
    Fill,
    Hover,
    Navigate,
    Press,
    Scroll,
    Select,
    SelectMany,
    SelectText,
    Target,
    Type,
    Wait,
)
from runner.page import acts
from runner.page.bundle import bundle
from runner.page.view import View


def as_action(view: View, act: acts.PageAct, *, irreversible: bool = False) -> Action | None:
    """The action with the most durable description of its element; None where the view has no such element.

    Args:
        view: on which the act was proposed.
        act: what was proposed.
        irreversible: whether it cannot be taken back; who proposes acts does not judge that.
    """
    if isinstance(act, acts.Visit | acts.Await):
        return _elsewhere(act)
    element = view.get(act.element)
    if element is None:
        return None
    place = {"frame": element.frame} if element.frame else {}
    return _on(bundle(view, element)[0].model_copy(update=place), act, irreversible=irreversible)


def as_seen(view: View, act: acts.PageAct, *, irreversible: bool = False) -> Action | None:
    """The action on the very element that was seen, good for as long as the page stays as it is."""
    if isinstance(act, acts.Visit | acts.Await):
        return _elsewhere(act)
    element = view.get(act.element)
    if element is None:
        return None
    return _on(Target(css=element.css, frame=element.frame or None), act, irreversible=irreversible)


def _elsewhere(act: acts.Visit | acts.Await) -> Action:
    return Navigate(url=act.url) if isinstance(act, acts.Visit) else Wait(seconds=act.seconds)


_OnElement = (
    acts.Push | acts.Put | acts.Write | acts.Pick | acts.Tick | acts.Strike | acts.Point | acts.Drag | acts.Scroll
    | acts.Mark | acts.Read
)  # fmt: skip


def _on(target: Target, act: _OnElement, *, irreversible: bool) -> Action:
    match act:
        case acts.Push():
            return Click(target=target, at=act.at, irreversible=irreversible)
        case acts.Put():
            return Fill(target=target, value=act.value)
        case acts.Write():
            return Type(target=target, value=act.text, enter=act.enter, irreversible=irreversible)
        case acts.Pick(options=(only,)):
            return Select(target=target, option=only)
        case acts.Pick():
            return SelectMany(target=target, options=list(act.options))
        case acts.Tick():
            return Check(target=target, checked=act.on)
        case acts.Strike():
            return Press(target=target, key=act.key, times=act.times, irreversible=irreversible)
        case acts.Point():
            return Hover(target=target)
        case acts.Drag():
            return Drag(target=target, to=act.to)
        case acts.Scroll():
            return Scroll(target=target, end=act.end)
        case acts.Mark():
            return SelectText(target=target)
        case acts.Read():
            return Extract(target=target, key=act.key)
        case _:
            assert_never(act)
