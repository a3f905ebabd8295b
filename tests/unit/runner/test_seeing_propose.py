"""What the planner of rules does on pages written by hand, and where it refuses to guess."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runner.page.acts import Await, PageAct, Pick, Point, Push, Put, Read, Scroll, Strike, Tick
from runner.page.view import View
from runner.planners.seeing import Deed, Done, Next, Refusal, propose
from tests.seeing import box, button, field, group, icon, link, page, part

LOGIN = page(field("Username"), field("Password", type="password"), button("Log in"))


def act(goal: str, view: View, history: Sequence[Deed] = ()) -> tuple[PageAct, str]:
    """The act proposed, and what it is done to."""
    advice = propose(goal, view, history)
    assert isinstance(advice, Next), advice
    element = view.get(getattr(advice.act, "element", ""))
    return advice.act, element.said or element.tokens if element else ""


def refusal(goal: str, view: View, history: Sequence[Deed] = ()) -> str:
    advice = propose(goal, view, history)
    assert isinstance(advice, Refusal), advice
    return advice.reason


def after(goal: str, view: View, history: Sequence[Deed] = ()) -> tuple[Deed, ...]:
    """The history once the next act was carried out."""
    advice = propose(goal, view, history)
    assert isinstance(advice, Next), advice
    return (*history, Deed.of(advice, view))


def test_a_button_is_pressed_by_its_name_and_then_all_is_done() -> None:
    view = page(button("Cancel"), button("Save"), link("Save as"))

    assert act('Click the "Save" button', view)[1] == "Save"
    assert propose('Click the "Save" button', view, after('Click the "Save" button', view)) == Done()


def test_two_of_one_name_are_a_reason_to_stop() -> None:
    assert "2 elements" in refusal('Click the "Delete" button', page(button("Delete"), button("Delete")))


def test_a_row_tells_two_of_one_name_apart() -> None:
    view = page(*(group(part("span", name), icon("trash")) for name in ("Ann", "Bob")))
    advice = propose("For the user Bob, click the trash icon", view)

    assert isinstance(advice, Next)
    assert advice.act == Push(next(e.id for e in reversed(view.elements) if e.tokens == "trash"))


def test_case_decides_between_like_names() -> None:
    assert act('Click on the "ok" button', page(button("OK"), button("ok")))[1] == "ok"


def test_a_login_goes_field_by_field_and_is_sent() -> None:
    goal = 'Enter the username "ann" and the password "{{secret:pw}}" into the text fields and press login'
    history = after(goal, LOGIN)

    assert isinstance(history[0].act, Put)
    assert history[0].act.value == "ann"
    filled = page(field("Username", value="ann"), field("Password", type="password"), button("Log in"), before=LOGIN)
    second, name = act(goal, filled, history)
    assert (name, getattr(second, "value", "")) == ("Password", "{{secret:pw}}")


def test_a_secret_is_entered_once() -> None:
    goal = 'Log in with username "ann" and password {{secret:pw}}'
    history = after(goal, LOGIN)
    named = page(field("Username", value="ann"), field("Password", type="password"), button("Log in"), before=LOGIN)
    history = after(goal, named, history)
    full = page(
        field("Username", value="ann"), field("Password", type="password", value="****"), button("Log in"), before=named
    )  # fmt: skip

    assert act(goal, full, history)[1] == "Log in"


def test_no_field_of_that_name_is_told() -> None:
    assert "called 'Colour'" in refusal('Type "red" into "Colour"', LOGIN)


def test_a_list_is_set_like_a_field() -> None:
    view = page(
        part("select", role="combobox", field=True, type="select", label="Day", options=["Mon", "Tue"], chosen=["Mon"])
    )

    assert act('set "Day" to "Tue"', view)[0] == Pick("e1", ("Tue",))


def test_a_site_that_asks_for_the_mail_address_gets_the_name_to_log_in_with() -> None:
    view = page(field("E-mail"), field("Password", type="password"), button("Log in"))

    assert act('Log in as "ann@site.test" with password "x"', view)[1] == "E-mail"


def test_boxes_are_ticked_and_left_when_they_are() -> None:
    view = page(box("Rome", checked=True), box("Oslo"), box("Bern"), button("Submit"))

    assert act("Select Rome, Bern and click Submit", view) == (Tick(view.elements[2].id), "Bern")


def test_options_of_a_list_are_picked() -> None:
    view = page(part("select", role="combobox", field=True, type="select", options=["", "Oslo", "Rome"], chosen=[""]))

    assert act("Choose Rome from the list", view)[0] == Pick(view.elements[0].id, ("Rome",))


def test_a_link_behind_a_tab_is_looked_for() -> None:
    tabs = [part("li", f"Tab {n}", role="tab", press=True, selected=n == 1) for n in (1, 2)]

    assert act('Switch between the tabs to find and click on the link "news"', page(*tabs, link("other")))[1] == "Tab 2"


def test_the_next_page_is_turned_to_and_not_forever() -> None:
    view = page(link("first"), link(">"))
    goal = 'Find and click on the link "news"'
    history = after(goal, view)

    assert act(goal, view)[1] == ">"
    assert refusal(goal, page(link("first"), link(">"), before=view), history)


def test_search_results_are_counted_over_pages() -> None:
    results = [group(link(name)) for name in ("one", "two", "three")]
    view = page(*results, link(">"), link("1"), link("2"))

    assert act("Find and click the 2nd search result", view)[1] == "two"
    assert act("Find and click the 5th search result", view)[1] == ">"


def test_a_sum_is_worked_out() -> None:
    view = page(part("p", "x - 4 = 9"), field(), button("Submit"))

    assert act("Solve for x and type your answer into the textbox. Press Submit when done.", view)[0] == Put("e2", "13")


def test_a_table_is_read() -> None:
    rows = [
        group(part("td", key, role="cell"), part("td", value, role="cell"))
        for key, value in (("Tone", "warm"), ("Size", "9"))
    ]
    view = page(group(*rows), field(), button("Submit"))

    act_done, _ = act("Enter the value of Size into the text field and press Submit.", view)
    assert getattr(act_done, "value", "") == "9"


def test_what_covers_the_fields_is_closed_first_and_not_agreed_to() -> None:
    before = page(field("Name"), button("Send"))
    view = page(
        field("Name", covered=True), button("Send", covered=True), group(part("p", "Leave the page?"), button("OK"), button("Cancel")),
        before=before,
    )  # fmt: skip
    goal = 'Type "Ann" into "Name" and press Send'

    assert act(goal, view, after(goal, before))[1] == "Cancel"


def test_what_the_page_says_is_read_out() -> None:
    rows = [group(part("td", key), part("td", value)) for key, value in (("Price", "$9"), ("Size", "9"))]

    assert act("Read the price", page(group(*rows)))[0] == Read("e4", "price")
    assert "does not say" in refusal("Read the colour", page(group(*rows)))


def test_pointing_presses_nothing() -> None:
    assert act('Hover over "Menu"', page(button("Menu")))[0] == Point("e1")


def test_a_slider_is_moved_by_as_many_keys_as_its_reading_asks() -> None:
    view = page(group(icon("ui-slider-handle"), part("div", "-2")), button("Submit"))

    assert act("Select 3 with the slider and hit Submit", view)[0] == Strike("e2", "ArrowRight", 5)


def test_the_cheapest_row_stands_out() -> None:
    view = page(*(group(group(button(f"Book for ${price}", tokens="buy"))) for price in (390, 120, 897)))

    assert act("Buy the ticket with the cheapest cost", view)[1] == "Book for $120"


def test_two_cheapest_are_no_choice() -> None:
    view = page(*(group(button(f"Book for ${price}", tokens="buy")) for price in (120, 120)))

    assert refusal("Buy the ticket with the cheapest cost", view) == "two are equal"


def test_mail_is_answered_by_sender() -> None:
    view = page(*(group(part("div", name, press=True)) for name in ("Ann", "Bob")))

    assert act('Find the email by Bob and reply to them with the text "Thanks."', view)[1] == "Bob"
    assert refusal("Find the email by Cleo and click the star icon", view) == "0 messages of Cleo"


def test_a_text_is_scrolled() -> None:
    view = page(part("textarea", field=True, type="textarea", value="a b c", scroll=[0, 400, 100]))

    assert act("Scroll the textarea to the bottom", view)[0] == Scroll("e1", "bottom")


def test_proposals_are_waited_for_then_told_missing() -> None:
    goal = 'Enter an item that starts with "Ce"'
    view = page(field("Tags"), button("Submit"))
    history = after(goal, view)
    for _ in range(4):
        assert isinstance(act(goal, view, history)[0], Await)
        history = after(goal, view, history)
    assert refusal(goal, view, history) == "a proposal did not come"


@pytest.mark.parametrize("words", ["submit", "Submit"])
def test_a_form_with_one_button_is_sent_by_it(words: str) -> None:
    assert act(f"Select nothing and click {words}", page(box("Rome"), button("Go!")))[1] == "Go!"
