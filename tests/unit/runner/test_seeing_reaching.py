"""Goals in their own words, on pages written by hand: what is pressed, what is filled in, and what is refused and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from runner.page.acts import PageAct, Pick, Push, Put, Tick
from runner.page.view import View
from runner.planners.seeing import Deed, Done, Next, Refusal, decide, wishes_of
from tests.seeing import Part, box, button, choice, field, form, group, link, page, part

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


def refusal(goal: str, given: Mapping[str, Any], *views: View, secrets: Sequence[str] = ()) -> str:
    """Why it gives up, waiting for a page to come first."""
    wishes = wishes_of(goal, given, secrets)
    if isinstance(wishes, Refusal):
        return wishes.reason
    said, seen = advice(goal, given, views, secrets), list(views)
    for _ in range(12):
        if not (isinstance(said, Next) and said.is_wait):
            break
        seen.append(seen[-1])
        said = advice(goal, given, seen, secrets)
    assert isinstance(said, Refusal), said
    return said.reason


def sign_up(*more: Part, **values: str) -> View:
    return page(
        TITLE,
        form(
            1,
            field("Name of the child", attr="kid", value=values.get("child", ""), missing="child" not in values),
            choice("Day", "Tuesday", "Thursday", chosen=[values.get("day", "")], missing="day" not in values),
            *more,
            button("Register"),
            button("Cancel"),
        ),
        title="Register",
    )


def row(*said: str, control: Part) -> Part:
    return group(*(part("td", text) for text in said), control)


def test_a_form_gets_each_input_once_and_is_sent_by_the_verb() -> None:
    assert act(SWIM, EDEN, sign_up()) == (Put("e3", "Eden"), "Name of the child")
    assert act(SWIM, EDEN, sign_up(child="Eden")) == (Pick("e4", ("Tuesday",)), "Day")
    assert act(SWIM, EDEN, sign_up(child="Eden", day="Tuesday")) == (Push("e5"), "Register")


def test_sent_and_answered_is_done() -> None:
    answer = page(part("h1", "Thank you", role="heading"), part("p", "See you soon"), url="http://site.test/done")

    assert advice(SWIM, EDEN, [sign_up(child="Eden", day="Tuesday"), answer]) == Done()


def test_a_complaint_is_told_in_the_words_of_the_page() -> None:
    full = sign_up(child="Eden", day="Tuesday")
    wrong = page(TITLE, part("p", "Tuesday is full.", role="alert"), form(1, field("Name"), button("Register")))

    assert refusal(SWIM, EDEN, full, wrong) == "the page says: Tuesday is full."


def test_no_answer_is_no_success() -> None:
    assert "nothing happened" in refusal(SWIM, EDEN, *[sign_up(child="Eden", day="Tuesday")] * 2)


def test_a_form_that_came_back_is_not_sent_again() -> None:
    full = sign_up(child="Eden", day="Tuesday")
    again = sign_up(part("p", "New here"), child="Eden", day="Tuesday")

    assert not isinstance(advice(SWIM, EDEN, [full, again]), Next)


def test_a_field_that_nothing_fills_is_named_before_anything_is_touched() -> None:
    view = sign_up(field("Date of birth", missing=True), field("Nickname"))

    assert refusal(SWIM, EDEN, view) == "the page asks for 'Date of birth'; give inputs named like that"


def test_an_input_that_no_field_takes_is_named() -> None:
    assert "takes 'size'" in refusal(SWIM, {**EDEN, "size": "XL"}, sign_up())


def test_a_day_that_is_not_offered_is_told() -> None:
    assert "does not offer 'Sunday'" in refusal("Register Eden for Sunday", {**EDEN, "day": "Sunday"}, sign_up())
    shut = sign_up(choice("Lane", "One", missing=False))
    assert refusal(SWIM, {**EDEN, "lane": "Nine"}, shut).startswith("'Lane' does not offer 'Nine'")


def test_a_day_of_the_goal_that_nothing_takes_is_not_dropped() -> None:
    assert "Tuesday" in refusal(SWIM, {"child": "Eden", "day": "Thursday"}, sign_up())


def test_a_goal_about_something_else_is_not_reached_here() -> None:
    assert "about 'ballet'" in refusal("Register Eden for Tuesday ballet", EDEN, sign_up())


@pytest.mark.parametrize("goal", [SWIM, "Book Eden a place on Tuesday", "Order Tuesday for Eden"])
def test_an_opposite_verb_is_never_pressed(goal: str) -> None:
    told = form(1, field("Child"), choice("Day", "Tuesday"), button("Cancel registration"))

    assert "'Cancel registration'" in refusal(goal, EDEN, page(TITLE, told))


def test_terms_are_agreed_to_only_where_the_goal_says_so() -> None:
    terms = box("I agree to the terms", missing=True)
    full = sign_up(terms, child="Eden", day="Tuesday")

    assert "'I agree to the terms' ticked" in refusal(SWIM, EDEN, full)
    assert act(f"{SWIM} and agree to the terms", EDEN, full) == (Tick("e5"), "I agree to the terms")
    assert act(SWIM, {**EDEN, "terms": True}, full)[0] == Tick("e5")


def test_two_fields_that_fit_as_well_are_no_choice() -> None:
    view = page(TITLE, form(1, field("First child"), field("Second child"), button("Register")), title="Register")

    assert "'First child' and 'Second child' could both take" in refusal("Register Eden", {"child": "Eden"}, view)


def test_a_repeated_field_gets_the_same_again() -> None:
    def letter(first: str) -> View:
        return page(
            TITLE, form(1, field("Email", value=first), field("Repeat email", missing=True), button("Subscribe"))
        )

    assert act("Subscribe", {"email": "a@b.org"}, letter("a@b.org")) == (Put("e4", "a@b.org"), "Repeat email")


def test_radio_buttons_and_days_take_values_by_what_they_offer() -> None:
    days = [box(day, "radio", attr="d", missing=True) for day in ("Tuesday", "Thursday")]
    view = page(TITLE, form(1, *days, field("Child", value="Eden"), button("Enrol")), title="Enrol")
    dated = page(TITLE, form(1, field("Starts on", type="date", attr="start"), button("Enrol")), title="Enrol")

    assert act(SWIM, EDEN, view) == (Tick("e3"), "Tuesday")
    assert act("Enrol", {"start": "01/04/2027"}, dated)[0] == Put("e3", "2027-01-04")


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


def test_the_link_that_leads_there_most_clearly_is_followed() -> None:
    nav = [link(name, href=f"/{name}") for name in ("Home", "Swimming classes", "My registrations", "Contact")]

    assert act(SWIM, EDEN, page(*nav))[1] == "Swimming classes"
    assert act("Cancel Eden's Tuesday swimming", EDEN, page(*nav))[1] == "My registrations"
    assert refusal(SWIM, EDEN, page(link("Home", href="/home"))).startswith("nothing on this page leads to 'register'")


def test_two_links_that_lead_as_clearly_are_named() -> None:
    view = page(link("Swimming for all", href="/a"), link("Swimming indoors", href="/b"))

    assert "'Swimming for all' and 'Swimming indoors'" in refusal(SWIM, EDEN, view)


def test_no_page_is_gone_back_to() -> None:
    here = page(link("Swimming classes", href="/swim"))
    there = page(TITLE, link("Swimming home", href="/"), url="http://site.test/swim")

    assert refusal(SWIM, EDEN, here, there)


def test_other_sites_are_not_gone_to() -> None:
    assert refusal(SWIM, EDEN, page(link("Register for swimming", href="http://else.test/")))


def door(**values: str) -> View:
    return page(
        part("h1", "Log in", role="heading"),
        link("Register", href="/new"),
        form(1, field("Member", value=values.get("name", "")), field("Password", type="password", value=values.get("word", "")), button("Log in")),
    )  # fmt: skip


def test_a_login_takes_secrets_by_reference() -> None:
    names = ["user", "password"]

    assert act(SWIM, EDEN, door(), secrets=names)[0] == Put("e4", "{{secret:user}}")
    assert act(SWIM, EDEN, door(), door(name="parent"), secrets=names)[0] == Put("e5", "{{secret:password}}")
    full = door(name="parent", word="****")
    assert act(SWIM, EDEN, door(), door(name="parent"), full, secrets=names)[1] == "Log in"
    assert (
        refusal(SWIM, EDEN, door(), door(name="parent"), full, door(), secrets=names)
        == "the page asks for a login once more"
    )


def test_a_login_without_secrets_is_refused() -> None:
    assert refusal(SWIM, EDEN, door()).startswith("the page asks for a login")
    assert "'username'" in refusal(SWIM, EDEN, door(), secrets=["password"])


def test_a_basket_is_filled_once_then_ordered() -> None:
    def shop(*more: Part) -> View:
        goods = [
            row(name, control=form(n, field("Quantity", value="3", attr="qty"), button("Add to basket")))
            for n, name in enumerate(("Mug", "Flag"), 1)
        ]
        return page(part("h1", "Shop", role="heading"), *goods, *more)  # fmt: skip

    goal, given = "Order 3 mugs", {"quantity": 3}
    before, after = shop(), shop(link("Basket (3)", href="/basket"))
    till = page(
        part("h1", "Basket", role="heading"),
        form(1, button("Place order")),
        button("Empty basket"),
        url="http://site.test/basket",
    )

    assert act(goal, given, before)[0] == Push("e6")
    assert act(goal, given, before, after)[1] == "Basket (3)"
    assert act(goal, given, before, after, till)[1] == "Place order"


def test_a_notice_over_the_page_is_put_away() -> None:
    notice = part(
        "div",
        "",
        part("p", "We use cookies"),
        button("Accept all"),
        button("Only necessary"),
        role="dialog",
        press=False,
        field=False,
    )
    view = page(part("h1", "Hi", role="heading"), link("Swimming classes", href="/swim", covered=True), notice)

    assert act(SWIM, EDEN, view)[1] == "Only necessary"


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
