"""Which tasks of a partition have a deadline that has passed: a heap that costs nothing while nothing is due. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: A task that was named and whose deadline still stands is named again after this; its check has arrived by then, or
#: never will.
AGAIN = timedelta(seconds=5)
_SPARE = 1_000  # outdated entries that are not worth sweeping


@dataclass(slots=True)
class DueTimes:
    """Deadlines by the moment at which to look; an entry whose task has another deadline by then is dropped.

    A renewed lease leaves its old entry behind, so outdated ones are swept whenever they may be the greater part.
    """

    #: (when to look, deadline, task id)
    _heap: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    _swept: int = 0  #: entries that the last sweep left

    def note(self, task_id: str, moment: datetime, deadline_of: Callable[[str], datetime | None]) -> None:
        """The task's deadline is `moment` from now on; `deadline_of` tells the deadline of any task."""
        heapq.heappush(self._heap, (moment, moment, task_id))
        if len(self._heap) > 2 * self._swept + _SPARE:
            self._sweep(deadline_of)

    def due(self, now: datetime, deadline_of: Callable[[str], datetime | None], most: int) -> list[str]:
        """At most `most` tasks with a deadline at or before `now`, longest due first, each once in a while."""
        found: dict[str, datetime] = {}
        while len(found) < most and self._heap and self._heap[0][0] <= now:
            _, moment, task_id = heapq.heappop(self._heap)
            if deadline_of(task_id) == moment:
                found[task_id] = moment
        for task_id, moment in found.items():
            heapq.heappush(self._heap, (now + AGAIN, moment, task_id))
        return list(found)

    def _sweep(self, deadline_of: Callable[[str], datetime | None]) -> None:
        kept: dict[str, tuple[datetime, datetime, str]] = {}
        for entry in self._heap:
            _, moment, task_id = entry
            if deadline_of(task_id) == moment:
                kept[task_id] = min(entry, kept.get(task_id, entry))
        self._heap = list(kept.values())
        heapq.heapify(self._heap)
        self._swept = len(self._heap)

    def __len__(self) -> int:
        """Entries, outdated ones included."""
        return len(self._heap)
