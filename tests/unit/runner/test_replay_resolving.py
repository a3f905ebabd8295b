"""Where a recorded element is on a page of today, and when nobody can be sure."""

from __future__ import annotations

import pytest

from events.action import Action, Check, Click, Fill, Target
from events.indicators import ElementState, FieldValue
from events.paths import PathStep
from runner.page.bundle import bundle
from runner.page.view import View
from runner.replay.resolving import Found, Lost, healed, resolve
from tests.seeing import Part, box, button, field, group, icon, link, page, part


def recorded(view: View, place: int, *, irreversible: bool = False) -> PathStep:
    """A step on the control at this place of the page it was recorded on."""
    element = [e for e in view if e.press][place]
    locators = list(bundle(view, element))
    action: Action = Click(target=locators[0], irreversible=irreversible)
    if element.type == "checkbox":
        action = Check(target=locators[0])
    elif element.field:
        action = Fill(target=locators[0], value="Mia")
    return PathStep(action=action, locators=locators)


def found_on(
    then: View, now: View, *, place: int = 0, irreversible: bool = False, values: tuple[str, ...] | None = ()
) -> Found | Lost:
    step = recorded(then, place, irreversible=irreversible)
    return resolve(step, now, irreversible=irreversible, values=values)


def told(answer: Found | Lost) -> str:
    return f"{answer.element.said}{' (degraded)' if answer.degraded else ''}" if isinstance(answer, Found) else "lost"


def form(*parts: Part) -> View:
    """A form that goes to the site, its last part being its button."""
    *fields, last = parts
    return page(group(*fields, Part({**last.told, "role": "button", "press": True, "form": 1, "posts": True})))


SAVE = page(button("Save"), button("Help"))


def test_what_is_as_it_was_is_found_wherever_it_moved() -> None:
    now = page(part("h1", "News"), group(button("Help")), group(button("Save")))

    answer = found_on(SAVE, now)

    assert isinstance(answer, Found)
    assert (answer.element.name, answer.degraded, answer.how) == ("Save", False, "found by its role and name")
    assert answer.locators == bundle(now, answer.element)


@pytest.mark.parametrize("irreversible", [False, True])
def test_two_that_are_equally_good_are_none(irreversible: bool) -> None:
    now = page(button("Save"), button("Save"))

    answer = found_on(SAVE, now, irreversible=irreversible)

    assert answer == Lost('2 elements are button "Save", and nothing tells which of them is meant')


def test_twins_are_told_apart_by_what_lasts_and_not_by_where_they_stand() -> None:
    then = page(button("Save", attr="save"))

    assert told(found_on(then, page(button("Save"), button("Save", attr="save")))) == "Save"
    assert told(found_on(then, page(button("Save", attr="a"), button("Save", attr="b")))) == "lost"


@pytest.mark.parametrize(
    ("then", "now", "irreversible", "expected"),
    [
        ("Register", "Enrol", True, "Enrol (degraded)"),
        ("Register", "Send enrolment", True, "Send enrolment (degraded)"),
        ("Confirm registration", "Yes, enrol", True, "Yes, enrol (degraded)"),
        ("Cancel registration", "Withdraw", True, "Withdraw (degraded)"),
        ("Log in", "Sign in", False, "Sign in (degraded)"),
        ("Look it over", "Review", False, "Review (degraded)"),
        ("Look it over", "Review", True, "lost"),
        ("Register", "Cancel registration", False, "lost"),
        ("Register", "Delete", False, "lost"),
        ("Next", "Place order", False, "lost"),
        ("Next", "Back", False, "lost"),
        ("Register", "Print registration", True, "lost"),
        ("Register", "Join the waiting list", True, "lost"),
        ("Register for Tuesday", "Register for Thursday", False, "lost"),
        ("Choose 2 places", "Choose 3 places", False, "lost"),
        ("Enable", "Disable", False, "lost"),
        ("Register Mia", "Register Ben", False, "lost"),
        ("Register Mia", "Register", True, "lost"),
    ],
)
def test_a_button_with_another_name_at_its_place_in_its_form_is_the_same_only_if_it_may_be(
    then: str, now: str, irreversible: bool, expected: str
) -> None:
    before, after = (form(field("Child", attr="child"), part("button", name)) for name in (then, now))

    assert told(found_on(before, after, place=1, irreversible=irreversible, values=("Mia",))) == expected


