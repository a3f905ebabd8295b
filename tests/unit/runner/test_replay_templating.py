"""Where inputs become templates in what is kept of a step, and what of it is not kept at all."""

from __future__ import annotations

import pytest

from events.action import Check, Click, Fill, Navigate, SelectMany, Target
from events.goal_patterns import Inputs
from events.indicators import ElementVisible, SuccessIndicator, TextGone, TextVisible, UrlContains
from events.paths import PathStep
from runner.replay.learning import Taken, Unlearnable, learn
from runner.replay.templating import templated_step

INPUTS: Inputs = {"child": "Mia Lou", "class": "Tadpoles", "places": 3, "plan": "Gold"}
PLAIN = Target(role="button", name="Cancel", exact=True)


def kept(step: PathStep, inputs: Inputs = INPUTS) -> PathStep:
    return templated_step(step, inputs)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://s.test/classes/Tadpoles/register", "https://s.test/classes/{{class}}/register"),
        ("https://s.test/find?child=Mia%20Lou&x=%2F", "https://s.test/find?child={{child}}&x=/"),
        ("https://s.test/find?child=Mia+Lou", "https://s.test/find?child={{child}}"),
        ("https://s.test/find?x=%2F", "https://s.test/find?x=%2F"),
        ("https://s.test/TadpolesAndMore?places=3", "https://s.test/TadpolesAndMore?places=3"),
    ],
)
def test_addresses_take_inputs_however_they_are_written(url: str, expected: str) -> None:
    assert kept(PathStep(action=Navigate(url=url), url=url)).action == Navigate(url=expected)
    assert kept(PathStep(action=Navigate(url=url), url=url)).url == expected


def test_what_means_something_in_an_address_is_no_template_there() -> None:
    url = "https://s.test/find?a=x&b=y"

    assert kept(PathStep(action=Navigate(url=url), url=url), {"odd": "x&b=y"}).url == url


def test_lists_of_options_and_radio_buttons_take_inputs() -> None:
    many = PathStep(action=SelectMany(target=Target(label="Days of Mia Lou"), options=["Gold", "3", "Silver"]))
    radio = PathStep(action=Check(target=Target(role="radio", name="Gold", exact=True)))

    assert kept(many).action == SelectMany(
        target=Target(label="Days of {{child}}"), options=["{{plan}}", "{{places}}", "Silver"]
    )
    assert kept(radio).action == Check(target=Target(role="radio", name="{{plan}}", exact=True))


def test_a_reference_to_a_secret_is_left_alone_even_by_an_input_of_its_name() -> None:
    step = PathStep(action=Fill(target=Target(label="Password"), value="{{secret:password}}"))

    assert kept(step, {"which": "password", "kind": "secret"}).action == step.action


def test_a_row_that_an_input_names_binds_the_step_and_comes_first() -> None:
    by_number, by_child = (PLAIN.model_copy(update={"within": row}) for row in ("R-4711", "Mia Lou: Tadpoles"))
    step = PathStep(action=Click(target=PLAIN), locators=[PLAIN, by_number, by_child, Target(css="#c")])

    found = kept(step)

    bound = PLAIN.model_copy(update={"within": "{{child}}: {{class}}"})
    assert found.locators == [bound, PLAIN, Target(css="#c")]
    assert found.action == Click(target=bound)


def test_a_row_that_no_input_names_is_kept_only_where_nothing_else_tells_the_element() -> None:
    row = PLAIN.model_copy(update={"within": "R-4711"})
    alone = PathStep(action=Click(target=PLAIN), locators=[PLAIN, row, Target(css="#c")])
    twin = PathStep(action=Click(target=row), locators=[row, Target(css="#c")])

    assert kept(alone).locators == [PLAIN, Target(css="#c")]
    assert kept(twin).locators == [row, Target(css="#c")]


def data(text: str) -> SuccessIndicator:
    return ElementVisible(target=Target(text=text, exact=True))


HEADING = ElementVisible(target=Target(role="heading", name="Tadpoles: thank you", exact=True))


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (data("Mia Lou"), [data("{{child}}")]),
        (data("Mia Lou is in"), [data("{{child}} is in")]),
        (data("Mia Lou at 16:00"), []),
        (data("Somebody else"), []),
        (TextGone(value="Mia Lou", exact=True), [TextGone(value="{{child}}", exact=True)]),
        (TextGone(value="Ben", exact=True), []),
        (TextGone(value="We use cookies"), [TextGone(value="We use cookies")]),
        (HEADING, [ElementVisible(target=Target(role="heading", name="{{class}}: thank you", exact=True))]),
        (UrlContains(value="/classes/tadpoles/register"), [UrlContains(value="/classes"), UrlContains(value="/register")]),
        (UrlContains(value="/mia-lou"), []),
    ],
)  # fmt: skip
def test_of_data_only_what_names_an_input_is_expected_again(
    expected: SuccessIndicator, found: list[SuccessIndicator]
) -> None:
    assert kept(PathStep(action=Click(target=PLAIN), expects=[expected])).expects == found


def test_what_merely_came_of_an_act_does_not_open_the_path_to_other_inputs() -> None:
    # The first row was pressed; that Mia's vanished says nothing about which row it will be for Ben.
    taken = Taken(Click(target=Target(css="li:nth-of-type(1) > a")), expects=(TextGone(value="Mia Lou", exact=True),))

    pattern, learned = learn("Cancel Mia Lou", {"child": "Mia Lou"}, [taken], [], seconds=1.0, cost=0.0)

    assert (pattern, learned.inputs, learned.steps[0].expects) == ("Cancel Mia Lou", [], [])


def test_an_input_that_decided_between_elements_is_of_the_goal_unless_it_describes_the_element() -> None:
    day, by_day = {"day": "Tuesday"}, Target(role="button", name="Book", within="Tuesday")
    choice = Taken(Click(target=Target(css="tr:nth-of-type(2) button")), depends=frozenset({"day"}))
    told = Taken(Fill(target=Target(label="Day"), value="Tuesday"))

    pattern, learned = learn("Book on Tuesday", day, [choice, told], [], seconds=1.0, cost=0.0)
    assert (pattern, learned.steps[1].action) == ("Book on Tuesday", Fill(target=Target(label="Day"), value="Tuesday"))

    choice = Taken(Click(target=by_day), (by_day,), depends=frozenset({"day"}))
    pattern, learned = learn("Book on Tuesday", day, [choice, told], [], seconds=1.0, cost=0.0)
    assert (pattern, learned.inputs) == ("Book on {{day}}", ["day"])


def test_an_input_that_neither_goal_nor_steps_say_makes_a_run_that_teaches_nothing() -> None:
    with pytest.raises(Unlearnable, match="may depend on day"):
        learn("Book", {"day": "Tuesday"}, [Taken(Click(target=PLAIN))], [], seconds=1.0, cost=0.0)


def test_what_proves_the_goal_is_kept_as_it_was_declared() -> None:
    taken = Taken(Fill(target=Target(label="Name"), value="Mia Lou"))
    proof = [TextVisible(value="Mia Lou: number 4711")]

    _, learned = learn("Register Mia Lou", {"child": "Mia Lou"}, [taken], proof, seconds=1.0, cost=0.0)

    assert learned.success_indicators == [TextVisible(value="{{child}}: number 4711")]
