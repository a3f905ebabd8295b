"""Which goals share a path, and what is kept of a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.action import Click, Fill, Select, Target
from events.goal_patterns import Inputs
from events.indicators import TextVisible
from events.paths import PathLearned, UsablePath, path_key
from runner.replay import Taken, Unlearnable, learn, origin_of, path_for

SITE = "https://pool.example.org/classes"
GOAL = "Register Mia for the Tuesday class"
INPUTS: Inputs = {"child": "Mia", "day": "Tuesday"}
STEPS = (
    Taken(Click(target=Target(role="button", name="Book", within="Tuesday 18:00")), url=SITE),
    Taken(Fill(target=Target(label="Child"), value="Mia"), (Target(css="#child"),)),
    Taken(Fill(target=Target(label="Password"), value="{{secret:password}}")),
    Taken(Click(target=Target(role="button", name="Register"), irreversible=True)),
)


def learned(
    goal: str = GOAL, inputs: Inputs = INPUTS, steps: tuple[Taken, ...] = STEPS
) -> tuple[str, PathLearned, UsablePath]:
    proof = [TextVisible(value=f"{inputs.get('child', '')} is registered".strip())]
    pattern, found = learn(goal, inputs, steps, proof, seconds=9.0, cost=0.02)
    site = origin_of(SITE)
    usable = UsablePath(
        path_key=path_key(site, pattern),
        site=site,
        goal_pattern=pattern,
        path="p1",
        steps=found.steps,
        inputs=found.inputs,
        success_indicators=found.success_indicators,
    )
    return pattern, found, usable


def test_inputs_become_templates_everywhere_and_secrets_stay_references() -> None:
    pattern, found, _ = learned()

    assert pattern == "Register {{child}} for the {{day}} class"
    assert found.inputs == ["child", "day"]
    assert found.steps[0].action == Click(target=Target(role="button", name="Book", within="{{day}} 18:00"))
    assert found.steps[1].action == Fill(target=Target(label="Child"), value="{{child}}")
    assert found.steps[1].locators == [Target(css="#child")]
    assert "{{secret:password}}" in found.steps[2].model_dump_json()
    assert found.success_indicators == [TextVisible(value="{{child}} is registered")]


@pytest.mark.parametrize(
    ("goal", "inputs", "hit"),
    [
        ("Register Ben for the Thursday class", {"child": "Ben", "day": "Thursday"}, True),
        ("  Register {{child}}  for the {{day}} class. ", {"child": "Ben", "day": "Thursday"}, True),
        ("Cancel Ben for the Thursday class", {"child": "Ben", "day": "Thursday"}, False),
        ("Register Ben for the Thursday class", {"child": "Ben"}, False),
        ("Register Ben for the Thursday class", {"child": "Ben", "day": "Tuesday"}, False),
        ("Register Ben for the Thursday class", {"child": "Ben", "day": "Thursday", "level": "beginner"}, False),
        ("Register Ben for the Thursday class", {"child": "Ben", "day": "Thursday", "level": " "}, True),
        ("Register  for the Thursday class", {"child": "", "day": "Thursday"}, False),
        ("Do not register Ben for the Thursday class", {"child": "Ben", "day": "Thursday"}, False),
        ("Register Ben and Ida for the Thursday class", {"child": "Ben", "day": "Thursday"}, False),
    ],
)
def test_a_goal_is_the_same_word_for_word_or_it_is_another(goal: str, inputs: Inputs, hit: bool) -> None:
    _, _, usable = learned()

    assert (path_for([usable], goal, SITE, inputs) is usable) is hit


def test_another_site_is_another_goal() -> None:
    _, _, usable = learned()

    assert path_for([usable], GOAL, "https://pool.example.org:8443/", INPUTS) is None
    assert path_for([usable], GOAL, "https://POOL.example.org:443/x", INPUTS) is usable


def test_an_input_that_no_step_uses_is_part_of_the_goal() -> None:
    # The class of the first row was pressed; nobody knows whether that was since it is Tuesday's.
    steps = (Taken(Click(target=Target(css="tr:nth-child(1) button"))), *STEPS[1:])
    pattern, found, usable = learned(steps=steps)

    assert pattern == "Register {{child}} for the Tuesday class"
    assert found.inputs == ["child"]
    assert path_for([usable], "Register Ben for the Tuesday class", SITE, {"child": "Ben", "day": "Tuesday"}) is usable
    assert path_for([usable], "Register Ben for the Thursday class", SITE, {"child": "Ben", "day": "Thursday"}) is None


def test_two_inputs_of_one_value_cannot_be_told_apart() -> None:
    with pytest.raises(Unlearnable, match="same value"):
        learned(inputs={"child": "Mia", "parent": "Mia"})


def test_a_run_without_steps_teaches_nothing() -> None:
    with pytest.raises(Unlearnable, match="no step"):
        learned(steps=())


def test_a_short_value_is_a_template_where_it_was_entered_and_nowhere_else() -> None:
    steps = (
        Taken(Select(target=Target(label="Places", within="Room 3"), option="3")),
        Taken(Click(target=Target(text="Step 3 of 4"))),
    )
    _, found, _ = learned("Book 3 places", {"places": 3}, steps)

    assert found.steps[0].action == Select(target=Target(label="Places", within="Room 3"), option="{{places}}")
    assert found.steps[1].action == Click(target=Target(text="Step 3 of 4"))


def test_the_more_exact_path_is_taken() -> None:
    _, _, general = learned()
    steps = (Taken(Click(target=Target(css="tr:nth-child(1) button"))), *STEPS[1:])
    _, _, exact = learned(steps=steps)

    assert path_for([general, exact], GOAL, SITE, INPUTS) is exact


_WORDS = st.text("abcdeMT", min_size=2, max_size=6)


@given(_WORDS, _WORDS, _WORDS)
def test_what_was_learned_is_found_again_for_the_same_inputs(child: str, day: str, other: str) -> None:
    inputs: Inputs = {"child": child, "day": day}
    goal = f"Sign up {child} on {day}, please"
    steps = (Taken(Fill(target=Target(label="Name"), value=child)), Taken(Click(target=Target(text=f"{day} class"))))
    try:
        _, _, usable = learned(goal, inputs, steps)
    except Unlearnable:
        assert child == day
        return
    assert path_for([usable], goal, SITE, inputs) is usable
    if other != day and "day" in usable.inputs:
        assert path_for([usable], goal, SITE, {"child": child, "day": other}) is None
