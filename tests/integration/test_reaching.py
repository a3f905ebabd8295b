"""Goals in their own words in a real browser: the swimming school, a studio of tables and dialogs, an office with a wizard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from benchmarks.acting import perform
from demo.site import RunningSite
from demo.site import serve as serve_school
from demo.site.members import PASSWORDS
from runner.browser import BrowserHost
from runner.hands import Hands
from runner.page.look import look, settle, watch
from runner.page.view import View
from runner.planners.seeing import Deed, Done, Next, Refusal, decide, wishes_of
from runner.secrets import SecretBox
from runner.session import Session
from tests.integration.small_sites import office, serve, studio

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

_MOST = 40
_SECRETS = {"user": "env:SCHOOL_USER", "password": "env:SCHOOL_PASSWORD"}
SWIM = "Register Eden for Tuesday swimming"
EDEN = {"child": "Eden", "day": "Tuesday", "age": 7, "email": "parent@example.org"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(chromium_path: Path) -> AsyncIterator[BrowserHost]:
    host = BrowserHost(chromium_path, headless=True)
    yield host
    await host.close()


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SCHOOL_USER", "parent")
    monkeypatch.setenv("SCHOOL_PASSWORD", PASSWORDS["parent"])
    with serve_school() as site:
        yield site


async def ask(host: BrowserHost, start: str, goal: str, given: Mapping[str, Any], secrets: bool = True) -> str:
    """What became of a goal: `done`, or why it was given up."""
    wishes = wishes_of(goal, given, tuple(_SECRETS) if secrets else ())
    if isinstance(wishes, Refusal):
        return wishes.reason
    async with host.context() as context:
        await watch(context)
        box = SecretBox(_SECRETS)
        session = Session(context, await context.new_page(), navigation_timeout=10)
        hands = Hands(session, start, box, 5, 10)
        await session.page.goto(start)
        history: list[Deed] = []
        view: View | None = None
        for _ in range(_MOST):
            await settle(session.page)
            view = await look(session.page, view)
            advice = decide(wishes, view, tuple(history))
            if not isinstance(advice, Next):
                return "done" if isinstance(advice, Done) else advice.reason
            await perform(hands, view, advice.act)
            history.append(Deed.of(advice, view))
    return "it never ends"


def booked(school: RunningSite) -> list[tuple[str, str, str]]:
    return [(entry.child, entry.class_id, entry.day) for entry in school.record()]


@pytest.mark.parametrize(
    "switches", [{}, {"renamed_controls": True, "extra_page": True}, {"cookie_modal": True}, {"rerender_ms": 300}]
)
async def test_a_child_is_registered_at_the_school(
    host: BrowserHost, school: RunningSite, switches: dict[str, Any]
) -> None:
    school.switch(**switches)

    assert await ask(host, f"{school.url}/classes", SWIM, EDEN) == "done"
    assert booked(school) == [("Eden", "dolphins", "Tuesday")]


async def test_what_is_lacking_is_told_and_nothing_is_done(host: BrowserHost, school: RunningSite) -> None:
    start = f"{school.url}/classes"
    told = [
        await ask(host, start, SWIM, {k: v for k, v in EDEN.items() if k not in without})
        for without in (("email",), ("email", "age"))
    ]

    assert told[0] == "the page asks for 'Contact email'; give inputs named like that"
    assert told[1].startswith("'Register for Dolphins' and 'Register for Marlins' both fit")
    assert (await ask(host, start, SWIM, EDEN, secrets=False)).startswith("the page asks for a login")
    assert (
        await ask(host, start, "Register Eden for Sunday swimming", {**EDEN, "day": "Sunday"})
        == "no row here says 'Sunday'"
    )
    assert "'ballet'" in await ask(host, start, "Register Eden for Tuesday ballet", EDEN)
    assert booked(school) == []


async def test_the_wrong_registration_is_never_cancelled(host: BrowserHost, school: RunningSite) -> None:
    start, made = f"{school.url}/classes", [("Eden", "Tuesday"), ("Eden", "Thursday"), ("Noa", "Tuesday")]
    goal = "Register {{child}} for {{day}} swimming"
    ends = await asyncio.gather(*(ask(host, start, goal, {**EDEN, "child": child, "day": day}) for child, day in made))
    assert ends == ["done"] * 3

    unsure = ("Cancel Eden's swimming", "Cancel Noa's Thursday swimming", "Change Noa's day to Thursday")
    assert "done" not in await asyncio.gather(*(ask(host, start, goal, {}) for goal in unsure))
    assert len(booked(school)) == 3
    assert await ask(host, start, "Cancel Eden's Thursday swimming", {"child": "Eden", "day": "Thursday"}) == "done"
    assert booked(school)[3:] == [("Eden", "dolphins", "Thursday")]


async def test_a_full_class_is_told_in_the_words_of_the_site(host: BrowserHost, school: RunningSite) -> None:
    school.switch(places=0)

    assert "'Day' does not offer 'Tuesday'" in await ask(host, f"{school.url}/classes", SWIM, EDEN)
    assert booked(school) == []


STUDIO: list[tuple[str, dict[str, Any], str, list[tuple[str, ...]]]] = [
    ("Book Wednesday pottery for Eve and accept the house rules", {"participant": "Eve", "day": "Wednesday"}, "done",
     [("book", "Pottery", "Wednesday", "Eve", "1")]),
    ("Book Wednesday pottery for Eve", {"participant": "Eve"}, "the page wants 'I accept the house rules' ticked; say in the goal that it is agreed to", []),
    ("Book pottery for Eve and accept the rules", {"participant": "Eve"}, "2 rows with 'Book (Pottery)' fit; give an input that tells them apart", []),
    ("Cancel Ann's Wednesday weaving", {"participant": "Ann", "day": "Wednesday"}, "done", [("cancel", "Ann", "Weaving", "Wednesday")]),
    ("Change Ben's day from Wednesday to Friday", {"participant": "Ben", "day": "Friday"}, "done", [("change", "Ben", "Pottery", "Friday")]),
]  # fmt: skip
PERMIT = {"full_name": "Ida Holm", "street": "Quay Road", "zone": "South", "start_date": "2027-01-04"}
OFFICE: list[tuple[str, dict[str, Any], str, list[tuple[str, ...]]]] = [
    ("Apply for a parking permit", PERMIT, "done", [("permit", "Ida Holm", "Quay Road", "s", "2027-01-04")]),
    ("Apply for a parking permit", {**PERMIT, "zone": "West"},
     "'Zone' does not offer 'West' (it offers 'North', 'South'); name the input like the field", []),
    ("Cancel my parking permit", PERMIT, "no control here says 'cancel', only 'Subscribe'; declare `steps`", []),
    ("Order 3 mugs", {"quantity": 3, "name": "Ida"}, "done", [("order", "Mug", "3", "Ida")]),
    ("Order 2 Flags", {"item": "Flag", "quantity": 2, "name": "Nobody"}, "the page says: We do not send parcels to nobody.", []),
    ("Subscribe to the newsletter", {"email": "ida@example.org"}, "done", [("subscribe", "ida@example.org")]),
    ("Unsubscribe from the newsletter", {"email": "ida@example.org"}, "the form here is sent by 'Subscribe', which is not to unsubscribe", []),
]  # fmt: skip


Case = tuple[str, dict[str, Any], str, list[tuple[str, ...]]]


@pytest.mark.parametrize(("build", "cases"), [(studio, STUDIO), (office, OFFICE)], ids=["studio", "office"])
async def test_other_words_and_layouts(host: BrowserHost, build: Any, cases: list[Case]) -> None:
    async def end_of(case: Case) -> Case:
        goal, given, _, _ = case
        with serve(build) as site:
            return goal, given, await ask(host, site.url, goal, given), site.record

    assert await asyncio.gather(*(end_of(case) for case in cases)) == cases
