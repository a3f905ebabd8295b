"""When to stop trying: the same acts on the same pages again and again. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

_TIMES = 3  #: the same act on the same page, whatever lies between
_NOTHING_NEW = 6  #: acts in a row that were all taken before, on the page as it was then


@dataclass(slots=True)
class LoopWatch:
    """Counts acts that lead to nothing that was not there before: repeated ones, and cycles of them."""

    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    _last: tuple[str, str] | None = None
    _in_a_row: int = 0
    _old: int = 0  #: acts since one was new

    def stuck(self, page: str, act: str) -> bool:
        """Whether taking `act` now would go on in a circle.

        So it is with the third time on a page that shows just what it showed, and with a row of acts that were all taken
        before. Another page of a list, or the next field of a form, is another page or another act.

        Args:
            page: all that the page shows before the act; empty where that cannot be told.
            act: the act in words.
        """
        now = (hashlib.sha256(page.encode()).hexdigest(), act)
        self._in_a_row = self._in_a_row + 1 if now == self._last else 1
        self._last = now
        if not page:  # such pages need not be one and the same: only what is tried at once again counts
            return self._in_a_row >= _TIMES
        self._old = self._old + 1 if self._seen[now] else 0
        self._seen[now] += 1
        return self._seen[now] >= _TIMES or self._old >= _NOTHING_NEW
