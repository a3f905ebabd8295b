"""How many tasks may run at once per queue, site and account, and how many do. Pure."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from events.queues import Ceilings

_NONE = Ceilings()
_DEFAULT_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=16_384)
def keys_of(site_url: str, account: str | None) -> tuple[str, ...]:
    """What a task is counted under: its account if it has one, and its site. No site holds a space."""
    site = site_of(site_url)
    return (site,) if account is None else (sys.intern(f"{site} {account}"), site)


def site_of(site_url: str) -> str:
    """The site an address belongs to: its host, and its port when that is not the scheme's own."""
    try:
        parts = urlsplit(site_url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        return sys.intern("".join(site_url.split()))
    own = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    return sys.intern(host if own else f"{host}:{port}")


@dataclass(slots=True)
class Occupancy:
    """Running tasks by queue, by site and by account, against what each may have."""

    default: Ceilings = _NONE  #: where a queue sets none of its own
    by_queue: dict[str, Ceilings] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    in_queue: Counter[str] = field(default_factory=Counter)
    at: Counter[str] = field(default_factory=Counter)  #: by key of a site or of an account

    def is_open(self, queue: str) -> bool:
        """Whether one more task of the queue may run."""
        most = self.by_queue.get(queue, _NONE).running
        return queue not in self.paused and (most is None or self.in_queue[queue] < most)

    def room(self, queue: str, key: str) -> int:
        """How many more tasks of the queue may run at a site or under an account; not negative by much for long."""
        most = self._most(queue, key)
        return sys.maxsize if most is None else most - self.at[key]

    def blocking(self, queue: str, keys: Iterable[str]) -> str | None:
        """The first of the keys under which nothing more of the queue may run."""
        return next((key for key in keys if self.room(queue, key) <= 0), None)

    def enter(self, queue: str, keys: Iterable[str]) -> None:
        """One more task runs."""
        self.in_queue[queue] += 1
        self.at.update(keys)

    def leave(self, queue: str, keys: Iterable[str]) -> None:
        """One task less runs."""
        _less(self.in_queue, queue)
        for key in keys:
            _less(self.at, key)

    def _most(self, queue: str, key: str) -> int | None:
        own = self.by_queue.get(queue, _NONE)
        if " " in key:
            return own.per_account if own.per_account is not None else self.default.per_account
        return own.per_site if own.per_site is not None else self.default.per_site


def _less(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if counts[name] <= 0:
        del counts[name]
