"""The registration form says what is wrong with it."""

import pytest

from demo.site.form import Filled, problems, read_form
from demo.site.timetable import CLASSES

DOLPHINS = CLASSES["dolphins"]
PLACES = {"Tuesday": 2, "Thursday": 0, "Saturday": 1}
RIGHT = {"child": " Eden ", "age": "7", "email": "parent@example.org", "day": "Tuesday"}


def test_a_complete_form_has_no_problems() -> None:
    filled = read_form(RIGHT)
    assert filled == Filled("Eden", "7", "parent@example.org", "Tuesday")
    assert problems(filled, DOLPHINS, PLACES) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"child": " "}, "name"),
        ({"age": ""}, "age in years"),
        ({"age": "seven"}, "age in years"),
        ({"age": "9"}, "ages 6 to 8"),
        ({"email": "@"}, "email"),
        ({"day": "Monday"}, "choose a day"),
        ({"day": "Thursday"}, "full on Thursday"),
    ],
)
def test_each_problem_is_said(change: dict[str, str], said: str) -> None:
    found = problems(read_form({**RIGHT, **change}), DOLPHINS, PLACES)
    assert len(found) == 1
    assert said in found[0]
