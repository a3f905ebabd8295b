"""When to stop trying: the same act on the same page again and again. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_REPEATS = 3


@dataclass(slots=True)
class LoopWatch:
    """Counts acts that left everything as it was."""

    _last: tuple[str, str] | None = None
    _times: int = 0

    def stuck(self, page: str, act: str) -> bool:
        """Whether `act` was now taken three times in a row on a page that never changed.

        Args:
            page: a digest of what the page shows, taken before the act.
            act: the act in words.
        """
        seen = (page, act)
        self._times = self._times + 1 if seen == self._last else 1
        self._last = seen
        return self._times >= _REPEATS
