"""Goals with templates, and goals in their own words: what is read in them before any page is seen."""

from __future__ import annotations

import pytest

from runner.planners.seeing import Refusal, verbs, wishes_of
from runner.planners.seeing.wishes import DragTo, Fill, Press, Reach, Wish

GIVEN = {"child": "Eden", "day": "Tuesday"}


def only(goal: str, given: dict[str, str] | None = None, secrets: tuple[str, ...] = ()) -> Wish:
    wishes = wishes_of(goal, GIVEN if given is None else given, secrets)
    assert not isinstance(wishes, Refusal), wishes
    return wishes[0]


def refused(goal: str, given: dict[str, str] | None = None, secrets: tuple[str, ...] = ()) -> str:
    wishes = wishes_of(goal, GIVEN if given is None else given, secrets)
    assert isinstance(wishes, Refusal), wishes
    return wishes.reason


def test_a_goal_becomes_verb_topic_names_and_inputs() -> None:
    wish = only("Please register Eden for Tuesday swimming", secrets=("user", "api_key"))

    assert wish == Reach(
        "register", "register", ("swimming",), ("Eden", "Tuesday"),
        given=(("child", "Eden"), ("day", "Tuesday")), secrets=("{{secret:user}}",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("goal", "verb", "aims"),
    [
        ("Sign up {{child}} for {{day}} swimming", "register", ("Eden", "Tuesday")),
        ("Cancel Eden's Tuesday lesson", "cancel", ("Eden", "Tuesday")),
        ('Order 3 copies of "Winter Tales"', "order", ("3", "Winter Tales")),
        ("Change Eden's day to Thursday", "change", ("Eden", "Thursday")),
        ("I would like to reserve a table for 4 on 2026-12-24", "book", ("4", "2026-12-24")),
        ("Unsubscribe from the newsletter", "unsubscribe", ()),
        ("Move Eden's lesson to Thursday", "change", ("Eden", "Thursday")),
        ("Log in and enrol Eden in swimming", "register", ("Eden",)),
    ],
)
def test_verbs_and_names_are_read(goal: str, verb: str, aims: tuple[str, ...]) -> None:
    wish = only(goal)

    assert isinstance(wish, Reach)
    assert (wish.verb, wish.aims) == (verb, aims)


def test_controls_that_are_named_are_read_first() -> None:
    assert only("Move Ann to the 3rd position") == DragTo("Ann", "3rd")
    assert only('Press "Register"') == Press(("Register",))
    assert only('Type {{child}} into "Name"') == Fill("Eden", field="Name")


@pytest.mark.parametrize(
    ("goal", "why"),
    [
        ("Book the earliest lesson", "'earliest'"),
        ("Register Eden unless it rains", "'unless'"),
        ("Register Eden on Tuesday or Thursday", "'or'"),
        ("Cancel all lessons", "'all'"),
        ("Cancel Eden's lesson and register Noa", "two things"),
        ("Find something nice", "declare `steps`"),
        ("Register {{kid}}", "no input named 'kid' was given with the task (inputs: child, day)"),
        ('Type {{secret:pw}} into "Password"', "no secret named 'pw' was given with the task (secrets: none)"),
    ],
)
def test_what_cannot_be_weighed_is_not_ignored(goal: str, why: str) -> None:
    assert why in refused(goal)


@pytest.mark.parametrize("goal", ["Press {{secret:pw}}", 'Press "Go" in "{{secret:pw}}"', "Register {{secret:pw}} for swimming",
                                  'Type "x" into "{{secret:pw}}"', "Open {{secret:pw}}"])  # fmt: skip
def test_a_secret_goes_into_fields_only(goal: str) -> None:
    assert refused(goal, secrets=("pw",)) == "the secret 'pw' may only be entered into a field"


def test_an_input_names_no_secret() -> None:
    assert "holds a reference to a secret" in refused('Type {{child}} into "Name"', {"child": "{{secret:pw}}"}, ("pw",))


def test_a_secret_stays_a_reference() -> None:
    assert only('Type {{secret:pw}} into "Password"', secrets=("pw",)) == Fill("{{secret:pw}}", field="Password")


@pytest.mark.parametrize(
    ("verb", "name", "sure"),
    [
        ("register", "Register", 1), ("register", "Send enrolment", 1), ("register", "Book", 0.6), ("register", "Cancel registration", 0),
        ("register", "Unregister", 0), ("register", "Don't register", 0), ("cancel", "Cancel registration", 1), ("cancel", "Withdraw", 1),
        ("cancel", "Keep registration", 0), ("subscribe", "Unsubscribe", 0), ("unsubscribe", "Subscribe", 0), ("order", "Place order", 1),
        ("order", "Cancel order", 0), ("change", "Edit", 1), ("book", "Register later", 0), ("register", "Backstroke", 0),
        ("order", "Continue", 0), ("register", "Registration: cancel", 0), ("cancel", "Request cancellation", 1), ("register", "Log in to register", 0),
    ],
)  # fmt: skip
def test_what_a_control_does_is_told_by_its_words(verb: str, name: str, sure: float) -> None:
    assert verbs.same(verb, name) == sure
