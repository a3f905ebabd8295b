"""A runner's copy of the paths on a real broker: whole at its start, and as the log has it from then on."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from events.codec import encode
from events.paths import UsablePath
from events.topics import Topics
from local.kafka_server import Broker
from producers.admin import ensure_topics
from producers.kafka import KafkaPublisher
from producers.path_book import PathBook
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

SITE = "https://pool.example.org"


class Library:
    """A log of its own, whose paths the test writes as the path agent does."""

    def __init__(self, bootstrap: str) -> None:
        self.connection = {"bootstrap.servers": bootstrap, "log_level": 2}
        self.topics = Topics(f"book{uuid4().hex[:8]}.", 3)
        ensure_topics(self.connection, self.topics)
        self._publisher = KafkaPublisher(self.connection)

    def publish(self, name: str, edition: str = "first") -> None:
        path = UsablePath(path_key=name, site=SITE, goal_pattern=f"{name} {{{{child}}}}", path=edition, steps=[], inputs=["child"])  # fmt: skip
        self.send(name, encode(path))

    def send(self, key: str, body: bytes) -> None:
        self._publisher.send(self.topics.paths, key, body).result(10)

    def close(self) -> None:
        self._publisher.close()


@pytest.fixture
def library(broker: Broker) -> Iterator[Library]:
    made = Library(broker.bootstrap)
    yield made
    made.close()


@pytest.fixture
def book(library: Library) -> Iterator[PathBook]:
    made = PathBook(library.connection, library.topics)
    yield made
    made.close()


def edition(book: PathBook, name: str) -> str | None:
    found = book.find(f"{name} Ada", f"{SITE}/courses", {"child": "Ada"})
    return None if found is None else found.path


def test_a_book_is_whole_once_it_has_started_and_follows_the_log(library: Library, book: PathBook) -> None:
    library.publish("Register")
    library.publish("Register", "second")
    for number in range(40):
        library.publish(f"Cancel{number}")
    library.publish("Gone")
    library.send("Gone", b"")

    book.start()

    assert edition(book, "Register") == "second"
    assert all(edition(book, f"Cancel{number}") for number in range(40))
    assert edition(book, "Gone") is None
    library.publish("Register", "third")
    until(lambda: edition(book, "Register") == "third")
    library.send("Register", b"")
    until(lambda: edition(book, "Register") is None)
    library.publish("Register", "fourth")
    until(lambda: edition(book, "Register") == "fourth")


def test_what_cannot_be_read_takes_its_path_back_and_stops_nothing(library: Library, book: PathBook) -> None:
    library.publish("Register")
    library.publish("Cancel")
    library.send("Register", b'{"v": 999}')

    book.start()

    assert edition(book, "Register") is None
    assert edition(book, "Cancel") == "first"
    library.publish("Register", "second")
    until(lambda: edition(book, "Register") == "second")


def test_an_empty_book_starts_at_once(book: PathBook) -> None:
    book.start()

    assert edition(book, "Register") is None
