"""The port through which everything is appended to the log."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the broker put a record."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """`topic:partition:offset`, the form in which readers are asked to wait for it."""
        return f"{self.topic}:{self.partition}:{self.offset}"


class Publisher(Protocol):
    """Appends records; a record is on the log when its future says where, and not before.

    Both implementations keep one contract (tests/contract/test_publisher.py): order per key, keys never empty, bodies
    of at most 256 KiB.
    """

    def send(self, topic: str, key: str, body: bytes) -> Future[Placement]:
        """Append one record.

        Raises:
            BodyTooLarge: over 256 KiB; nothing was sent.
            ValueError: the key is empty.

        The future raises PublishFailed when the broker did not take the record.
        """
        ...

    def flush(self, timeout_seconds: float) -> int:
        """Wait for what is under way; returns how many records are still open when the time is up."""
        ...

    def close(self) -> None:
        """Flush for a moment and stop; the publisher takes nothing more."""
        ...
