"""Lower bounds of where the next record of each partition of `steps.events` will lie. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from events.partitioner import partition_of


class StepMarks:
    """Taken once at the start, raised by what was delivered since: true whatever other writers do."""

    def __init__(self, ends: Mapping[int, int], partitions: int) -> None:
        self._ends = dict(ends)
        self._partitions = partitions

    def of_task(self, task_id: str) -> int:
        """No step of a task that has not begun yet will lie below this offset."""
        return self._ends.get(partition_of(task_id, self._partitions), 0)

    def delivered(self, partition: int, offset: int) -> None:
        """A record was put there, so later ones lie behind it."""
        self._ends[partition] = max(self._ends.get(partition, 0), offset + 1)
