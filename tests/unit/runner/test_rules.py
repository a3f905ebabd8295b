"""The rules that read goals: all of a goal, or nothing of it."""

import pytest

from events.action import Action, Check, Click, Fill, Navigate, Press, Select, Target, WaitFor
from events.goal import GoalStatement
from runner.planners.clauses import Quoted, Word, clauses
from runner.planners.planner import FixedPlan, GiveUp, PlanDone, Proposal
from runner.planners.rules import rules_plan
from runner.router import choose_planner


def plan(goal: str) -> list[Action]:
    found = rules_plan(goal)
    assert isinstance(found, FixedPlan), found
    return list(found.known)


def test_the_whole_example() -> None:
    goal = 'Type "Eden" into "Child\'s name", select "Tuesday" in "Day", check "I agree", and then press "Register".'
    assert plan(goal) == [
        Fill(target=Target(label="Child's name"), value="Eden"),
        Select(target=Target(label="Day"), option="Tuesday"),
        Check(target=Target(label="I agree")),
        Click(target=Target(text="Register")),
    ]


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("open /classes", Navigate(url="/classes")),
        ("go to https://school.example/a,b", None),
        ('go to "https://school.example/a,b"', Navigate(url="https://school.example/a,b")),
        ('OPEN THE "Classes" PAGE', Click(target=Target(text="Classes"))),
        ('click on the "Saturday" link', Click(target=Target(text="Saturday"))),
        ('click "Register" in "Tuesday"', Click(target=Target(text="Register", within="Tuesday"))),
        ("enter {{child}} in 'Child's name'", Fill(target=Target(label="Child's name"), value="{{child}}")),
        (
            'type {{secret:pass}} into the field "Password"',
            Fill(target=Target(label="Password"), value="{{secret:pass}}"),
        ),
        ("fill “Name” with “Eden, and Ann”", Fill(target=Target(label="Name"), value="Eden, and Ann")),
        ('fill in "Name" with ""', None),
        ('set "Name" to "Eden"', Fill(target=Target(label="Name"), value="Eden")),
        ('choose "Tuesday" from the "Day" list', Select(target=Target(label="Day"), option="Tuesday")),
        ('pick "Tuesday"', Click(target=Target(text="Tuesday"))),
        ('untick "News"', Check(target=Target(label="News"), checked=False)),
        ("press enter", Press(key="Enter", irreversible=True)),
        ("press Tab", Press(key="Tab")),
        ('wait for "Done"', WaitFor(target=Target(text="Done"))),
        ("press Register", None),
        ('press "Register" twice', None),
        ("Register Eden for Tuesday swimming", None),
        ('log in as "eden"', None),
        ('press "A" or "B"', None),
        ('do not press "Pay"', None),
    ],
)
def test_single_clauses(goal: str, expected: Action | None) -> None:
    found = rules_plan(goal)
    if expected is None:
        assert isinstance(found, GiveUp)
    else:
        assert isinstance(found, FixedPlan)
        assert list(found.known) == [expected]


def test_one_clause_that_is_not_understood_gives_up_everything_and_says_which() -> None:
    found = rules_plan('press "Next", dance a little, press "Pay"')
    assert isinstance(found, GiveUp)
    assert "dance a little" in found.reason
    assert "declare `steps`" in found.reason


def test_a_goal_of_separators_says_nothing_to_do() -> None:
    assert isinstance(rules_plan(" , and then; "), GiveUp)


def test_clauses_end_at_separators_outside_quotes_only() -> None:
    found = clauses('go, "a, b and c"; x\n{{a, b}} then y.')
    assert found == [[Word("go")], [Quoted("a, b and c")], [Word("x")], [Quoted("{{a, b}}")], [Word("y")]]


def test_an_open_quote_is_no_quote() -> None:
    assert clauses('press "Reg') == [[Word("press"), Word('"Reg')]]


def test_a_fixed_plan_proposes_in_order() -> None:
    found = FixedPlan([Press(key="Tab")], "rules", "why")
    assert found.propose(0) == Proposal(Press(key="Tab"), "why")
    assert found.propose(1) == PlanDone()


def test_an_operators_hints_are_steps_where_the_goal_is_not_understood() -> None:
    goal = GoalStatement(goal="Somehow Eden swims", site_url="http://x/")
    assert isinstance(choose_planner(goal), GiveUp)
    assert isinstance(choose_planner(goal, "try harder"), GiveUp)
    hinted = choose_planner(goal, 'press "Register"')
    assert isinstance(hinted, FixedPlan)
    assert len(hinted.known) == 1
    understood = GoalStatement(goal='open "/a"', site_url="http://x/")
    assert choose_planner(understood, 'press "Register"') == choose_planner(understood)
