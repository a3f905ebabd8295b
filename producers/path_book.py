"""A copy of the paths that may be replayed now: the compacted topic `paths`, read to its end and followed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from events.codec import decode
from events.errors import UndecodableRecord
from events.goal_patterns import Inputs, asked, beginning_of, origin_of, path_for
from events.paths import UsablePath
from events.topics import Topics
from producers.follower import TableFollower

_START_SECONDS = 10.0  # replay saves time and money; waiting for it longer than this would waste both

log = structlog.get_logger(__name__)


class Shelf:
    """The paths by site, each beside the words its goals begin with: a look-up in thousands compares few of them.

    Safe to read while it is written.
    """

    def __init__(self) -> None:
        self._by_key: dict[str, UsablePath] = {}
        self._by_site: dict[str, dict[str, tuple[str, UsablePath]]] = defaultdict(dict)
        self._lock = threading.Lock()

    def put(self, key: str, path: UsablePath | None) -> None:
        """The edition to replay from now on; none takes the path back."""
        with self._lock:
            old = self._by_key.pop(key, None)
            if old is not None:
                self._by_site[old.site].pop(key, None)
            if path is not None:
                self._by_key[key] = path
                self._by_site[path.site][key] = beginning_of(path.goal_pattern), path

    def find(self, goal: str, site_url: str, inputs: Inputs) -> UsablePath | None:
        """The path that reaches this very goal with these inputs, unless it is too old by now."""
        now, wanted = datetime.now(UTC), asked(goal, inputs)
        with self._lock:
            here = list(self._by_site.get(origin_of(site_url), {}).values())
        alike = (path for beginning, path in here if wanted.startswith(beginning))
        fresh = (path for path in alike if path.pinned or path.expires_at is None or path.expires_at > now)
        return path_for(fresh, goal, site_url, inputs)

    def __len__(self) -> int:
        return len(self._by_key)


class PathBook:
    """A shelf as the log has it."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._shelf = Shelf()
        self.find = self._shelf.find
        self._follower = TableFollower(connection, topics.paths, self._put)

    def start(self, seconds: float = _START_SECONDS) -> None:
        """Begin to read; returns once all that was there is known, or after so long without it. Blocks."""
        self._follower.start()
        if not self._follower.wait_ready(seconds):
            log.warning("goes on before all known paths were read", action="paths.read", known=len(self))

    def __len__(self) -> int:
        return len(self._shelf)

    def close(self) -> None:
        """Stop reading."""
        self._follower.close()

    def _put(self, key: str, body: bytes) -> None:
        try:
            path = decode(UsablePath, body) if body else None
        except UndecodableRecord:
            # The agent writes this topic from facts that the inspector has looked at; another version may do so, too.
            self._shelf.put(key, None)
            raise
        self._shelf.put(key, path)
