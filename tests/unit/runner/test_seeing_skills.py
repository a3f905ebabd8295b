"""The rarer skills on pages written by hand: calendars, lists in order, shapes, comparisons that close in."""

from __future__ import annotations

from runner.page.acts import Drag, Push, Put, Strike
from runner.page.view import View
from runner.planners.seeing import Deed, Next, Refusal, propose
from tests.seeing import Part, button, field, group, icon, link, page, part


def step(goal: str, view: View, *history: Deed) -> Next:
    advice = propose(goal, view, history)
    assert isinstance(advice, Next), advice
    return advice


def deed(goal: str, view: View, *history: Deed) -> Deed:
    return Deed.of(step(goal, view, *history), view)


def calendar(month: str, year: str) -> tuple[Part, ...]:
    days = [link(str(day)) for day in range(1, 29)]
    return (group(part("span", month), part("span", year)), icon("prev", hint="Prev"), icon("next", hint="Next"), *days)


DATE = "Select 03/05/2016 as the date and hit submit."
DATED = field("Date", tokens="datepicker", readonly=True)


def test_a_field_for_days_is_typed_into() -> None:
    assert step(DATE, page(field("Day", type="date"), button("Submit"))).act == Put("e1", "2016-03-05")


def test_a_calendar_is_opened_turned_by_keys_and_picked_from() -> None:
    closed = page(DATED, button("Submit"))
    opened = deed(DATE, closed)
    december = page(DATED, button("Submit"), *calendar("December", "2016"), before=closed)
    turned = deed(DATE, december, opened)
    march = page(DATED, button("Submit"), *calendar("March", "2016"), before=december)
    picked = march.get(getattr(step(DATE, march, opened, turned).act, "element", ""))

    assert opened.act == Push("e1")
    assert turned.act == Strike("e1", "PageUp", 9)
    assert picked is not None
    assert picked.own == "5"


def test_where_keys_do_nothing_the_arrow_is_pressed() -> None:
    closed = page(DATED)
    december = page(DATED, *calendar("December", "2016"), before=closed)
    history = [deed(DATE, closed)]
    history.append(deed(DATE, december, *history))

    pressed = december.get(getattr(step(DATE, december, *history).act, "element", ""))
    assert pressed is not None
    assert pressed.tokens == "prev"


def test_a_list_is_sorted_by_dragging_what_is_out_of_place() -> None:
    goal = "Sort the numbers in increasing order, starting with the lowest number at the top of the list."
    view = page(*(part("li", str(n), drag=True) for n in (3, 1, 2)), button("Submit"))
    dragged = step(goal, view).act

    assert isinstance(dragged, Drag)
    assert dragged.element == "e2"
    assert dragged.to[1] < view.elements[1].box.y


def test_numbers_are_pressed_by_size() -> None:
    view = page(*(button(str(n)) for n in (30, 4, 12)))

    assert step("Click on the numbers in ascending order.", view).act == Push("e2")


def test_a_range_is_halved_by_what_the_page_says() -> None:
    goal = "Guess the number between 0-9 and press Submit. Use the feedback below to find the right number."
    start = page(field("", type="number"), button("Submit"))
    tried = deed(goal, start)
    sent = deed(goal, start, tried)
    told = page(field("", type="number"), button("Submit"), part("p", "The number is higher than 4."), before=start)

    assert tried.act == Put("e1", "4")
    assert sent.act == Push("e2")
    assert step(goal, told, tried, sent).act == Put("e1", "7")


def test_shapes_are_told_by_kind_and_colour() -> None:
    drawn = [
        part("circle", shape="circle", color="rgb(255, 0, 0)"),
        part("rect", shape="rect", color="rgb(255, 0, 0)"),
        part("rect", shape="rect", color="rgb(0, 0, 255)"),
    ]
    view = page(*drawn, button("2"), button("3"))

    assert step("How many red items are there?", view).act == Push("e4")


def test_a_form_takes_the_words_its_fields_ask_for() -> None:
    view = page(*(field(name) for name in ("Year", "Director", "Genre")), button("Search"))
    goal = "Search for crime movies directed by Curry from year 1995."
    history: list[Deed] = []
    for _ in range(3):
        history.append(deed(goal, view, *history))

    assert [getattr(d.act, "value", "") for d in history] == ["1995", "Curry", "crime"]


def test_a_form_with_a_field_nothing_is_said_about_is_left_alone() -> None:
    view = page(*(field(name) for name in ("Year", "Director", "Studio", "Genre")), button("Search"))

    assert isinstance(propose("Search for crime movies directed by Curry from year 1995.", view), Refusal)
