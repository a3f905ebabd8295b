"""What a step leaves behind that may be asked for again, and whether a page of today has it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from events.action import Action, Check, Click, Fill, Navigate, Press, Select, Target, Type, Wait
from events.indicators import (
    ElementState,
    ElementVisible,
    FieldValue,
    SuccessIndicator,
    TextGone,
    TextVisible,
    UrlContains,
)
from runner.page.view import View
from runner.replay.expecting import expectations, unmet
from tests.seeing import Part, box, button, field, link, page, part

SAVE = Target(role="button", name="Save", exact=True)


def at(url: str, *parts: Part) -> View:
    return replace(page(*parts), url=url)


def days(value: str = "") -> Part:
    return Part({**field("Day", type="select", value=value, chosen=[value]).told, "role": "combobox"})


def heading(text: str) -> Part:
    return part("h1", text, role="heading")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://site.test/classes", ["/classes"]),
        ("http://site.test/classes/17/register?token=abc&day=2", ["/classes", "/register"]),
        ("http://site.test/2026-11-23/9f8e7d6c5b4a", []),
        (f"http://site.test/{'k' * 60}/done", ["/done"]),
    ],
)
def test_after_another_page_its_address_and_heading_without_what_changes(url: str, expected: list[str]) -> None:
    found = expectations(Click(target=SAVE), page(button("Save")), at(url, heading("Thank you"), part("p", "17:05")))

    assert found == (
        *(UrlContains(value=part) for part in expected),
        ElementVisible(target=Target(role="heading", name="Thank you", exact=True)),
    )


def test_a_heading_with_a_number_in_it_is_not_expected() -> None:
    after = at("http://site.test/done", heading("Order 4711"), part("h2", "What comes next", role="heading"))

    assert expectations(Navigate(url="/done"), page(), after)[1:] == (
        ElementVisible(target=Target(role="heading", name="What comes next", exact=True)),
    )


NAME = Target(role="textbox", name="Name", exact=True)
DAY = Target(role="combobox", name="Day", exact=True)
TERMS = Target(role="checkbox", name="Terms", exact=True)


@pytest.mark.parametrize(
    ("action", "before", "after", "expected"),
    [
        (Fill(target=NAME, value="Mia"), field("Name"), field("Name", value="Mia"), FieldValue(target=NAME, value="Mia")),
        (Fill(target=NAME, value="Mia"), field("Name"), field("Name", value="M I A"), None),
        (Fill(target=NAME, value="{{secret:pin}}"), field("Name"), field("Name", value="1234"), None),
        (Fill(target=NAME, value="x"), field("Name", type="password"), field("Name", type="password", value="x"), None),
        (Type(target=NAME, value="Mia"), field("Name"), field("Name", value="Mia"), FieldValue(target=NAME, value="Mia")),
        (Check(target=TERMS), box("Terms"), box("Terms", checked=True), ElementState(target=TERMS, checked=True)),
        (Check(target=TERMS), box("Terms"), box("Terms"), None),
        (
            Select(target=DAY, option="tuesday"),
            days(),
            days("Tuesday"),
            FieldValue(target=DAY, value="tuesday"),
        ),
        (Click(target=TERMS), box("Terms"), box("Terms", checked=True), ElementState(target=TERMS, checked=True)),
        (Wait(), field("Name"), field("Name", value="Mia"), None),
    ],
)  # fmt: skip
def test_a_field_keeps_what_was_entered_unless_the_page_or_a_secret_forbids(
    action: Action, before: Part, after: Part, expected: SuccessIndicator | None
) -> None:
    assert expectations(action, page(before), page(after)) == (() if expected is None else (expected,))


def test_a_press_that_opens_something_leaves_it_open() -> None:
    more = Target(role="button", name="More", exact=True)
    before, after = page(button("More", expanded=False)), page(button("More", expanded=True))

    assert expectations(Click(target=more), before, after) == (ElementState(target=more, expanded=True),)


def test_typing_into_a_field_that_takes_it_leaves_it_empty_and_the_text_in_the_list() -> None:
    new = Target(placeholder="What?", exact=True)
    what = field(placeholder="What?")
    action = Type(target=new, value="buy milk", enter=True)

    assert expectations(action, page(what), page(what, part("label", "buy milk"))) == (
        FieldValue(target=new, value=""),
        ElementVisible(target=Target(text="buy milk", exact=True)),
    )


def test_what_came_and_went_is_told_and_what_stands_out_apart_from_data() -> None:
    before = page(heading("Are you sure?"), button("Save"), part("li", "Mia"), part("p", "2 left"), heading("Step 1"))
    after = page(heading("Done"), button("Save"), part("li", "Ben"), heading("Step 2"))

    assert set(expectations(Click(target=SAVE), before, after)) == {
        ElementVisible(target=Target(role="heading", name="Done", exact=True)),
        ElementVisible(target=Target(text="Ben", exact=True)),
        TextGone(value="Are you sure?"),
        TextGone(value="Mia", exact=True),
        TextGone(value="2 left", exact=True),
    }


def test_a_route_counts_where_nothing_else_tells() -> None:
    active = Target(role="link", name="Active", exact=True)
    before, after = at("http://s.test/#/", link("Active")), at("http://s.test/#/active", link("Active"))

    assert expectations(Click(target=active), before, after) == (UrlContains(value="/active"),)
    assert expectations(Press(key="Tab"), before, before) == ()


HERE = at(
    "http://site.test/my%20classes",
    heading("Enrol in Tadpoles"),
    part("p", "Mia is in"),
    part("li", "call Ben back"),
    field("Name", value="Mia  Lou"),
    days("Tuesday"),
    box("Terms", checked=True),
)


@pytest.mark.parametrize(
    ("expected", "trouble"),
    [
        (UrlContains(value="/my classes"), None),
        (UrlContains(value="/your"), 'the address is http://site.test/my%20classes, without "/your"'),
        (TextVisible(value="mia is"), None),
        (TextVisible(value="Ben is"), 'the page does not show "Ben is"'),
        (TextGone(value="Ben is"), None),
        (TextGone(value="call Ben"), 'the page shows "call Ben"'),
        (TextGone(value="call Ben", exact=True), None),
        (ElementVisible(target=Target(text="call Ben", exact=True)), 'the page does not show text "call Ben"'),
        (ElementVisible(target=Target(text="call Ben back", exact=True)), None),
        (ElementVisible(target=Target(role="heading", name="Register for Tadpoles", exact=True)), None),
        (
            ElementVisible(target=Target(role="heading", name="Register for Minnows", exact=True)),
            'the page does not show heading "Register for Minnows"',
        ),
        (FieldValue(target=NAME, value="Mia Lou"), None),
        (FieldValue(target=NAME, value="Ben"), '"Name" does not hold what was entered'),
        (FieldValue(target=NAME, value=""), '"Name" is not empty'),
        (FieldValue(target=Target(label="Age"), value="7"), '0 fields are "Age"'),
        (FieldValue(target=Target(label="Age"), value=""), None),
        (FieldValue(target=Target(role="textbox", name="First name"), value="Mia Lou"), None),
        (FieldValue(target=Target(label="Day"), value="tuesday"), None),
        (ElementState(target=TERMS, checked=True), None),
        (ElementState(target=TERMS, checked=False), '"Terms" should be not checked'),
        (ElementState(target=Target(label="More"), expanded=True), '0 elements are "More"'),
    ],
)  # fmt: skip
def test_what_is_expected_is_looked_for_on_the_page(expected: SuccessIndicator, trouble: str | None) -> None:
    assert unmet([UrlContains(value="site.test"), expected], HERE) == trouble