def test_without_knowing_the_inputs_no_button_is_taken_for_one_of_another_name() -> None:
    then, now = form(part("button", "Choose Tadpoles")), form(part("button", "Pick Minnows"))

    assert told(found_on(then, now, values=("Tadpoles",))) == "lost"
    assert told(found_on(then, now, values=None)) == "lost"


def test_a_rival_that_announces_the_same_stops_what_cannot_be_taken_back() -> None:
    then = page(button("Register"), button("Help"))

    assert told(found_on(then, page(button("Enrol"), button("Help")), irreversible=True)) == "Enrol (degraded)"
    assert told(found_on(then, page(button("Enrol"), button("Enrol later")), irreversible=True)) == "lost"


def test_synonyms_elsewhere_are_too_little_unless_they_share_a_word() -> None:
    then = page(link("Register for Tadpoles"), link("Register for Minnows"), button("Cancel"))
    now = page(link("News"), link("Enrol in Minnows"), link("Enrol in Tadpoles"), button("Help"), button("Withdraw"))

    assert told(found_on(then, now)) == "Enrol in Tadpoles (degraded)"
    assert told(found_on(then, now, place=2)) == "lost"


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ("Show all results", "Show all the results", "Show all the results (degraded)"),
        ("Search catalogue", "Search catalogues", "Search catalogues (degraded)"),
        ("Save changes", "Save", "lost"),
        ("Martin Miller", "Martina Miller", "lost"),
        ("Room 12", "Room 13", "lost"),
        ("Subscribe", "Unsubscribe", "lost"),
    ],
)
def test_names_that_are_nearly_alike(then: str, now: str, expected: str) -> None:
    assert told(found_on(page(link(then)), page(part("h1", "New"), link("Other"), link(now)))) == expected


def test_two_names_that_are_nearly_alike_are_none() -> None:
    now = page(part("h1", "New"), link("Show the result list"), link("Show our result list"))

    assert told(found_on(page(link("Show result list")), now)) == "lost"


def test_a_field_is_found_by_its_name_attribute_when_its_label_is_reworded() -> None:
    then = page(field("Child's name", attr="child"), field("Age", attr="age"))
    now = page(field("Years old", attr="age"), field("Swimmer", attr="child"))

    assert told(found_on(then, now)) == "Swimmer (degraded)"
    assert told(found_on(then, now, place=1)) == "Years old (degraded)"


def test_a_field_at_the_place_of_another_one_is_not_filled() -> None:
    then = page(field("Email"))

    assert told(found_on(then, page(field("Phone")))) == "lost"
    assert told(found_on(page(field("From", attr="a")), page(field("To", attr="a")))) == "lost"


def test_a_loose_target_of_a_plan_does_not_loosen_what_was_recorded() -> None:
    exact = Target(role="button", name="Register", exact=True)
    step = PathStep(action=Click(target=Target(role="button", name="Register"), irreversible=True), locators=[exact])

    assert told(resolve(step, page(button("Register later")), irreversible=True)) == "lost"
    assert told(resolve(step, page(button("Register later"), button("Register")), irreversible=True)) == "Register"


def test_a_row_that_a_plan_named_holds_even_if_none_was_recorded() -> None:
    step = PathStep(
        action=Click(target=Target(role="button", name="Save", within="Mia")),
        locators=[Target(role="button", name="Save", exact=True)],
    )

    assert told(resolve(step, page(part("p", "Ben"), button("Save")), irreversible=False)) == "lost"


def test_the_act_must_be_possible() -> None:
    then = page(field("Day"))

    assert told(found_on(then, page(part("p", "Day"), button("Day"), field("Day", type="checkbox")))) == "lost"


