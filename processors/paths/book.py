"""What is known of every navigation path, which edition of it may be replayed, and what is to be said of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from events.paths import (
    PathEnvelope,
    PathExpired,
    PathFailed,
    PathHealed,
    PathLearned,
    PathPinned,
    PathQuarantined,
    PathReplayed,
    PathUnpinned,
    UsablePath,
)

_MOST_EDITIONS = 20  # of one path that can be pinned; older ones stay in the log
_MOST_SEEN = 200  # events of one path that a writer may repeat


@dataclass(frozen=True, slots=True)
class PathPolicy:
    """When an edition is no longer trusted."""

    failures_in_row: int = 3  #: after so many an edition is put in quarantine


@dataclass(slots=True)
class Edition:
    """One way of reaching the goal that was verified once."""

    made: PathLearned | PathHealed
    failures_in_row: int = 0
    quarantined: bool = False
    expired: bool = False
    expires_at: datetime | None = None


@dataclass(slots=True)
class Path:
    """All that was said of one path."""

    path_key: str
    site: str
    goal_pattern: str
    learned: PathLearned | None = None  #: the last time it was learned: what a healed edition keeps
    editions: dict[str, Edition] = field(default_factory=dict)  #: by the event that made them, oldest first
    pinned: str | None = None
    seen: dict[str, None] = field(default_factory=dict)  #: events, oldest first

    @property
    def in_use(self) -> str | None:
        """The edition that counts: the pinned one, else the newest."""
        return self.pinned or next(reversed(self.editions), None)

    def usable(self, now: datetime) -> UsablePath | None:
        """What runners may replay now."""
        name = self.in_use
        edition = self.editions.get(name) if name is not None else None
        if name is None or edition is None or edition.quarantined or self.learned is None:
            return None
        pinned = self.pinned == name
        if not pinned and (edition.expired or (edition.expires_at is not None and edition.expires_at <= now)):
            return None
        return UsablePath(
            path_key=self.path_key,
            site=self.site,
            goal_pattern=self.goal_pattern,
            path=name,
            steps=edition.made.steps,
            inputs=self.learned.inputs,
            success_indicators=self.learned.success_indicators,
            seconds=self.learned.seconds,
            pinned=pinned,
            expires_at=None if pinned else edition.expires_at,
        )

    def take(self, fact: PathEnvelope) -> None:
        """Fold a fact that was not there before."""
        event = fact.event
        match event:
            case PathLearned():
                self.learned = event
                self._add(fact.event_id, event)
            case PathHealed():
                self._add(fact.event_id, event)
            case PathReplayed():
                if (edition := self.editions.get(event.path)) is not None:
                    edition.failures_in_row = 0
                    edition.expires_at = event.expires_at or edition.expires_at
            case PathFailed():
                if (edition := self.editions.get(event.path)) is not None:
                    edition.failures_in_row += 1
            case PathExpired():
                if (edition := self.editions.get(event.path)) is not None:
                    edition.expired = True
            case PathQuarantined():
                if (edition := self.editions.get(event.path)) is not None:
                    edition.quarantined = True
            case PathPinned():
                self.pinned = event.path
                if (edition := self.editions.get(event.path)) is not None:
                    edition.quarantined, edition.failures_in_row = False, 0
            case PathUnpinned():
                self.pinned = None
            case _:
                assert_never(event)

    def _add(self, name: str, made: PathLearned | PathHealed) -> None:
        self.editions[name] = Edition(made, expires_at=made.expires_at)
        for old in list(self.editions)[:-_MOST_EDITIONS]:
            if old != self.pinned:
                del self.editions[old]


@dataclass(slots=True)
class Book:
    """Every path; folded from `paths.events`."""

    policy: PathPolicy = field(default_factory=PathPolicy)
    paths: dict[str, Path] = field(default_factory=dict)

    def take(self, fact: PathEnvelope) -> Path | None:
        """Fold one record; the path it changed, none when the record was there before."""
        path = self.paths.get(fact.path_key)
        if path is None:
            path = self.paths[fact.path_key] = Path(fact.path_key, fact.site, fact.goal_pattern)
        if fact.event_id in path.seen:
            return None
        path.seen[fact.event_id] = None
        while len(path.seen) > _MOST_SEEN:
            del path.seen[next(iter(path.seen))]
        path.take(fact)
        return path

    def due(self, path: Path, now: datetime) -> Iterator[PathQuarantined | PathExpired]:
        """What the agent has to say of the edition in use: it failed too often in a row, or its time is over."""
        name = path.in_use
        edition = path.editions.get(name) if name is not None else None
        if name is None or edition is None:
            return
        if not edition.quarantined and edition.failures_in_row >= self.policy.failures_in_row:
            yield PathQuarantined(path=name, reason=f"{edition.failures_in_row} replays in a row failed")
        late = edition.expires_at is not None and edition.expires_at <= now
        if late and not edition.expired and path.pinned != name:
            yield PathExpired(path=name, reason="its time is over")
