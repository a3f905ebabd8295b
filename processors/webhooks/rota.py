"""What is tried next: due messages in order, a bounded number at once, and few at one host. Pure.

A receiver that is slow fills its own places and nobody else's; retries never fill all places, so that a message that was
never tried finds one.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from processors.webhooks.book import Book, Message

_AT_ONCE = 0.0


@dataclass(slots=True)
class Rota:
    """Messages that wait for their moment, those whose moment has come, and those under way."""

    at_once: int
    at_once_per_host: int
    later: list[tuple[float, str]] = field(default_factory=list)  #: a heap of moment and `about`; may hold old entries
    ready: dict[tuple[str, bool], deque[str]] = field(default_factory=dict)  #: by host and whether tried before
    flying: dict[str, tuple[str, bool]] = field(default_factory=dict)  #: by `about`, host and whether it is a retry
    per_host: Counter[str] = field(default_factory=Counter)  #: tries under way
    retries: int = 0  #: of those under way

    def enter(self, message: Message) -> None:
        """A message to be tried when it is due; does nothing for one that is abandoned."""
        if not message.tried.abandoned:
            heapq.heappush(self.later, (_due(message), message.about))

    def land(self, about: str) -> None:
        """The try of that message is a fact now."""
        if about not in self.flying:
            return
        host, retry = self.flying.pop(about)
        self.retries -= retry
        self.per_host[host] -= 1
        if not self.per_host[host]:
            del self.per_host[host]

    def next_due(self) -> float | None:
        """When the next message becomes due, of those whose moment has not come; seconds since 1970."""
        return self.later[0][0] if self.later else None

    def take(self, book: Book, now: datetime) -> list[Message]:
        """Messages to be tried now; each is under way from here on until it lands."""
        moment = now.timestamp()
        while self.later and self.later[0][0] <= moment:
            _, about = heapq.heappop(self.later)
            message = self._owed(book, about, moment)
            if message is not None:
                self.ready.setdefault((_host(message.url), bool(message.tried.attempt)), deque()).append(about)
        taken: list[Message] = []
        for host, retry in list(self.ready):
            line = self.ready.pop((host, retry))
            while line and self._has_place(host, retry=retry):
                message = self._owed(book, line.popleft(), moment)
                if message is not None:
                    self._fly(host, message, retry=retry)
                    taken.append(message)
            if line:
                self.ready[host, retry] = line  # behind the others now
        return taken

    def _has_place(self, host: str, *, retry: bool) -> bool:
        if retry and self.retries >= max(1, self.at_once // 2):
            return False
        return len(self.flying) < self.at_once and self.per_host.get(host, 0) < self.at_once_per_host

    def _owed(self, book: Book, about: str, moment: float) -> Message | None:
        """The message, if it is owed and due and not under way: an entry may have been overtaken."""
        message = book.messages.get(about)
        if message is None or message.tried.abandoned or about in self.flying or _due(message) > moment:
            return None
        return message

    def _fly(self, host: str, message: Message, *, retry: bool) -> None:
        self.flying[message.about] = host, retry
        self.per_host[host] += 1
        self.retries += retry


def _due(message: Message) -> float:
    return _AT_ONCE if message.tried.retry_at is None else message.tried.retry_at.timestamp()


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}"
