"""Whatever the goal and the page: the planner answers, acts only on what it was shown, and always answers alike."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.page.view import View
from runner.planners.seeing import Deed, Next, Refusal, decide, propose, wishes_of
from runner.planners.seeing.sources import solve
from runner.planners.seeing.words import clauses, likeness
from tests.seeing import Part, box, button, field, group, icon, link, page, part

NAMES = st.sampled_from(
    ["Save", "Delete", "Name", "Day", "Ann", "Bob", "2nd", "more", "x", ">", "", "3", "$5", "a b c d"]
)
PARTS: st.SearchStrategy[Part] = st.recursive(
    st.one_of(
        NAMES.map(button), NAMES.map(link), NAMES.map(field), NAMES.map(box), NAMES.map(icon),
        NAMES.map(lambda name: part("p", name)), NAMES.map(lambda name: part("div", name, press=True, covered=True)),
    ),
    lambda inside: st.lists(inside, max_size=4).map(lambda parts: group(*parts)),
    max_leaves=12,
)  # fmt: skip
VIEWS = st.lists(PARTS, max_size=8).map(lambda parts: page(*parts))
WORDS = st.sampled_from(
    ["click", "the", "Save", "button", '"Delete"', "select", "Ann", "and", "then", "type", '"x"', "into", "Name", "2nd",
     "checkbox", "press submit", "find", "forward", "email", "from", "to", "drag", "date", "12/24/2026", "as", "solve",
     "in", "row", "all posts by", "cheapest", "buy", "with", "slider", "7", "'", "{{secret:a}}", ",", "scroll", "bottom"]
)  # fmt: skip
GOALS = st.one_of(st.lists(WORDS, min_size=1, max_size=12).map(" ".join), st.text(max_size=80))


@given(GOALS, VIEWS)
def test_every_answer_is_about_what_is_there_and_repeats(goal: str, view: View) -> None:
    history: tuple[Deed, ...] = ()
    for _ in range(6):
        advice = propose(goal, view, history)
        assert advice == propose(goal, view, history)
        if not isinstance(advice, Next):
            assert not hasattr(advice, "reason") or advice.reason
            return
        name = getattr(advice.act, "element", None)
        assert name is None or view.get(name) is not None
        history = (*history, Deed.of(advice, view))


@given(st.text(max_size=60))
def test_any_text_parts_into_clauses(goal: str) -> None:
    parts, quotes = clauses(goal)

    assert all(part.said for part in parts)
    assert all(len(quote) <= len(goal) for quote in quotes)


@given(st.text(max_size=20), st.text(max_size=20))
def test_likeness_is_a_share(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1


@given(st.integers(-99, 99), st.integers(-99, 99))
def test_sums_are_right(one: int, other: int) -> None:
    assert solve(f"{one} + {other} =") == str(one + other)
    assert solve(f"{one} - {other} = ?") == str(one - other)
    assert solve(f"{abs(one)} + x = {other}") == str(other - abs(one))


NASTY = st.one_of(
    st.sampled_from(
        ['x" and press "Delete', "Tuesday, then press Delete", "{{child}}", "{{ child", '"', "'", "\ue0000\ue001", "cancel all", "or", "unless", "2nd"]
    ),
    st.text(max_size=30),
)  # fmt: skip
ASKED = st.sampled_from(
    ["Register {{child}} for swimming", "Cancel {{child}}'s lesson", 'Type {{child}} into "Name" and press "Save"', "Press {{child}}",
     'Press "Save" in {{child}}', "Choose {{child}} from the list", "Order {{child}}", "Delete {{child}}", "Find the email by {{child}} and star it"]
)  # fmt: skip


@settings(deadline=None)
@given(ASKED, NASTY)
def test_what_an_input_says_never_changes_what_a_goal_asks_for(goal: str, value: str) -> None:
    mark = "zzqzz"
    plain, nasty = wishes_of(goal, {"child": mark}), wishes_of(goal, {"child": value})

    if "{{secret:" in value.replace(" ", ""):
        return
    assert repr(nasty) == repr(plain) if isinstance(plain, Refusal) else nasty == _with(plain, mark, value)


def _with(wishes: Any, mark: str, value: str) -> Any:
    """The same wishes about something else."""
    if isinstance(wishes, str):
        return wishes.replace(mark, value)
    if isinstance(wishes, tuple):
        return tuple(_with(wish, mark, value) for wish in wishes)
    if is_dataclass(wishes) and not isinstance(wishes, type):
        return replace(wishes, **{item.name: _with(getattr(wishes, item.name), mark, value) for item in fields(wishes)})
    return wishes


@settings(deadline=None)
@given(
    st.sampled_from(["Register Ann for Name", "Cancel Ann's 2nd", "Order 3", "Save", "Delete Bob", "Add Ann"]), VIEWS
)
def test_a_goal_in_its_own_words_presses_only_what_is_there_and_ends(goal: str, view: View) -> None:
    wishes = wishes_of(goal, {"name": "Ann", "day": "3"}, ("password", "user"))
    if isinstance(wishes, Refusal):
        return
    history: tuple[Deed, ...] = ()
    for _ in range(40):
        advice = decide(wishes, view, history)
        assert advice == decide(wishes, view, history)
        if not isinstance(advice, Next):
            return
        name = getattr(advice.act, "element", None)
        element = view.get(name) if name is not None else None
        assert name is None or element is not None
        assert element is None or element.said != "Delete" or goal.startswith(("Delete", "Cancel"))
        history = (*history, Deed.of(advice, view))
    raise AssertionError("it never ends")
