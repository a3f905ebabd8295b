"""How far a path that was learned on one app leads on all others: the same list in many documents, without a model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from playwright.async_api import Error

from benchmarks import todomvc_site
from events.action import Action, Check, Click, Target, Type
from events.indicators import TextVisible
from events.paths import UsablePath, path_key
from runner.actions import prepare
from runner.browser import BrowserHost
from runner.hands import Hands
from runner.outcome import StepTrouble
from runner.page.look import look, settle, watch
from runner.page.view import View
from runner.planners.planner import GiveUp, Place, PlanDone, Proposal
from runner.replay import learn
from runner.replay.recorder import Recorder
from runner.replay.replayer import replay_of
from runner.secrets import SecretBox
from runner.session import Session

_LEARNED_ON = "examples/vanillajs/index.html"
_GOAL = 'Add "{first}" and "{second}", tick "{first}", look at what is left, and clear what is done'
_LEARNED_WITH = {"first": "buy milk", "second": "walk the dog"}
_REPLAYED_WITH = {"first": "call Ben", "second": "call Ben back"}  # the one is a part of the other on purpose
_FIRST_FILTER = 4  # the act that presses a filter first
_ACT_SECONDS, _PATIENCE = 3.0, 3.0
End = Literal["healed", "stopped"]


@dataclass(slots=True)
class Replay:
    """How the path went on one app."""

    app: str
    filters: bool  #: whether the app has what the path's fourth and fifth step use
    whole: bool  #: whether all that the path does can be done by hand, too
    end: End = "stopped"
    said: str = ""
    acts: int = 0
    elsewhere: int = 0  #: steps whose element was other than on the app that the path was learned on
    right: bool = False  #: whether the list says what it should after so many acts
    seconds: float = 0.0


def _plan(first: str, second: str) -> list[Action]:
    new = Target(placeholder="What needs to be done?")
    return [
        Type(target=new, value=first, enter=True),
        Type(target=new, value=second, enter=True),
        Check(target=Target(role="checkbox", within=first)),
        Click(target=Target(role="link", name="Active", exact=True)),
        Click(target=Target(role="link", name="All", exact=True)),
        Click(target=Target(role="button", name="Clear completed")),
    ]


def _states(first: str, second: str) -> list[set[tuple[str, bool]]]:
    """What the list shows after each act."""
    ticked = {(first, True), (second, False)}
    return [
        set(),
        {(first, False)},
        {(first, False), (second, False)},
        ticked,
        {(second, False)},
        ticked,
        {(second, False)},
    ]


@asynccontextmanager
async def _opened(host: BrowserHost, site: todomvc_site.Site, app: str) -> AsyncIterator[Hands]:
    """An app as somebody sees it who never was there."""
    async with host.context() as context:
        await watch(context)
        await site.close_off(context)
        secrets = SecretBox({})
        session = Session(context, await context.new_page(), navigation_timeout=10)
        hands = Hands(session, site.base, secrets, _ACT_SECONDS, 10)
        if app:
            await site.open(session.page, app)
        yield hands


async def _learn(hands: Hands) -> UsablePath:
    """Do it once by names, as a planner would, and keep what was done."""

    async def seen() -> View:
        await settle(hands.session.page)
        return await look(hands.session.page)

    recorder = Recorder(seen)
    for place, action in enumerate(_plan(**_LEARNED_WITH)):
        act = await prepare(hands, action, irreversible=False)
        await recorder.before(Proposal(action, "by hand"), hands.found)
        await act(_ACT_SECONDS)
        recorder.took(place)
    await recorder.ended()
    taken = recorder.steps()
    if taken is None:
        raise RuntimeError("the run could not be told in full")
    shown = [TextVisible(value=_LEARNED_WITH["second"])]
    pattern, fact = learn(_GOAL.format(**_LEARNED_WITH), _LEARNED_WITH, taken, shown, seconds=0.0, cost=0.0)
    return UsablePath(
        path_key=path_key("", pattern), site="", goal_pattern=pattern, path="learned", steps=fact.steps,
        inputs=fact.inputs, success_indicators=fact.success_indicators,
    )  # fmt: skip


async def _replay(hands: Hands, path: UsablePath, replay: Replay) -> None:
    page, replayer = hands.session.page, replay_of(path, _REPLAYED_WITH, frozenset(), _PATIENCE)

    async def seen(*, settled: bool = True) -> View:
        if settled:
            await settle(page)
        return await look(page)

    started = time.monotonic()
    try:
        while True:
            advice = await replayer.advise(Place(replay.acts, page, seen))
            if not isinstance(advice, Proposal):
                replay.end = "healed" if isinstance(advice, PlanDone) else "stopped"
                replay.said = advice.reason if isinstance(advice, GiveUp) else ""
                break
            hands.given = advice.element
            act = await prepare(hands, advice.action, irreversible=False)
            replay.acts += 1
            await act(_ACT_SECONDS)
    except (Error, StepTrouble) as trouble:
        replay.said = f"act failed: {str(trouble).splitlines()[0][:150]}"
    replay.seconds = time.monotonic() - started
    replay.elsewhere = len(replayer.healed)
    await settle(page)
    shown = await todomvc_site.rows(page, list(_REPLAYED_WITH.values()))
    states = _states(**_REPLAYED_WITH)
    # Where it stopped, the last act may have had no effect: that is why it stopped. What an app makes of its filters
    # where they do not work by hand either says nothing about who pressed them.
    judged = replay.filters or replay.acts < _FIRST_FILTER
    possible = states[-1:] if replay.end == "healed" else states[max(0, replay.acts - 1) : replay.acts + 1]
    replay.right = shown in possible or not judged
    if not replay.right:
        replay.said = f"{replay.said}; the list says {sorted(shown)}"


async def run(apps: Sequence[str] = (), *, loud: bool = False) -> tuple[list[Replay], int]:
    """The replays on all apps that run, or on these; and how many pages there were to try."""
    host = BrowserHost(None, headless=True)
    replays: list[Replay] = []
    try:
        with todomvc_site.serve() as site:
            async with _opened(host, site, _LEARNED_ON) as hands:
                path = await _learn(hands)
            for app in apps or site.apps:
                async with _opened(host, site, "") as hands:
                    offer = await site.offers(hands.session.page, app)
                if offer == "nothing":
                    continue
                async with _opened(host, site, app) as hands:
                    replay = Replay(app, filters=offer in {"filters", "all"}, whole=offer == "all")
                    await _replay(hands, path, replay)
                replays.append(replay)
                if loud:
                    told = ("" if replay.right else " WRONG") + ("" if replay.whole else " (in part)")
                    print(f"{replay.end:8}{told} {replay.seconds:.1f} s {app} {replay.acts} {replay.said}", flush=True)
            return replays, len(apps or site.apps)
    finally:
        await host.close()


def figures(replays: Sequence[Replay], pages: int) -> dict[str, Any]:
    """What is reported; the app that the path was learned on is among them, for other entries.

    An app that cannot be led through the whole path by hand cannot be by a replay: there the right end is to stop in time.
    """
    healed = [replay for replay in replays if replay.end == "healed" and replay.right]
    whole = [replay for replay in replays if replay.whole or replay in healed]
    return {
        "pages": pages,
        "apps": len(replays),
        "apps_with_filters": sum(replay.filters for replay in replays),
        "apps_that_run_whole": len(whole),
        "healed": len(healed),
        "by_other_means": sum(replay.elsewhere > 0 for replay in healed),
        "stopped": sum(replay.end == "stopped" for replay in replays),
        "stopped_where_whole": sum(replay.end == "stopped" for replay in whole),
        "wrong_acts": sum(not replay.right for replay in replays),
        "seconds_per_app": round(sum(replay.seconds for replay in healed) / max(1, len(healed)), 2),
        "ran": [_short(replay) for replay in whole],
        "ran_in_part": [_short(replay) for replay in replays if replay not in whole],
        "stopped_at": {_short(replay): replay.said for replay in replays if replay.end == "stopped"},
        "wrong_on": {_short(replay): replay.said for replay in replays if not replay.right},
    }


def _short(replay: Replay) -> str:
    return replay.app.removeprefix("examples/").removesuffix("/index.html")


def measure(seeds: Sequence[int], progress: Callable[[str], None]) -> dict[str, Any]:
    """The group `todomvc`; nothing in it is left to chance, so one seed is as good as five."""
    replays, pages = asyncio.run(run())
    progress(f"{len(replays)} apps run, {len(seeds)} seeds make no difference")
    return figures(replays, pages)


if __name__ == "__main__":
    import json
    import sys

    print(json.dumps(figures(*asyncio.run(run(sys.argv[1:], loud=True)))))
