"""An act on what was seen, as the action of the record that can be done again without having seen it. Pure."""

from __future__ import annotations

from events.action import Action, Check, Click, Extract, Fill, Navigate, Press, Select
from runner.page.acts import PageAct, Pick, Push, Put, Read, Strike, Tick, Visit
from runner.page.bundle import bundle
from runner.page.view import View


def as_action(view: View, act: PageAct, *, irreversible: bool = False) -> Action | None:
    """The action with the most durable description of its element; None where the record has no word for the act yet.

    Args:
        view: on which the act was proposed.
        act: what was proposed.
        irreversible: whether it cannot be taken back; who proposes acts does not judge that.
    """
    if isinstance(act, Visit):
        return Navigate(url=act.url)
    element = view.get(getattr(act, "element", ""))
    if element is None or element.frame:
        return None
    target = bundle(view, element)[0]
    match act:
        case Push(at=None):
            return Click(target=target, irreversible=irreversible)
        case Put():
            return Fill(target=target, value=act.value)
        case Pick(options=(only,)):
            return Select(target=target, option=only)
        case Tick():
            return Check(target=target, checked=act.on)
        case Strike(times=1):
            return Press(target=target, key=act.key, irreversible=irreversible)
        case Read():
            return Extract(target=target, key=act.key)
        case _:
            return None
