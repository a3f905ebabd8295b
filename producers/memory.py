"""The shipped fake: a log in memory that keeps the publisher's contract, for unit tests and examples."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from events.errors import BodyTooLarge, PublishFailed
from events.partitioner import partition_of
from events.topics import MAX_BODY_BYTES, Topics
from producers.publisher import Placement


@dataclass(frozen=True, slots=True)
class Record:
    """One record as a reader of the log would see it."""

    key: str
    body: bytes
    placement: Placement


@dataclass(slots=True)
class InMemoryPublisher:
    """Appends to lists; `records(topic)` reads them back in order."""

    topics: Topics = field(default_factory=Topics)
    _logs: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: bool = True

    def send(self, topic: str, key: str, body: bytes) -> Future[Placement]:
        """Append one record; see `Publisher.send`."""
        if not key:
            raise ValueError(f"a record of {topic!r} needs a key")
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"a body for {topic!r} is {len(body)} bytes, at most {MAX_BODY_BYTES} are taken")
        future: Future[Placement] = Future()
        sizes = {spec.name: spec.partitions for spec in self.topics.specs()}
        if topic not in sizes or not self._open:
            future.set_exception(PublishFailed(f"{topic!r} did not take a record: unknown topic or closed"))
            return future
        partition = partition_of(key, sizes[topic])
        with self._lock:
            log = self._logs.setdefault((topic, partition), [])
            placement = Placement(topic, partition, len(log))
            log.append(Record(key, body, placement))
        future.set_result(placement)
        return future

    def flush(self, timeout_seconds: float) -> int:
        """Nothing is ever under way."""
        del timeout_seconds
        return 0

    def close(self) -> None:
        """Take nothing more."""
        self._open = False

    def records(self, topic: str) -> list[Record]:
        """Every record of a topic, by partition, in order."""
        with self._lock:
            logs = [log for (name, _), log in sorted(self._logs.items()) if name == topic]
            return [record for log in logs for record in log]
