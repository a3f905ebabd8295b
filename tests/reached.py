"""What the rules do about a goal in its own words, page after page written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.page.acts import PageAct
from runner.page.view import View
from runner.planners.seeing import Deed, Next, Refusal, decide, wishes_of
from tests.seeing import Part, group, part

SWIM = "Register Eden for Tuesday swimming"
EDEN = {"child": "Eden", "day": "Tuesday"}
TITLE = part("h1", "Swimming lessons", role="heading")


def advice(goal: str, given: Mapping[str, Any], views: Sequence[View], secrets: Sequence[str] = ()) -> Any:
    """What is said to the last of these views, having done on the others what was said to them."""
    wishes = wishes_of(goal, given, secrets)
    assert not isinstance(wishes, Refusal), wishes
    history: tuple[Deed, ...] = ()
    for view in views[:-1]:
        said = decide(wishes, view, history)
        assert isinstance(said, Next), said
        history = (*history, Deed.of(said, view))
    return decide(wishes, views[-1], history)


def act(goal: str, given: Mapping[str, Any], *views: View, secrets: Sequence[str] = ()) -> tuple[PageAct, str]:
    said = advice(goal, given, views, secrets)
    assert isinstance(said, Next), said
    element = views[-1].get(getattr(said.act, "element", ""))
    return said.act, element.said if element is not None else ""


def ending(goal: str, given: Mapping[str, Any], *views: View, secrets: Sequence[str] = ()) -> Any:
    """What is said once it does not wait any more for the last page to change."""
    said, seen = advice(goal, given, views, secrets), list(views)
    for _ in range(12):
        if not (isinstance(said, Next) and said.is_wait):
            break
        seen.append(seen[-1])
        said = advice(goal, given, seen, secrets)
    return said


def refusal(goal: str, given: Mapping[str, Any], *views: View, secrets: Sequence[str] = ()) -> str:
    """Why it gives up."""
    wishes = wishes_of(goal, given, secrets)
    said = wishes if isinstance(wishes, Refusal) else ending(goal, given, *views, secrets=secrets)
    assert isinstance(said, Refusal), said
    return said.reason


def row(*said: str, control: Part) -> Part:
    return group(*(part("td", text) for text in said), control)
