"""Goals made of known clauses are read back exactly, whatever the values hold; nonsense never breaks the reader."""

from hypothesis import given
from hypothesis import strategies as st

from events.action import Action, Check, Click, Fill, Select, Target
from events.templates import render
from runner.planners.clauses import Quoted, clauses
from runner.planners.planner import FixedPlan, GiveUp
from runner.planners.rules import rules_plan

VALUES = st.text(st.characters(blacklist_characters='"', blacklist_categories=["Cs"]), min_size=1, max_size=30)
JOINERS = st.sampled_from([", ", "; ", "\n", " and ", ", then ", " AND THEN ", ". "])
CASES = st.sampled_from([str.lower, str.upper, str.capitalize])


def clause(kind: str, value: str, name: str, case: object) -> tuple[str, Action]:
    assert callable(case)
    match kind:
        case "type":
            return f'{case("type")} "{value}" into "{name}"', Fill(target=Target(label=name), value=value)
        case "select":
            return f'{case("select")} "{value}" in the "{name}" field', Select(target=Target(label=name), option=value)
        case "check":
            return f'{case("check")} "{name}"', Check(target=Target(label=name))
        case _:
            return f'{case("press")} the "{name}" button', Click(target=Target(text=name))


CLAUSES = st.builds(clause, st.sampled_from(["type", "select", "check", "press"]), VALUES, VALUES, CASES)


@given(st.lists(CLAUSES, min_size=1, max_size=6), JOINERS)
def test_what_was_said_is_what_is_planned(said: list[tuple[str, Action]], joiner: str) -> None:
    plan = rules_plan(joiner.join(text for text, _ in said))
    assert isinstance(plan, FixedPlan), plan
    assert list(plan.known) == [action for _, action in said]


@given(st.text(max_size=200))
def test_any_text_is_a_plan_or_a_reason(goal: str) -> None:
    plan = rules_plan(goal)
    assert plan.reason
    assert isinstance(plan, GiveUp) or plan.known


@given(st.text(max_size=100))
def test_quoted_texts_come_from_the_goal(goal: str) -> None:
    for token in (token for found in clauses(goal) for token in found):
        assert token.text in goal
        assert not isinstance(token, Quoted) or goal.count(token.text) >= 1


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), VALUES, min_size=1))
def test_templates_take_values_as_they_are(inputs: dict[str, str]) -> None:
    template = "|".join("{{" + name + "}}" for name in inputs)
    assert render(template, inputs) == "|".join(inputs.values())
