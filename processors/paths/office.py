"""The path agent's shell: reads what is said of paths, and publishes the edition of each that may be replayed.

All is read anew at the beginning of each term: paths are few. What is published is compared with what should be, so a
crash between a fact and its publication is made good by whoever takes office next.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import structlog

from events.codec import decode, encode
from events.errors import BrokerUnreachable, UndecodableRecord
from events.paths import PathEnvelope, PathExpired, PathQuarantined
from events.topics import Topics
from processors.office import Office
from processors.paths.book import Book, Path, PathPolicy
from processors.paths.log import PathLog, Record

log = structlog.get_logger(__name__)

_AGENT = "path-agent"
_IDLE_SECONDS = 0.5
_SWEEP_SECONDS = 15.0  # how late a path may expire; runners look at `expires_at` themselves
_RETRY_SECONDS = 1.0
_BROKEN_SECONDS = 30.0
_LEAVE_SECONDS = 10.0
_NAMES = uuid.UUID("0f0f2c0a-6f0c-5d5e-9d53-6a0b9a1a7d10")  # of facts of ours: said twice, they count once


class PathOffice(Office):
    """Publishes paths while this process is in charge."""

    def __init__(self, open_log: Callable[[], PathLog], topics: Topics, policy: PathPolicy) -> None:
        self._open_log, self._topics, self._policy = open_log, topics, policy
        super().__init__("paths", self._run, leave_seconds=_LEAVE_SECONDS)

    def _run(self, leaving: threading.Event) -> None:
        while not leaving.is_set():
            try:
                _Term(self._open_log(), self._topics, Book(self._policy), leaving).serve()
            except BrokerUnreachable as error:
                log.warning("paths wait for the broker", action="paths.wait", error=str(error))
                leaving.wait(_RETRY_SECONDS)
            except Exception:
                # Tasks go on without paths, only slower.
                log.exception("the path agent broke; it begins anew", action="paths.broken")
                leaving.wait(_BROKEN_SECONDS)


class _Term:
    """One term of office."""

    def __init__(self, path_log: PathLog, topics: Topics, book: Book, leaving: threading.Event) -> None:
        self._log, self._topics, self._book, self._leaving = path_log, topics, book, leaving
        self._published: dict[str, bytes] = {}

    def serve(self) -> None:
        """Until relieved; raises BrokerUnreachable."""
        try:
            for record in self._log.to_the_end(self._topics.paths):
                self._found(record)
            for record in self._log.to_the_end(self._topics.path_events):
                self._take(record)
            self._settle(self._book.paths.values())
            log.info("publishing", action="paths.begin", paths=len(self._book.paths), usable=len(self._published))
            self._follow()
        finally:
            self._log.close()

    def _follow(self) -> None:
        next_sweep = time.monotonic() + _SWEEP_SECONDS
        while not self._leaving.is_set():
            changed = [self._take(record) for record in self._log.read(_IDLE_SECONDS)]
            self._settle({path.path_key: path for path in changed if path is not None}.values())
            if time.monotonic() >= next_sweep:
                next_sweep = time.monotonic() + _SWEEP_SECONDS
                self._settle(self._book.paths.values())

    def _found(self, record: Record) -> None:
        if record.value is None:
            self._published.pop(record.key, None)
        else:
            self._published[record.key] = record.value

    def _take(self, record: Record) -> Path | None:
        try:
            return self._book.take(decode(PathEnvelope, record.value))
        except UndecodableRecord:
            return None  # the inspector makes a dead letter of it

    def _settle(self, paths: Iterable[Path]) -> None:
        """Say what is due of these paths, then publish what may be replayed of them."""
        now = datetime.now(UTC)
        self._say([self._fact(path, event, now) for path in paths for event in self._book.due(path, now)])
        changes: list[tuple[str, str, bytes | None]] = []
        for path in paths:
            usable = path.usable(now)
            body = None if usable is None else encode(usable)
            if body != self._published.get(path.path_key):
                changes.append((self._topics.paths, path.path_key, body))
        if not changes:
            return
        self._log.append(changes, self._leaving.is_set)
        for _, key, body in changes:
            if body is None:
                self._published.pop(key, None)
            else:
                self._published[key] = body
            log.info("published" if body else "taken back", action="paths.publish", path_key=key)

    def _say(self, facts: list[PathEnvelope]) -> None:
        if facts:
            records = [(self._topics.path_events, fact.path_key, encode(fact)) for fact in facts]
            self._log.append(records, self._leaving.is_set)
            for fact in facts:
                self._book.take(fact)

    def _fact(self, path: Path, event: PathQuarantined | PathExpired, now: datetime) -> PathEnvelope:
        # An edition may be put in quarantine again after it was pinned: what was seen of the path tells the two apart.
        name = f"{path.path_key} {event.type} {event.path} {next(reversed(path.seen), '')}"
        return PathEnvelope(
            event_id=uuid.uuid5(_NAMES, name).hex,
            path_key=path.path_key,
            site=path.site,
            goal_pattern=path.goal_pattern,
            recorded_at=now,
            caused_by=_AGENT,
            event=event,
        )
