"""Goals in their own words: the form that fits, what it lacks, the links and logins on the way; pages written by hand."""

from __future__ import annotations

import pytest

from runner.page.acts import Pick, Push, Put, Tick
from runner.page.view import View
from runner.planners.seeing import Done, Next
from tests.reached import EDEN, SWIM, TITLE, act, advice, refusal, row
from tests.seeing import Part, box, button, choice, field, form, link, page, part


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


def test_a_login_that_is_asked_for_instead_of_an_answer_is_no_success() -> None:
    assert "asks for a login after 'Register'" in refusal(SWIM, EDEN, sign_up(child="Eden", day="Tuesday"), door())


def test_pages_of_a_wizard_may_look_alike_inside() -> None:
    def step(nth: int, name: str, value: str = "") -> View:
        asked = form(1, field(name, value=value, missing=not value), button("Next" if nth < 4 else "Apply"))
        return page(part("h1", f"Apply, step {nth}", role="heading"), asked, url=f"http://site.test/{nth}")

    names = ["Name", "Town", "Street", "House"]
    given = {name.lower(): f"my {name}" for name in names}
    views = [step(nth, name, value) for nth, name in enumerate(names, 1) for value in ("", f"my {name}")]

    assert act("Apply", given, *views[:-1])[0] == Put("e3", "my House")
    assert "'permit'" in refusal("Apply for a permit", given, *views[:-1])
    assert act("Apply", given, *views)[1] == "Apply"


def test_a_box_for_news_is_not_the_form_that_is_looked_for() -> None:
    news = form(9, field("Email", missing=True), button("Sign up"))
    given = {**EDEN, "email": "a@b.org"}

    assert act(SWIM, given, page(TITLE, link("Swimming classes", href="/swim"), news))[1] == "Swimming classes"
    assert (
        act(
            SWIM,
            given,
            page(TITLE, row("Tuesday", control=button("Register")), row("Friday", control=button("Register")), news),
        )[1]
        == "Register"
    )
    both = page(
        TITLE,
        form(1, field("Child"), choice("Day", "Tuesday"), field("Email"), button("Register")),
        news,
        title="Register",
    )
    assert act(SWIM, given, both) == (Put("e3", "Eden"), "Child")
