"""What need not be read back from the store: tasks that were touched last, and steps of those that began before our eyes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from projections.task_row import TaskRow

_KEPT = 20_000  # tasks


class Recent:
    """Beside one store, of which nobody else writes the rows of tasks and steps.

    Task ids grow with time, so an id above all that are stored is not there at all, and whatever comes for it from now on
    passes here. An id from a clock that runs ahead makes that rarer, not wrong.
    """

    def __init__(self, newest: str) -> None:
        """`newest` is the highest task id of any row."""
        self.tasks: dict[str, TaskRow] = {}
        self._newest = newest
        self._events: dict[str, set[str]] = {}  # of step facts; all there are of these tasks

    def to_load(self, task_ids: Collection[str]) -> set[str]:
        """Those of the tasks that only the store can tell of."""
        return {task_id for task_id in task_ids if task_id <= self._newest and task_id not in self.tasks}

    def known_steps(self, events: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the (task, event) pairs that are known to be stored."""
        return {pair for pair in events if pair[1] in self._events.get(pair[0], ())}

    def steps_to_look_for(self, events: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of the (task, event) pairs that only the store can tell of."""
        return [pair for pair in events if pair[0] <= self._newest and pair[0] not in self._events]

    def written(self, touched: Collection[str], task_ids: Collection[str], events: Sequence[tuple[str, str]]) -> None:
        """Told once a batch is stored.

        Args:
            touched: the tasks whose rows it changed.
            task_ids: all tasks it is about.
            events: task and event of all its step facts.
        """
        self._events.update({task_id: set() for task_id in task_ids if task_id > self._newest})
        for task_id, event in events:
            if task_id in self._events:
                self._events[task_id].add(event)
        self._newest = max(self._newest, max(task_ids, default=""))
        for task_id in touched:
            self.tasks[task_id] = self.tasks.pop(task_id)
        _trim(self.tasks)
        _trim(self._events)

    def forget(self) -> None:
        """Rows may have been changed for a batch that was not stored."""
        self.tasks.clear()
        self._events.clear()


def _trim(kept: dict[str, TaskRow] | dict[str, set[str]]) -> None:
    """Drop what was added first."""
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]
