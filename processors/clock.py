"""The broker's time as this process knows it, and since when it can be relied on.

Only for noticing what may be due: decisions take the broker's timestamp of the command (design.md §2, Time).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_SILENCE_SECONDS = 10.0  # after this long without a sign of the broker, renewals may be stuck on their way


def silence_of(lease_seconds: float) -> float:
    """How long a silence may last before no lease is judged for a while.

    A lease is renewed when a quarter of it is used up, so half of it in silence cannot end one that is renewed.
    """
    return min(_SILENCE_SECONDS, lease_seconds / 2)


class BrokerClock:
    """Newest broker timestamp plus monotonic time since; safe to read and feed from several threads."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        *,
        silence_seconds: float = _SILENCE_SECONDS,
    ) -> None:
        self._monotonic = monotonic
        self._silence = silence_seconds
        start = monotonic()
        #: (broker time in s, monotonic time in s); the local clock serves until the broker's is known, as a moment
        #: taken too early only leads to a check that finds nothing due
        self._base = (wall(), start)
        self._contact_at = start
        self._trusted_since = start

    def saw(self, timestamp_ms: int) -> None:
        """Take a timestamp the broker put on a record."""
        moment = timestamp_ms / 1_000
        if moment > self.seconds():
            self._base = (moment, self._monotonic())
        self.contact()

    def stamped(self, timestamp_ms: int, sent_at: float) -> None:
        """Take the broker's timestamp of a record of our own, sent at `sent_at` (monotonic) and just acknowledged.

        A record read from the log may be old; this one is younger than its journey, so it also shows a clock that is
        ahead, which would ask in vain over and over.
        """
        moment, now = timestamp_ms / 1_000, self._monotonic()
        if not moment <= self.seconds() <= moment + now - sent_at:
            self._base = (moment, now)
        self.contact()

    def contact(self) -> None:
        """The broker answered; a silence before starts the trust anew."""
        now = self._monotonic()
        if now - self._contact_at > self._silence:
            self._trusted_since = now
        self._contact_at = now

    def seconds(self) -> float:
        """The broker's time, in seconds since the epoch, as far as is known."""
        moment, then = self._base
        return moment + self._monotonic() - then

    def now(self) -> datetime:
        """The broker's time as an aware datetime."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def trusted_for(self) -> float:
        """Seconds for which the broker has answered without a long silence; zero during one."""
        now = self._monotonic()
        if now - self._contact_at > self._silence:
            return 0.0
        return now - self._trusted_since
