"""Paths as a runner and the path agent share them, without a broker between the two."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from events.paths import PathEnvelope, PathFact, path_key
from processors.paths.book import Book
from producers.path_book import Shelf
from runner.replay.keeping import PathKeeper


@dataclass
class PathMemory:
    """Takes what a runner says, and shows it what may be replayed from then on."""

    said: list[PathFact] = field(default_factory=list)
    shelf: Shelf = field(default_factory=Shelf)
    book: Book = field(default_factory=Book)

    @property
    def keeper(self) -> PathKeeper:
        return PathKeeper(self.shelf.find, self)

    @property
    def kinds(self) -> list[str]:
        return [fact.type for fact in self.said]

    def append(self, site: str, goal_pattern: str, event: PathFact, *, task_id: str | None = None) -> None:
        now, key = datetime.now(UTC), path_key(site, goal_pattern)
        envelope = PathEnvelope(
            event_id=uuid.uuid4().hex,
            path_key=key,
            site=site,
            goal_pattern=goal_pattern,
            task_id=task_id,
            recorded_at=now,
            event=event,
        )
        self.said.append(event)
        path = self.book.take(envelope)
        assert path is not None
        self.shelf.put(key, path.usable(now))
