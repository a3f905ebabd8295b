"""What the demo wants done at the swimming school, and the state each goal should reach. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from demo.site.timetable import CLASSES
from events.action import Action, Click, Extract, Fill, Navigate, Select, Target
from events.goal import GoalStatement
from events.indicators import SuccessIndicator, TextVisible
from events.task import Status

CONFIRMATION = "confirmation_number"  #: under which the declared plan reads it
PASSWORD_VARIABLE = "AQUATECH_PASS"  #: where the runner finds the school's password
_SECRETS = {"password": f"env:{PASSWORD_VARIABLE}"}


@dataclass(frozen=True, slots=True)
class Registration:
    """What must stand in the school's book afterwards."""

    child: str
    class_id: str
    day: str


@dataclass(frozen=True, slots=True)
class DemoGoal:
    """One goal, and what should become of it."""

    title: str  #: for the table
    way: str  #: how the runner is told what to do
    statement: GoalStatement
    expected: Status
    registers: Registration | None = None  #: none: it must leave no trace in the book


def demo_goals(site: str) -> list[DemoGoal]:
    """The demo's goals for the school at this address."""
    return [
        _planned(site, Registration("Eden", "dolphins", "Tuesday")),
        _described(site, Registration("Noa", "sharks", "Friday")),
        _unreachable(site),
    ]


def _planned(site: str, wanted: Registration) -> DemoGoal:
    """The caller knows the site, and declares every step."""
    name = CLASSES[wanted.class_id].name
    statement = GoalStatement(
        goal=f"Register {wanted.child} for {wanted.day} swimming",
        site_url=f"{site}/classes",
        priority=8,
        inputs={"child": wanted.child, "day": wanted.day, "age": 7},
        secrets=_SECRETS,
        steps=[*_log_in(), *_register(name)],
        success_indicators=_confirmed(name),
        metadata={"demo": "declared plan"},
    )
    title = f"Register {wanted.child} for {wanted.day}"
    return DemoGoal(title, "every step is declared", statement, Status.COMPLETED, wanted)


def _described(site: str, wanted: Registration) -> DemoGoal:
    """The caller says in words what to do; the runner's rules read them."""
    name = CLASSES[wanted.class_id].name
    statement = GoalStatement(
        goal=(
            'Type "parent" into "Username", type {{secret:password}} into "Password", press "Log in",'
            f' open "{name}", type {{{{child}}}} into "Child\'s name", type "10" into "Age",'
            ' type "parent@example.org" into "Contact email", select {{day}} in "Day" and press "Register"'
        ),
        site_url=f"{site}/login",
        inputs={"child": wanted.child, "day": wanted.day},
        secrets=_SECRETS,
        success_indicators=_confirmed(name),
        metadata={"demo": "rules"},
    )
    title = f"Register {wanted.child} for {wanted.day}"
    return DemoGoal(title, "in words that rules read", statement, Status.COMPLETED, wanted)


def _unreachable(site: str) -> DemoGoal:
    """The school has no such class."""
    statement = GoalStatement(
        goal=(
            'Type "parent" into "Username", type {{secret:password}} into "Password", press "Log in",'
            ' open "Water polo", type "Eden" into "Child\'s name" and press "Register"'
        ),
        site_url=f"{site}/login",
        secrets=_SECRETS,
        success_indicators=[TextVisible(value="Registration confirmed")],
        metadata={"demo": "unreachable"},
    )
    return DemoGoal("Register Eden in water polo", "there is no such class", statement, Status.FAILED)


def _log_in() -> list[Action]:
    return [
        Navigate(url="/login"),
        Fill(target=Target(label="Username"), value="parent"),
        Fill(target=Target(label="Password"), value="{{secret:password}}"),
        Click(target=Target(role="button", name="Log in")),
    ]


def _register(class_name: str) -> list[Action]:
    return [
        Click(target=Target(role="link", name=f"Register for {class_name}")),
        Fill(target=Target(label="Child's name"), value="{{child}}"),
        Fill(target=Target(label="Age"), value="{{age}}"),
        Fill(target=Target(label="Contact email"), value="parent@example.org"),
        Select(target=Target(label="Day"), option="{{day}}"),
        Click(target=Target(role="button", name="Register"), irreversible=True),
        Extract(target=Target(test_id="confirmation-number"), key=CONFIRMATION),
    ]


def _confirmed(class_name: str) -> list[SuccessIndicator]:
    """The list of registrations is where a runner looks that takes over after a crash."""
    return [TextVisible(value=f"{{{{child}}}}: {class_name} on {{{{day}}}}", at="/registrations")]
