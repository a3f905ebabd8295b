"""Goals in their own words where many rows offer the same: only the one that says all that is given is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from runner.page.acts import Pick, Push
from runner.page.view import View
from runner.planners.seeing import Done
from tests.reached import EDEN, SWIM, TITLE, act, advice, ending, refusal, row
from tests.seeing import button, choice, form, group, link, page, part

LESSONS = [("Seals", "Tuesday"), ("Otters", "Thursday"), ("Seals", "Thursday")]


def lessons(name: str = "Register", **told: Any) -> View:
    return page(TITLE, *(row(*said, control=button(name, **told)) for said in LESSONS))


def test_the_row_that_says_all_values_is_meant() -> None:
    given = {"class": "Seals", "day": "Thursday"}

    assert act("Register for Thursday swimming", given, lessons())[0] == Push("e13")
    assert act("Register for Tuesday swimming", {"day": "Tuesday"}, lessons())[0] == Push("e5")


def test_two_rows_that_fit_are_named() -> None:
    said = refusal("Register for Thursday swimming", {"day": "Thursday"}, lessons())

    assert said == "'Register (Otters)' and 'Register (Seals)' both fit; give an input that tells them apart"


def test_no_row_of_that_day_is_told() -> None:
    assert refusal("Register for Sunday swimming", {"day": "Sunday"}, lessons()) == "no row here says 'Sunday'"


def test_the_row_that_fits_may_have_nothing_to_press() -> None:
    view = page(
        TITLE,
        group(row("Crabs", control=part("td", "full")), *(row(*said, control=button("Book")) for said in LESSONS)),
    )

    assert refusal("Book Crabs", {}, view) == "the row of 'Crabs' cannot be chosen"


def test_ages_decide_between_rows() -> None:
    rows = [
        group(part("p", f"Ages {ages}"), link("Register", href=f"/{n}")) for n, ages in enumerate(("3 to 5", "6 to 8"))
    ]

    assert act("Register for swimming", {"age": 7}, page(TITLE, *rows))[0] == Push("e7")


def test_what_is_final_waits_for_every_input() -> None:
    assert "would be final" in refusal(SWIM, EDEN, lessons(posts=True))
    assert act(SWIM, EDEN, lessons())[0] == Push("e5")  # may open a form


def test_a_press_that_leaves_an_input_over_is_no_success() -> None:
    after = page(TITLE, part("p", "You are registered"), url="http://site.test/done")

    assert "'child'" in refusal(SWIM, EDEN, lessons(), after)


BOOKINGS = [("Eden", "Tuesday"), ("Eden", "Thursday"), ("Noa", "Tuesday")]


def bookings(*names: str) -> View:
    return page(TITLE, *(row(*said, control=group(*(button(name, posts=True) for name in names))) for said in BOOKINGS))


@pytest.mark.parametrize(
    ("goal", "given", "nth"),
    [("Cancel Eden's Tuesday swimming", EDEN, 0), ("Cancel Eden's Thursday swimming", {}, 1), ("Cancel Noa's lesson", {"child": "Noa"}, 2)],
)  # fmt: skip
def test_only_the_very_one_is_cancelled(goal: str, given: Mapping[str, str], nth: int) -> None:
    view = bookings("Register again", "Cancel")
    cancels = [e.id for e in view if e.own == "Cancel"]

    assert act(goal, given, view)[0] == Push(cancels[nth])


@pytest.mark.parametrize("goal", ["Cancel Eden's swimming", "Cancel Noa's Thursday swimming", "Cancel Ida's swimming"])
def test_nothing_is_cancelled_that_is_not_sure(goal: str) -> None:
    assert refusal(goal, {}, bookings("Cancel"))


def test_the_last_booking_is_not_cancelled_for_lack_of_others() -> None:
    view = page(TITLE, row("Eden", "Thursday", control=button("Cancel", posts=True)))

    assert "'Tuesday'" in refusal("Cancel Eden's Tuesday swimming", {}, view)


def test_are_you_sure_is_answered_by_yes_and_not_by_cancel() -> None:
    asked = part("div", "", part("p", "Sure?"), button("Cancel"), button("OK"), role="dialog", press=False, field=False)
    before = bookings("Cancel")
    view = page(
        TITLE, *(row(*said, control=group(button("Cancel", posts=True))) for said in BOOKINGS), asked, before=before
    )

    assert act("Cancel Eden's Tuesday swimming", EDEN, before, view)[1] == "OK"


def test_what_remains_after_cancelling_is_left_alone() -> None:
    before = bookings("Cancel")
    after = page(TITLE, row("Noa", "Tuesday", control=group(button("Cancel", posts=True))), before=before)

    assert advice("Cancel Eden's Tuesday swimming", EDEN, [before, after]) == Done()


def test_the_value_that_shall_hold_goes_into_the_form() -> None:
    goal, given = "Change Eden's day from Tuesday to Thursday", {"child": "Eden", "day": "Thursday"}
    view = page(TITLE, *(row(*said, control=link("Change", href=f"/{n}")) for n, said in enumerate(BOOKINGS)))
    edit = page(part("h1", "Change", role="heading"), form(1, choice("Day", "Tuesday", "Thursday", chosen=["Tuesday"]), button("Save")),
                url="http://site.test/0")  # fmt: skip

    assert act(goal, given, view)[0] == Push(next(e.id for e in view if e.href == "/0"))
    assert act(goal, given, view, edit)[0] == Pick("e3", ("Thursday",))


@pytest.mark.parametrize(("said", "nth"), [("Tue 16:00", 0), ("Tuesdays at four", 0), ("Thu 16:00", 1)])
def test_days_are_read_as_people_write_them(said: str, nth: int) -> None:
    shown = [said, "Wed 16:00"] if not nth else ["Wed 16:00", said]
    view = page(TITLE, *(row(text, control=button("Book")) for text in shown))
    day = "Thursday" if nth else "Tuesday"

    assert act(f"Book {day} swimming", {}, view)[0] == Push("e7" if nth else "e4")


def test_dates_are_read_as_people_write_them() -> None:
    rows = [row(text, control=button("Reserve")) for text in ("24 December 2026", "Dec 25, 2026")]

    assert act("Reserve a lane for 2026-12-25", {}, page(part("p", "Lanes"), *rows))[0] == Push("e7")


def test_details_are_looked_at_in_the_row_that_fits() -> None:
    view = page(TITLE, *(row(*said, control=link("Details", href=f"/{n}")) for n, said in enumerate(LESSONS)))

    assert act(SWIM, EDEN, view)[0] == Push("e5")
    assert "no" in refusal("Register Eden for Friday swimming", {"day": "Friday"}, view)


def test_an_act_tells_which_inputs_decided_between_rows() -> None:
    rows = [
        group(part("p", f"{day}, ages {ages}"), button("Register"))
        for day, ages in (("Tuesday", "3 to 5"), ("Tuesday", "6 to 8"))
    ]
    said = advice("Register for swimming", {"day": "Tuesday", "age": 7, "child": "Ann"}, [page(TITLE, *rows)])

    assert said.depends == ("day", "age")


CRAFTS = [("Ann", "Pottery"), ("Ann", "Weaving"), ("Ben", "Pottery")]


def crafts(*which: int, before: View | None = None) -> View:
    return page(
        part("h1", "Bookings", role="heading"),
        *(row(*CRAFTS[n], control=button("Cancel")) for n in which),
        before=before,
    )


def test_one_is_cancelled_and_no_second() -> None:
    goal, before = "Cancel Ann's weaving", crafts(0, 1, 2)
    after = crafts(0, 2, before=before)

    assert act(goal, {}, before)[0] == Push("e9")
    assert ending(goal, {}, before, after) == Done()


@pytest.mark.parametrize("which", [(0, 2), (0,), (2,)])
def test_what_is_not_there_is_not_cancelled(which: tuple[int, ...]) -> None:
    assert refusal("Cancel Ann's weaving", {}, crafts(*which))


def test_another_topic_is_followed_and_not_mistaken_for_this_one() -> None:
    ballet = link("Ballet", href="/ballet")

    assert (
        act(
            "Register for Tuesday ballet",
            {"day": "Tuesday"},
            page(TITLE, ballet, *(row(*said, control=button("Register")) for said in LESSONS)),
        )[1]
        == "Ballet"
    )
