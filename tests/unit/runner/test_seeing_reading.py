"""Goals in words become wishes: the whole goal, or none of it."""

from __future__ import annotations

import pytest

from runner.planners.seeing import Refusal
from runner.planners.seeing.reading import read_goal
from runner.planners.seeing.wishes import (
    Along,
    Choose,
    Compare,
    Complete,
    DragTo,
    Fill,
    Go,
    Key,
    Mail,
    PickDate,
    Press,
    ReadOut,
    Slide,
    Submit,
    WaitFor,
    Wish,
)  # fmt: skip
from runner.planners.seeing.words import clauses, likeness, ordinal, stem

GOALS: list[tuple[str, tuple[Wish, ...]]] = [
    ('Click on the "Save" button.', (Press(("Save",), "button"),)),
    ("Press the cancel button", (Press(("cancel", "cancel button"), "button"),)),
    ("Tap the 2nd checkbox, then hit submit", (Press((), "checkbox", nth=2), Submit(("submit",)))),
    ('press "Remove" in "Ann", wait for "Gone"', (Press(("Remove",), within="Ann"), WaitFor("Gone"))),
    ('open "/classes" and delete "Ann"', (Go("/classes"), Press(("delete", "remove"), within="Ann"))),
    (
        'Log in as "ann" with password "{{secret:pw}}", press Enter',
        (Fill("ann", field="username"), Fill("{{secret:pw}}", field="password"), Submit(("login", "log in", "sign in")), Key("Enter")),
    ),
    (
        'Fill "Name" with "Ann", select "Tuesday" in "Day", press "Go"',
        (Fill("Ann", field="Name"), Choose(("Tuesday",), field="Day"), Press(("Go",))),
    ),
    ('Switch to the "Settings" tab', (Press(("Settings",), "tab"),)),
    ("Press save and read the total as amount", (Press(("save",)), ReadOut("total", "amount"))),
    ('Type "Eden" into the "Child" field and press Send', (Fill("Eden", field="Child"), Press(("Send",)))),
    ("Fill in the email with", ()),
    (
        'Enter the username "ann" and the password "pw" into the text fields and press login.',
        (Fill("ann", field="username"), Fill("pw", field="password"), Submit(("login",))),
    ),
    (
        'Log in with username "ann" and password {{secret:pw}}',
        (Fill("ann", field="username"), Fill("{{secret:pw}}", field="password"), Submit(("login", "log in", "sign in"))),
    ),
    ("Select Rome, Oslo and click Submit.", (Choose(("Rome", "Oslo")), Submit(("Submit",)))),
    ("Choose Oslo from the dropdown, then press Go", (Choose(("Oslo",)), Press(("Go",)))),
    ("Select 03/05/2016 as the date and hit submit.", (PickDate(2016, 3, 5), Submit(("submit",)))),
    ("Select File>Export>PDF", (Along(("File", "Export", "PDF")),)),
    ("Select 7 with the slider and hit Submit.", (Slide((7.0,)), Submit(("Submit",)))),
    (
        'Click the "Like" button on all posts by @ann and then click Submit.',
        (Press(("Like",), "button", within="@ann", many=0), Submit(("Submit",))),
    ),
    ('For the user @leo, click on the "Mute" button.', (Press(("Mute",), "button", within="@leo"),)),
    ("Buy the ticket with the cheapest cost.", (Compare("price", most=False),)),
    ('Enter an item that starts with "Ce" and ends with "lic".', (Complete("Ce", "lic"), Submit(optional=True))),
    ("Forward to Ann the email from Bob.", (Mail("forward", "Bob", to="Ann"),)),
    ("Please delete Bob's emails.", (Mail("delete", "Bob"),)),
    ("Drag Ann to the 3rd position.", (DragTo("Ann", "3rd"), Submit(optional=True))),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "wishes"), GOALS, ids=[goal for goal, _ in GOALS])
def test_a_goal_is_read_whole(goal: str, wishes: tuple[Wish, ...]) -> None:
    read = read_goal(goal, sends=True)

    if not wishes:
        assert isinstance(read, Refusal)
    else:
        assert read == wishes


@pytest.mark.parametrize(
    "goal",
    [
        "Find something nice for my aunt",
        "Click on the thing that suits best",
        'Press "Save" and enjoy the day',
        "Write a poem about the page and press Send",
        "Forward the email of Ann and Bob to Cleo",
    ],
)
def test_what_is_not_understood_is_refused_and_told(goal: str) -> None:
    read = read_goal(goal)

    assert isinstance(read, Refusal)
    assert read.reason


def test_a_form_is_sent_unasked_only_where_that_is_allowed() -> None:
    assert read_goal('Type "Ann" into "Name"') == (Fill("Ann", field="Name"),)
    assert read_goal('Type "Ann" into "Name"', sends=True) == (Fill("Ann", field="Name"), Submit(optional=True))


def test_clauses_part_at_verbs_only() -> None:
    parts, quotes = clauses('Pick salt, pepper and oil, then press "Buy, now" and wait')

    assert [(c.verb, c.unquote(c.rest)) for c in parts] == [
        ("choose", "salt, pepper and oil"),
        ("press", "Buy, now"),
        ("wait", ""),
    ]
    assert quotes == ("Buy, now",)


def test_an_apostrophe_opens_no_quote() -> None:
    parts, quotes = clauses("press Child's name")

    assert quotes == ()
    assert parts[0].rest == "Child's name"


@pytest.mark.parametrize(("text", "nth"), [("the 3rd one", 3), ("second", 2), ("the last word", -1), ("three", None)])
def test_ordinals(text: str, nth: int | None) -> None:
    assert ordinal(text) == nth


def test_likeness_ranks_the_same_above_the_alike_above_the_rest() -> None:
    ranked = [likeness("Save", said) for said in ("Save", "save", "Save all", "Delete")]

    assert ranked == sorted(ranked, reverse=True)
    assert ranked[0] == 1
    assert ranked[-1] == 0


def test_kin_words_share_a_stem() -> None:
    assert stem("directed") == stem("director")
    assert stem("date") == stem("dates")
