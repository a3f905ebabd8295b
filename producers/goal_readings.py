"""What the Goal Engine reads from the HTTP API: results, waits, figures."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from events.errors import NoSuchTask
from producers.goal_answers import MetricsSummary, TaskResult
from producers.http import Door
from producers.readings import metrics_summary, queue_status, result_of_task
from producers.task_ids import made_at

_YOUNG = timedelta(seconds=60)  # an id this young may be on the log and not read yet


class GoalReadings:
    """The half of `GoalClient` that only reads."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def get_task_result(self, task_id: str) -> TaskResult:
        """A task as it is now: status, result, timing, cost, cache metrics.

        Raises:
            NoSuchTask: nobody knows it.
            ApiUnreachable: no answer.

        Example:
            >>> goals.get_task_result(finished_id).final_result
            'Registered, confirmation 4711'
        """
        return self._read(task_id)

    def wait_for_completion(
        self, task_id: str, timeout_seconds: float = 1_800.0, poll_interval_seconds: float = 0.5
    ) -> TaskResult:
        """Wait until the task is over, or the time is up; returns the task as it is then.

        Look at `is_complete`: a task still running or escalated to a human is returned as such when the time is up.

        Raises:
            NoSuchTask: nobody knows it.
            ApiUnreachable: no answer.

        Example:
            >>> goals.wait_for_completion(finished_id, timeout_seconds=60).status
            <Status.COMPLETED: 'COMPLETED'>
        """
        ends = time.monotonic() + timeout_seconds
        while True:
            result = self.result_if_read(task_id)
            rest = ends - time.monotonic()
            if result is not None and (result.is_complete or rest <= 0):
                return result
            if rest <= 0:
                raise NoSuchTask(f"there is no task {task_id!r}")
            time.sleep(min(poll_interval_seconds, max(0.0, rest)))

    def result_if_read(self, task_id: str) -> TaskResult | None:
        """As `get_task_result`; none for a task so young that the readings may not hold it yet."""
        try:
            return self._read(task_id)
        except NoSuchTask:
            drawn = made_at(task_id)
            if drawn is not None and abs(datetime.now(UTC) - drawn) < _YOUNG:
                return None
            raise

    def get_task_chain_id(self, task_id: str) -> str | None:
        """The `chain_id` in the task's metadata; none when it has none.

        Example:
            >>> chained = goals.submit_goal("Pay", "https://aquatechswim.com", metadata={"chain_id": "eden-autumn"})
            >>> goals.get_task_chain_id(chained)
            'eden-autumn'
        """
        chain_id = self._read(task_id).metadata.get("chain_id")
        return None if chain_id is None else str(chain_id)

    def get_active_task_count(self) -> int:
        """How many tasks workers have in their hands.

        Example:
            >>> goals.get_active_task_count()
            0
        """
        return queue_status(self._door).running_tasks

    def get_queue_depth(self) -> int:
        """How many tasks wait for a worker.

        Example:
            >>> goals.get_queue_depth() >= 0
            True
        """
        return queue_status(self._door).queue_depth

    def get_metrics_summary(self) -> MetricsSummary:
        """Counts, rates, times and costs of the last thirty days.

        Example:
            >>> goals.get_metrics_summary().total_tasks_completed >= 1
            True
        """
        return metrics_summary(self._door)

    def _read(self, task_id: str, *, wait_for: str | None = None) -> TaskResult:
        return result_of_task(self._door, task_id, wait_for=wait_for)
