"""How far the planner of rules comes on MiniWoB++: it sees goal and page, knows no task, and asks no model."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.async_api import Error

from benchmarks import miniwob_site
from benchmarks.acting import perform
from benchmarks.rewording import reword
from runner.browser import BrowserHost
from runner.hands import Hands
from runner.outcome import StepTrouble
from runner.page.look import look, settle, watch
from runner.page.view import View
from runner.planners.seeing import Deed, Next, Refusal, propose
from runner.secrets import SecretBox
from runner.session import Session

MAX_ACTIONS = 10
MAX_WAITS = 12  # looks without an act, for what is on its way
_ACT_SECONDS = 3.0
_LATE_SECONDS = 0.8
End = Literal["reached", "missed", "gave_up", "unfinished"]


@dataclass(slots=True)
class Episode:
    """How one goal on one page went."""

    task: str
    seed: int
    goal: str
    end: End = "unfinished"
    said: str = ""
    actions: int = 0
    seconds: float = 0.0
    look_ms: list[float] = field(default_factory=list)


async def run(
    tasks: Sequence[str], seeds: Sequence[int], *, reworded: bool = False, loud: bool = False
) -> list[Episode]:
    """All episodes, one after the other in one page."""
    host = BrowserHost(None, headless=True)
    episodes: list[Episode] = []
    try:
        with miniwob_site.serve() as site:
            async with host.context() as context:
                await watch(context)
                secrets = SecretBox({})
                session = Session(context, await context.new_page(), navigation_timeout=10)
                hands = Hands(session, site.base, secrets, _ACT_SECONDS, 10)
                for task in tasks or site.tasks:
                    for seed in seeds:
                        episode = await _episode(hands, site, task, seed, reworded=reworded)
                        episodes.append(episode)
                        if loud:
                            print(f"{episode.end:10} {task} {seed} {episode.actions} {episode.said}", flush=True)
    finally:
        await host.close()
    return episodes


async def _episode(hands: Hands, site: miniwob_site.Site, task: str, seed: int, *, reworded: bool) -> Episode:
    goal = await site.start(hands.session.page, task, seed)
    episode = Episode(task, seed, reword(goal, seed) if reworded else goal)
    started = time.monotonic()
    try:
        await _act_until_the_end(hands, episode)
    except (Error, StepTrouble) as trouble:
        # An act the page did not let happen ends the episode as a runner would: with the next level, not a success.
        episode.end, episode.said = "gave_up", f"act failed: {str(trouble).splitlines()[0][:150]}"
    episode.seconds = time.monotonic() - started
    return episode


async def _act_until_the_end(hands: Hands, episode: Episode) -> None:
    page = hands.session.page
    history: list[Deed] = []
    view: View | None = None
    waits = 0
    while episode.actions < MAX_ACTIONS and waits < MAX_WAITS:
        await settle(page)
        if await _ended(hands, episode):
            return
        before = time.monotonic()
        view = await look(page, view, ignore=miniwob_site.FRAME)
        episode.look_ms.append((time.monotonic() - before) * 1_000)
        advice = propose(episode.goal, view, tuple(history), sends=True)
        if not isinstance(advice, Next):
            episode.said = (
                f"{episode.said}; {advice.reason}" if isinstance(advice, Refusal) else f"{episode.said}; done"
            )
            episode.end = "gave_up" if isinstance(advice, Refusal) else "missed"
            if episode.end == "missed":
                await asyncio.sleep(_LATE_SECONDS)  # some pages answer an act late
                await _ended(hands, episode)
            return
        episode.said = f"{episode.said}; {advice.reason}"[-600:]
        waits += advice.is_wait
        episode.actions += not advice.is_wait
        await perform(hands, view, advice.act)
        history.append(Deed.of(advice, view))
    await settle(page)
    await _ended(hands, episode)


async def _ended(hands: Hands, episode: Episode) -> bool:
    said = await miniwob_site.verdict(hands.session.page)
    if said is not None:
        episode.end = "reached" if said else "missed"
    return said is not None


def figures(episodes: Sequence[Episode]) -> dict[str, Any]:
    """What is reported: success over all; precision over those episodes that were acted to their end."""
    ends = Counter(episode.end for episode in episodes)
    acted = ends["reached"] + ends["missed"]
    looks = sorted(ms for episode in episodes for ms in episode.look_ms)
    return {
        "episodes": len(episodes),
        "success_percent": _percent(ends["reached"], len(episodes)),
        "precision_percent": _percent(ends["reached"], acted),
        "acted_percent": _percent(acted, len(episodes)),
        "gave_up": ends["gave_up"],
        "unfinished": ends["unfinished"],
        "wrong": ends["missed"],
        "seconds_per_episode": round(sum(e.seconds for e in episodes) / max(1, len(episodes)), 3),
        "look_p50_ms": round(looks[len(looks) // 2], 1) if looks else 0.0,
    }


def measure(seeds: Sequence[int], progress: Callable[[str], None]) -> dict[str, Any]:
    """The group `miniwob`: goals as given, and reworded by our rules, apart."""
    given = asyncio.run(run((), seeds))
    progress(f"goals as given: {figures(given)}")
    reworded = asyncio.run(run((), seeds, reworded=True))
    return {
        **figures(given),
        "seeds": list(seeds),
        "tasks_always_reached": _always(given),
        "reworded": figures(reworded),
    }


def _always(episodes: Sequence[Episode]) -> int:
    by_task: dict[str, bool] = {}
    for episode in episodes:
        by_task[episode.task] = by_task.get(episode.task, True) and episode.end == "reached"
    return sum(by_task.values())


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
