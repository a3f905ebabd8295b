"""Saying things about navigation paths: the envelope, the ids, and nothing else."""

from __future__ import annotations

import uuid
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

from events.codec import encode
from events.paths import PathEnvelope, PathFact, path_key
from events.topics import Topics
from producers.publisher import Placement, Publisher


@dataclass(frozen=True, slots=True)
class PathReporter:
    """Appends facts to `paths.events` in somebody's name."""

    publisher: Publisher
    topics: Topics
    caused_by: str  #: a worker id, `operator:<key id>`, ...

    def append(self, site: str, goal_pattern: str, event: PathFact, *, task_id: str | None = None) -> Future[Placement]:
        """Append one fact.

        Args:
            site: scheme, host and port, as a browser states an origin.
            goal_pattern: the goal with `{{name}}` in place of each input.
            event: what is to be said of this path.
            task_id: whose run it was.

        Returns:
            A future that ends once the broker has the fact; PublishFailed when it did not take it.

        Raises:
            BodyTooLarge: over 256 KiB: a path that long is not kept.
        """
        key = path_key(site, goal_pattern)
        envelope = PathEnvelope(
            event_id=uuid.uuid4().hex,
            path_key=key,
            site=site,
            goal_pattern=goal_pattern,
            task_id=task_id,
            recorded_at=datetime.now(UTC),
            caused_by=self.caused_by,
            event=event,
        )
        return self.publisher.send(self.topics.path_events, key, encode(envelope))
