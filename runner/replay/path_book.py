"""A runner's copy of the paths that may be replayed now: the compacted topic `paths`, read to its end and followed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from events.codec import decode
from events.errors import UndecodableRecord
from events.paths import UsablePath
from events.topics import Topics
from runner.replay.pattern import Inputs, asked, beginning_of, origin_of, path_for

_POLL_SECONDS = 0.2  # how long a stop may take to be seen
_CALL_SECONDS = 5.0
_START_SECONDS = 10.0  # replay saves time and money; waiting for it longer than this would waste both
_RETRY_SECONDS = 1.0
_BATCH = 500

log = structlog.get_logger("runner")


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
    """A thread that keeps a shelf as the log has it."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics) -> None:
        self._topic = topics.paths
        self._shelf = Shelf()
        self.find = self._shelf.find
        self._ahead: set[int] = set()  #: partitions whose end at the start was not reached yet
        self._caught_up, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="paths", daemon=True)
        self._consumer = Consumer(
            {
                **connection,
                "group.id": "goaltrail-paths",  # librdkafka wants one; partitions are assigned by hand
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,  # compaction may take the records before an end
            }
        )

    def start(self) -> None:
        """Begin to read; returns once all that was there is known, or after a while without it. Blocks."""
        started = monotonic()
        self._thread.start()
        if not self._caught_up.wait(_START_SECONDS):
            log.warning("goes on before all known paths were read", action="paths.read", known=len(self._shelf))
            return
        took = round(monotonic() - started, 2)
        log.info("knows the paths", action="paths.read", known=len(self._shelf), seconds=took)

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_CALL_SECONDS)
        self._consumer.close()

    def _run(self) -> None:
        while not self._assigned():
            if self._stop.wait(_RETRY_SECONDS):
                return
        while not self._stop.is_set():
            first = self._consumer.poll(_POLL_SECONDS)
            if first is None:
                continue
            for message in (first, *self._consumer.consume(_BATCH, timeout=0)):
                self._take(message)

    def _assigned(self) -> bool:
        """Whether it is known by now what there is to read."""
        try:
            found = self._consumer.list_topics(self._topic, timeout=_CALL_SECONDS).topics[self._topic].partitions
        except KafkaException as error:
            log.warning("known paths are not read yet", action="paths.read", reason=error.args[0].str())
            return False
        if not found:  # nothing was ever published
            self._caught_up.set()
            return False
        self._ahead = set(found)
        self._consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in found])
        return True

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is None:
            self._put(message)
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's public name for it
            self._ahead.discard(int(message.partition() or 0))
            if not self._ahead:
                self._caught_up.set()
        else:
            log.warning("paths are read on after an error", action="paths.read", error=str(error))

    def _put(self, message: Message) -> None:
        key, body = message.key(), message.value()
        if not key:
            return
        try:
            path = decode(UsablePath, body) if body else None
        except UndecodableRecord as unreadable:
            # The agent writes this topic from facts that the inspector has looked at; another version may do so, too.
            log.warning(
                "a path cannot be read", action="paths.skip", key=key.decode(errors="replace"), error=str(unreadable)
            )
            path = None
        self._shelf.put(key.decode(errors="replace"), path)
