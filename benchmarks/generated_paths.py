"""Navigation paths made up at random, for a generated history: learned, healed, replayed, closed and pinned."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from events.action import Click, Fill, Target
from events.failure import ErrorType
from events.indicators import TextVisible
from events.paths import (
    PathEnvelope,
    PathExpired,
    PathFact,
    PathFailed,
    PathHealed,
    PathLearned,
    PathPinned,
    PathQuarantined,
    PathReplayed,
    PathStep,
    PathUnpinned,
    path_key,
)

_PATTERNS = ("Register {{child}}", "Cancel {{child}}", "List the classes")
_BRINGING = (PathLearned, PathHealed)


class GeneratedPaths:
    """A few paths of the sites there are, and what was said of them so far."""

    def __init__(self, chance: random.Random, new_id: Callable[[], str], sites: tuple[str, ...]) -> None:
        self._random, self._hex, self._sites = chance, new_id, sites
        self._editions: dict[str, list[str]] = {}

    def facts(self, now: datetime, task_id: str) -> Iterator[PathEnvelope]:
        """One more fact, now and then twice; a path is learned before anything else is said of it."""
        site, pattern = self._random.choice(self._sites), self._random.choice(_PATTERNS)
        key = path_key(site, pattern)
        editions = self._editions.setdefault(key, [])
        event = self._event(now, editions)
        fact = PathEnvelope(
            event_id=self._hex(), path_key=key, site=site, goal_pattern=pattern, recorded_at=now, event=event,
            task_id=task_id if self._random.random() < 0.8 else None,
            caused_by=self._random.choice(("runner-1", "path-agent", "operator:ann")),
        )  # fmt: skip
        if isinstance(event, _BRINGING):
            editions.append(fact.event_id)
        for _ in range(2 if self._random.random() < 0.05 else 1):
            yield fact

    def _event(self, now: datetime, editions: list[str]) -> PathFact:
        later = now + timedelta(days=30) if self._random.random() < 0.5 else None
        if not editions:
            return self._learned(later)
        chance, path = self._random.random, self._random.choice((editions[-1], editions[-1], editions[0]))
        likely: tuple[Callable[[], PathFact], ...] = (
            *[lambda: PathReplayed(path=path, seconds=chance(), time_saved_seconds=9 * chance(), expires_at=later)] * 8,
            *[lambda: PathFailed(path=path, step=2, error_type=ErrorType.STALE, error_message="gone", seconds=1.5)] * 3,
            lambda: self._learned(later),
            lambda: PathHealed(path=path, steps=self._steps(), changed=[2], expires_at=later),
            lambda: PathExpired(path=path, reason="unused"),
            lambda: PathQuarantined(path=path, reason="3 in a row"),
            lambda: PathPinned(path=path, reason=self._random.choice(("", "works"))),
            lambda: PathUnpinned(reason=self._random.choice(("", "no more"))),
        )
        return self._random.choice(likely)()

    def _learned(self, later: datetime | None) -> PathLearned:
        proof = [TextVisible(value="Registered {{child}}")]
        return PathLearned(
            steps=self._steps(), inputs=["child"], success_indicators=proof, seconds=30 * self._random.random(),
            cost=0.0125, expires_at=later,
        )  # fmt: skip

    def _steps(self) -> list[PathStep]:
        name = Target(label=f"Name {self._random.randint(1, 9)}", exact=True)
        button = Target(role="button", name="Register")
        return [
            PathStep(
                action=Fill(target=name, value="{{child}}"), locators=[name, Target(css="input")], url="/register"
            ),
            PathStep(action=Click(target=button, irreversible=True), expects=[TextVisible(value="Registered")]),
        ]
