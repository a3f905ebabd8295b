"""A client's connection to the log: what it appends with, the answers it waits for, what it can look up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from events.envelope import Envelope, StepEnvelope
from events.errors import BrokerUnreachable
from events.goal_patterns import FindPath
from events.partitioner import partition_of
from events.topics import Topics
from producers.follower import Deliver, TopicFollower
from producers.kafka import KafkaPublisher
from producers.outcomes import OutcomeListener, Outcomes
from producers.path_book import PathBook
from producers.publisher import Placement, Publisher
from producers.reader import LogReader


class Lookup(Protocol):
    """What can be looked up in the log; see `LogReader`, which does it."""

    def step_ends(self) -> dict[int, int]: ...  # noqa: D102
    def fact_ends(self) -> dict[int, int]: ...  # noqa: D102
    def steps_of(self, task_id: str, since: int) -> list[StepEnvelope]: ...  # noqa: D102
    def fact_at(self, place: str) -> Envelope | None: ...  # noqa: D102
    def facts_since(  # noqa: D102
        self, positions: Mapping[int, int], wanted: Callable[[str], bool]
    ) -> tuple[list[tuple[Envelope, Placement]], dict[int, int]]: ...


class Inbox(Protocol):
    """Something that hands over messages until it is closed."""

    def close(self) -> None:
        """No message comes after this."""
        ...


@dataclass(frozen=True, slots=True)
class LogLink:
    """What a client does with the log; tests put the log in memory behind it."""

    topics: Topics
    publisher: Publisher
    outcomes: Outcomes
    lookup: Lookup
    open_inbox: Callable[[str, Deliver], Inbox]  #: of this worker, from now on
    open_paths: Callable[[], FindPath]  #: as the log has them, from now on


def connect(connection: Mapping[str, Any], topics: Topics, running: ExitStack, *, seconds: float) -> LogLink:
    """A link to Kafka; whatever must be ended is left to `running`.

    Raises:
        BrokerUnreachable: nothing answers within `seconds`.
    """
    publisher = KafkaPublisher(connection)
    running.callback(publisher.close)
    listener = OutcomeListener(connection, topics)
    listener.start()
    running.callback(listener.close)
    lookup = LogReader(connection, topics)
    running.callback(lookup.close)
    if not listener.wait_ready(seconds):
        raise BrokerUnreachable(f"{topics.outcomes!r} cannot be read: is the broker up, are the topics made?")

    def open_inbox(worker: str, deliver: Deliver) -> Inbox:
        home = [partition_of(worker, topics.partitions)]
        follower = TopicFollower(connection, topics.inbox, deliver, since="end", partitions=home, key=worker)
        follower.start()
        if not follower.wait_ready(seconds):
            follower.close()
            raise BrokerUnreachable(f"{topics.inbox!r} cannot be read: is the broker up, are the topics made?")
        return follower

    def open_paths() -> FindPath:
        book = PathBook(connection, topics)
        running.callback(book.close)
        book.start(seconds)
        return book.find

    return LogLink(topics, publisher, listener, lookup, open_inbox, open_paths)
