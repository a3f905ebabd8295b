"""What tasks that ended add to the sums of their day; sums of whole numbers, so that order does not show. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from events.steps import CostReported, StepExecuted
from projections.price_keys import price_key
from projections.step_fold import nano_usd, usd
from projections.task_row import Row, TaskRow, utc

_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class _Tasks:
    tasks: int = 0
    timed: int = 0
    time_us: int = 0
    cached: int = 0
    recovery_attempts: int = 0
    recoveries_succeeded: int = 0


@dataclass(slots=True)
class _Spend:
    items: int = 0
    cost: int = 0  #: nano-dollars
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(slots=True)
class DailySums:
    """What one batch adds to the days.

    What an ended task had cost before is only known to the store, which is told the tasks; what comes for a task that
    ended in an earlier batch is added here.
    """

    ended_tasks: dict[str, Row] = field(default_factory=dict)  #: task id -> task id, day, status
    _tasks: dict[tuple[date, str], _Tasks] = field(default_factory=dict)
    _spend: dict[tuple[date, str, str, str | None, datetime | None, int | None], _Spend] = field(default_factory=dict)

    def ended(self, row: TaskRow) -> None:
        """Count a task whose last fact was taken just now."""
        if row.status is None or row.completed_at is None:
            return
        day, status = row.completed_at.date(), row.status.value
        self.ended_tasks[row.task_id] = (row.task_id, day, status)
        sums = self._tasks.setdefault((day, status), _Tasks())
        sums.tasks += 1
        if row.started_at is not None:
            sums.timed += 1
            sums.time_us += max(0, (row.completed_at - row.started_at) // _MICROSECOND)
        sums.cached += row.cached_path_used
        sums.recovery_attempts += row.recovery_attempts
        sums.recoveries_succeeded += row.recoveries_succeeded

    def late(self, row: TaskRow, event: StepExecuted | CostReported, recorded_at: datetime) -> None:
        """Count a step or a cost of a task that has ended."""
        if row.task_id in self.ended_tasks or row.status is None or row.completed_at is None:
            return  # the store adds up all steps of a task that ends
        provider = event.ai_used if isinstance(event, StepExecuted) else event.ai_provider
        tokens = event.input_tokens + event.output_tokens
        used = price_key(event.input_tokens, utc(recorded_at)) if tokens else (None, None)
        key = (row.completed_at.date(), row.status.value, provider, event.model, *used)
        sums = self._spend.setdefault(key, _Spend())
        sums.items += 1
        sums.cost += nano_usd(event.cost)
        sums.input_tokens += event.input_tokens
        sums.output_tokens += event.output_tokens

    def task_rows(self) -> list[Row]:
        """As rows of `daily_tasks`."""
        return [
            (*key, s.tasks, s.timed, s.time_us, s.cached, s.recovery_attempts, s.recoveries_succeeded)
            for key, s in self._tasks.items()
        ]

    def spend_rows(self) -> list[Row]:
        """As rows of `daily_spend`, without the tasks in `ended_tasks`."""
        return [(*key, s.items, usd(s.cost), s.input_tokens, s.output_tokens) for key, s in self._spend.items()]
