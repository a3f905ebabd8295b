"""Actions in words, and which of them can be taken back."""

import pytest

from events.action import Action, Check, Click, Extract, Fill, Navigate, Press, Select, Target, WaitFor
from runner.wording import closest, describe, is_irreversible

BUTTON = Target(role="button", name="Register")
DAY = Target(label="Day")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Navigate(url="/classes"), "open /classes"),
        (Click(target=BUTTON), 'click button "Register"'),
        (Click(target=Target(text="Book", within="Tuesday", nth=1)), 'click element "Book" (number 2) in "Tuesday"'),
        (Fill(target=DAY, value="{{secret:x}}"), 'fill field "Day" with "{{secret:x}}"'),
        (Select(target=DAY, option="Tue"), 'select "Tue" in field "Day"'),
        (Check(target=DAY, checked=False), 'uncheck field "Day"'),
        (Press(key="Enter"), "press Enter"),
        (Press(key="Enter", target=DAY), 'press Enter in field "Day"'),
        (WaitFor(target=Target(css="#x")), "wait for element #x"),
        (Extract(target=Target(test_id="no"), key="number"), 'read element "no" as "number"'),
    ],
)
def test_descriptions(action: Action, words: str) -> None:
    assert describe(action) == words


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Click(target=BUTTON), True),
        (Click(target=Target(text="Place ORDER now")), True),
        (Click(target=Target(role="link", name="Order history")), False),
        (Click(target=Target(role="link", name="Next"), irreversible=True), True),
        (Click(target=Target(text="Bookings")), False),
        (Click(target=Target(css="#submit")), False),
        (Press(key="Enter"), False),
        (Press(key="Enter", irreversible=True), True),
        (Fill(target=DAY, value="submit"), False),
    ],
)
def test_irreversible(action: Action, expected: bool) -> None:
    assert is_irreversible(action) is expected


def test_the_closest_name_is_offered() -> None:
    offered = ["Monday 9:00", "Saturday 10:00", "Log out"]
    assert closest("Saturday night class", offered) == '; closest: "Saturday 10:00"'
    assert closest("saturday 10.00", offered) == '; closest: "Saturday 10:00"'


def test_nothing_close_lists_what_there_is() -> None:
    assert closest("xyz", ["One", "Two", "One", ""]) == '; the page offers: "One", "Two"'
    assert closest("xyz", [str(n) * 3 for n in range(9)]).endswith('"555", ...')
    assert closest("xyz", []) == ""
