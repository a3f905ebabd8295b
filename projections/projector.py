"""Keeps one store in step with the log, in a thread of its own, and says how far it is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import structlog

from events.errors import GoaltrailError
from events.topics import Topics
from projections.answers import PartitionLag
from projections.follower import Follower
from projections.prices import Prices
from projections.queries import Readings
from projections.records import Place
from projections.store import Store

T = TypeVar("T")

_log = structlog.get_logger(__name__)

_STOP_SECONDS = 30.0  # a batch and a checkpoint fit in it


class Projector:
    """The thread that folds the log into the file at `path`; every method may be called from any thread."""

    def __init__(
        self, connection: Mapping[str, Any], topics: Topics, path: Path, *, prices_file: Path | None = None
    ) -> None:
        self._connection = connection
        self._topics = topics
        self._path = path
        self._prices_file = prices_file
        self._stopping = threading.Event()
        self._moved = threading.Condition()
        self._follower: Follower | None = None
        self._thread: threading.Thread | None = None
        self._acts: deque[Callable[[Store], None]] = deque()
        self.failure: str | None = None  #: why it ended by itself; for `health`

    def start(self) -> None:
        """Open the store, check that it belongs to this log, and begin to read.

        Raises:
            StoreMismatch: another log, another version, or open elsewhere; the text names the command to run.
            BrokerUnreachable: Kafka does not answer.
            SetupIncomplete: the prices file cannot be read.
        """
        self._prices = Prices(self._prices_file)
        self._follower = Follower(self._connection, self._topics, self._path)
        behind = self._follower.behind(self._follower.shape.ends)
        _log.info("projector started", action="start", path=str(self._path), behind=behind)
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the file; `readings` answer no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=_STOP_SECONDS)
        if self._follower is not None:
            self._follower.close()
            self._follower = None

    @property
    def is_alive(self) -> bool:
        """Whether it reads on."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def stopped(self) -> tuple[str, ...]:
        """A sentence for each partition that cannot be read on; for `health`."""
        return tuple(self._running().stopped.values())

    @property
    def readings(self) -> Readings:
        """The answers of the store, from `start` to `stop`."""
        return Readings(self._running().store.cursor)

    def caught_up(self, timeout_seconds: float) -> bool:
        """Wait until all that the log held at `start` is visible; false when the time is up."""
        follower = self._running()
        with self._moved:
            self._moved.wait_for(lambda: not follower.behind(follower.shape.ends) or not self.is_alive, timeout_seconds)
        return not follower.behind(follower.shape.ends)

    def position(self, topic: str, partition: int) -> int:
        """The next offset; every record below it is visible."""
        tally = self._running().tallies.get(Place(topic, partition))
        return 0 if tally is None else tally.next_offset

    def wait_for(self, token: str, timeout_seconds: float) -> bool:
        """Wait until the record `topic:partition:offset` is visible; false when the time is up.

        Raises:
            ValueError: the token names no partition that is read here.
        """
        follower = self._running()
        place, offset = _parse(token)
        if place not in follower.tallies:
            raise ValueError(f"{token!r} names a partition that is not read here")
        with self._moved:
            self._moved.wait_for(
                lambda: follower.tallies[place].next_offset > offset or not self.is_alive, timeout_seconds
            )
        return follower.tallies[place].next_offset > offset

    def between_batches(self, act: Callable[[Store], T]) -> Future[T]:
        """Have the thread that writes do something with the store once no batch is under way."""
        done: Future[T] = Future()

        def run(store: Store) -> None:
            try:
                done.set_result(act(store))
            except BaseException as error:  # noqa: BLE001 - whoever asked must hear it, and the thread goes on
                done.set_exception(error)

        self._acts.append(run)
        return done

    def lag(self) -> list[PartitionLag]:
        """How far each partition is behind; asks the broker, raises BrokerUnreachable."""
        follower = self._running()
        ends = follower.reader.ends(follower.tallies)
        return [
            PartitionLag(*place, follower.tallies[place].next_offset, end, follower.stopped.get(place))
            for place, end in sorted(ends.items())
        ]

    def _run(self) -> None:
        follower = self._running()
        try:
            while not self._stopping.is_set():
                if follower.step(self._stopping):
                    self._wake()
                self._prices.tend(follower.store, follower.models)
                while self._acts:
                    self._acts.popleft()(follower.store)
        except (GoaltrailError, duckdb.Error) as error:
            self.failure = f"{type(error).__name__}: {error}"
            _log.error("projector ended", action="fail", error=self.failure)
        finally:
            self._wake()

    def _wake(self) -> None:
        with self._moved:
            self._moved.notify_all()

    def _running(self) -> Follower:
        if self._follower is None:
            raise RuntimeError("the projector was not started")
        return self._follower


def _parse(token: str) -> tuple[Place, int]:
    topic, _, rest = token.partition(":")
    partition, _, offset = rest.partition(":")
    if not topic or not (partition.isascii() and partition.isdigit() and offset.isascii() and offset.isdigit()):
        raise ValueError(f"{token!r} is not topic:partition:offset")
    return Place(topic, int(partition)), int(offset)