def rows(*names: str, before: tuple[Part, ...] = ()) -> View:
    """A list, each entry with a box of no name."""
    items = (
        group(
            box("", css=f"ul > li:nth-of-type({n}) > input", path=[90, 91, 100 + n, 1]),
            part("label", name, css=f"ul > li:nth-of-type({n}) > label", path=[90, 91, 100 + n, 2]),
        )
        for n, name in enumerate(names)
    )
    return page(*before, *items)


TICK = PathStep(
    action=Check(target=Target(role="checkbox", within="call Ben", exact=True)),
    locators=[Target(role="checkbox", within="call Ben", exact=True), Target(css="ul > li:nth-of-type(0) > input")],
)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("call Ben", "call Ben back"), 100),
        (("call Ben back", "buy milk", "call Ben"), 102),
        (("call Ben",), 100),
        (("call Ben back", "buy milk"), None),
        (("call ben",), None),
        (("call Ben", "call Ben"), None),
        ((), None),
    ],
)
def test_the_row_that_says_it_and_no_other(names: tuple[str, ...], expected: int | None) -> None:
    answer = resolve(TICK, rows(*names), irreversible=False)

    assert (answer.element.path[3] if isinstance(answer, Found) else None) == expected


def test_a_box_for_all_rows_is_in_none_of_them() -> None:
    every = box("", css="section > input", path=[90, 89])
    now = page(every, part("label", "call Ben", css="section > ul > li > label", path=[90, 91, 100, 2]))

    assert told(resolve(TICK, now, irreversible=False)) == "lost"


def test_a_cell_beside_the_name_is_of_its_row() -> None:
    def cell(row: int, place: int, found: Part) -> Part:
        told = {
            "css": f"table > tr:nth-of-type({row}) > td:nth-of-type({place})",
            "box": [place * 90.0, row * 20.0, 80, 20],
        }
        return Part({**found.told, **told, "path": [5, 10 + row, 100 * row + place]})

    def table(*names: str) -> View:
        lines = [(part("td", name), part("td", "16:00"), button("Cancel")) for name in names]
        return page(*(cell(r, p, found) for r, line in enumerate(lines, 1) for p, found in enumerate(line, 1)))

    step = recorded(table("Ida", "Mia"), 1)
    assert step.locators[0].within == "Mia"

    answer = resolve(step, table("Mia", "Ben", "Ida"), irreversible=True)

    assert isinstance(answer, Found)
    assert answer.element.css == "table > tr:nth-of-type(1) > td:nth-of-type(3)"
    assert told(resolve(step, table("Ben"), irreversible=True)) == "lost"


def test_another_frame_is_another_page() -> None:
    step = PathStep(action=Click(target=Target(role="button", name="Save", exact=True, frame="pay")))

    assert told(resolve(step, SAVE, irreversible=False)) == "lost"


def test_what_says_nothing_is_found_where_it_stood_but_never_to_do_what_cannot_be_taken_back() -> None:
    then = page(icon("star"), icon("trash"))

    assert told(found_on(then, then)) == " (degraded)"
    assert told(found_on(then, then, irreversible=True)) == "lost"
    assert told(found_on(then, page(button("Delete all")))) == "lost"


def test_a_healed_step_expects_of_the_new_element_what_it_expected_of_the_old() -> None:
    then, now = page(field("Child's name", attr="child")), page(field("Swimmer", attr="child"))
    step = recorded(then, 0)
    kept = ElementState(target=Target(role="checkbox", name="Terms"), checked=True)
    step = step.model_copy(update={"expects": [FieldValue(target=step.locators[0], value="Mia"), kept]})
    answer = resolve(step, now, irreversible=False)
    assert isinstance(answer, Found)

    new = healed(step, answer)

    assert new.locators == list(answer.locators)
    assert new.action == Fill(target=Target(role="textbox", name="Swimmer", exact=True), value="Mia")
    assert new.expects == [FieldValue(target=answer.locators[0], value="Mia"), kept]


def test_a_step_without_an_element_has_none() -> None:
    assert isinstance(
        resolve(PathStep(action=Click(target=Target(css="#x")), locators=[]), SAVE, irreversible=False), Lost
    )
