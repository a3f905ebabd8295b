"""Lower bounds of where the next record of each partition of `steps.events` will lie. Pure."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future

from events.partitioner import partition_of
from producers.publisher import Placement


class StepMarks:
    """Taken once at the start, raised by what was delivered since: true whatever other writers do."""

    def __init__(self, ends: Mapping[int, int], partitions: int) -> None:
        self._ends = dict(ends)
        self._partitions = partitions
        self._lock = threading.Lock()

    def of_task(self, task_id: str) -> int:
        """No step of a task that has not begun yet will lie below this offset."""
        return self._ends.get(partition_of(task_id, self._partitions), 0)

    def delivered(self, placement: Future[Placement]) -> None:
        """A record was put there, so later ones lie behind it; one that was not delivered says nothing."""
        if placement.cancelled() or placement.exception() is not None:
            return
        there = placement.result()
        with self._lock:
            self._ends[there.partition] = max(self._ends.get(there.partition, 0), there.offset + 1)
