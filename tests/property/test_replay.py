"""Whatever the page: a replay acts on the recorded element or on none, and never on what announces something else."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from events.action import Click, Target
from events.paths import PathStep
from runner.page.bundle import bundle
from runner.page.view import Element, View
from runner.replay.expecting import expectations, unmet
from runner.replay.meaning import meaning
from runner.replay.resolving import Found, resolve
from tests.seeing import Part, button, field, group, link, page, part

CONTRARY = st.sampled_from(
    [
        ("Register", "Cancel"), ("Register", "Cancel registration"), ("Add", "Remove"), ("Enable", "Disable"),
        ("Accept", "Decline"), ("Yes", "No"), ("Next", "Back"), ("Subscribe", "Unsubscribe"), ("Log in", "Log out"),
        ("Open", "Close"), ("Show", "Hide"), ("Save", "Delete"), ("Check in", "Check out"), ("Lock", "Unlock"),
        ("Confirm", "Cancel"), ("Do register", "Do not register"), ("Activate", "Deactivate"), ("Buy", "Sell"),
    ]
)  # fmt: skip
DAYS = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Tue",
    "1",
    "2",
    "12",
    "May",
    "June",
]
OBJECTS = st.sampled_from(["", "the class", "Tadpoles", "newsletter", "your place"])
SWITCH = st.booleans()


def control(name: str, *, sends: bool) -> Part:
    """A button in a form of its own, or not, always at one place and with one name attribute."""
    told = {"attr": "go", "css": "#go", **({"form": 1, "posts": True} if sends else {})}
    return Part({**button(name).told, **told})


def recorded(view: View, element: Element, *, irreversible: bool) -> PathStep:
    locators = list(bundle(view, element))
    return PathStep(action=Click(target=locators[0], irreversible=irreversible), locators=locators)


def found(then: str, now: str, *, sends: bool, irreversible: bool) -> bool:
    before, after = page(control(then, sends=sends)), page(control(now, sends=sends))
    step = recorded(before, before.elements[0], irreversible=irreversible)
    return isinstance(resolve(step, after, irreversible=irreversible, values=()), Found)


@given(CONTRARY, OBJECTS, SWITCH, SWITCH, SWITCH)
def test_the_contrary_is_never_pressed(
    pair: tuple[str, str], about: str, turned: bool, sends: bool, irreversible: bool
) -> None:
    then, now = (f"{word} {about}".strip() for word in (reversed(pair) if turned else pair))

    assert not found(then, now, sends=sends, irreversible=irreversible)


@given(
    st.sampled_from(DAYS), st.sampled_from(DAYS), st.sampled_from(["Register for", "Open", "Room", ""]), SWITCH, SWITCH
)
def test_another_day_or_number_is_never_pressed(
    one: str, other: str, act: str, sends: bool, irreversible: bool
) -> None:
    assume(one[:3] != other[:3])

    assert not found(f"{act} {one}".strip(), f"{act} {other}".strip(), sends=sends, irreversible=irreversible)


@given(CONTRARY, OBJECTS)
def test_contraries_oppose_each_other_both_ways_and_nothing_opposes_itself(pair: tuple[str, str], about: str) -> None:
    one, other = (meaning(f"{word} {about}") for word in pair)

    assert one.opposes(other)
    assert other.opposes(one)
    assert not one.opposes(one)


NAMES = st.sampled_from(
    [
        "Save",
        "Save now",
        "Delete",
        "Enrol",
        "Register",
        "Cancel",
        "Ann",
        "Bob",
        "Show all",
        "Name",
        "Class 2",
        "Class 3",
        "",
    ]
)
PARTS: st.SearchStrategy[Part] = st.recursive(
    st.one_of(NAMES.map(button), NAMES.map(link), NAMES.map(field), NAMES.map(lambda name: part("p", name))),
    lambda inside: st.lists(inside, max_size=4).map(lambda parts: group(*parts)),
    max_leaves=12,
)
VIEWS = st.lists(PARTS, max_size=8).map(lambda parts: page(*parts))


@given(VIEWS, SWITCH, st.data())
def test_on_the_page_it_was_recorded_on_a_step_finds_its_element_or_none(
    view: View, irreversible: bool, data: st.DataObject
) -> None:
    assume(view.elements)
    element = data.draw(st.sampled_from(view.elements))
    answer = resolve(recorded(view, element, irreversible=irreversible), view, irreversible=irreversible, values=())

    assert not isinstance(answer, Found) or answer.element.id == element.id
    unique = element.name and [e for e in view if (e.role, e.name) == (element.role, element.name)] == [element]
    assert isinstance(answer, Found) or not (unique and element.role)


@given(VIEWS, VIEWS, SWITCH, st.data())
def test_on_another_page_a_name_that_is_there_once_is_what_is_found(
    then: View, now: View, irreversible: bool, data: st.DataObject
) -> None:
    named = [e for e in then if e.role in {"button", "link"} and e.name]
    assume(named)
    element = data.draw(st.sampled_from(named))
    step = PathStep(action=Click(target=Target(role=element.role, name=element.name, exact=True)))
    same = [e for e in now if (e.role, e.name) == (element.role, element.name)]
    answer = resolve(step, now, irreversible=irreversible, values=())

    if len(same) == 1:
        assert isinstance(answer, Found)
        assert answer.element.id == same[0].id
    else:
        assert not (same and isinstance(answer, Found))
    if isinstance(answer, Found):
        assert not meaning(element.name).opposes(meaning(answer.element.name))


@given(VIEWS, VIEWS)
def test_what_held_after_a_step_holds_on_that_page(before: View, after: View) -> None:
    expected = expectations(Click(target=Target(role="button", name="Save", exact=True)), before, after)

    assert unmet(expected, after) is None
