"""Answers about queues and workers as they are now."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from events.task import RUNNING, Status
from projections.queue_answers import QueueCeilings, QueueRow, QueueStatus, WorkerAnswer, WorkerState
from projections.reading import Reading, Row, naive

GONE_AFTER = timedelta(seconds=15)  #: three heartbeats
_FORGOTTEN_AFTER = timedelta(days=1)
_AVERAGES_OVER = timedelta(hours=24)


class QueueReadings(Reading):
    """What waits, what runs, and who runs it."""

    def queue_status(self, now: datetime) -> QueueStatus:
        """The queues at `now`; today begins at midnight UTC."""
        at = naive(now)
        live = self._rows(_LIVE, {"now": at})
        counts: dict[str, int] = {}
        for _, status, _, count, _ in live:
            counts[status] = counts.get(status, 0) + count
        today: dict[str, int] = dict(self._rows(_TODAY, {"day": now.astimezone(UTC).date()}))
        ((wait, completion),) = self._rows(_AVERAGES, {"since": naive(now - _AVERAGES_OVER), "now": at})
        since = min((row[4] for row in live if row[4] is not None), default=None)
        oldest = None if since is None else max(0.0, (now - since.replace(tzinfo=UTC)).total_seconds())
        return QueueStatus(
            queue_depth=sum(row[3] for row in live if _waits(row)),
            pending_tasks=counts.get(Status.PENDING, 0),
            running_tasks=sum(counts.get(status, 0) for status in RUNNING),
            paused_tasks=counts.get(Status.PAUSED, 0),
            escalated_tasks=counts.get(Status.ESCALATED, 0),
            recovering_tasks=counts.get(Status.RECOVERY, 0),
            completed_today=today.get(Status.COMPLETED, 0),
            failed_today=today.get(Status.FAILED, 0),
            avg_wait_time_seconds=wait,
            avg_completion_time_seconds=completion,
            oldest_waiting_seconds=oldest,
            queues=_queues(live, self._rows(_QUEUE_ORDERS)),
        )

    def workers(self, now: datetime, *, include_gone: bool = False) -> list[WorkerAnswer]:
        """Workers that speak, and gone ones that hold tasks or are asked for, up to a day; the newest word first."""
        found = [_worker(row, now) for row in self._rows(_WORKERS, {"since": naive(now - _FORGOTTEN_AFTER)})]
        return [worker for worker in found if include_gone or worker.holding or worker.state != "gone"]


#: That a task has not ended is told by a look at one bit per row, and by none where all of a row group have.
_LIVE = """
SELECT queue, status, lease_until IS NOT NULL AS held, count(*),
       min(greatest(queued_at, coalesce(not_before, queued_at)))
           FILTER (status = 'PENDING' AND coalesce(not_before, queued_at) <= $now)
FROM tasks WHERE completed_at IS NULL AND status IS NOT NULL
GROUP BY queue, status, held
"""
_TODAY = "SELECT status, sum(tasks)::BIGINT FROM daily_tasks WHERE day = $day GROUP BY status"
#: A task that must not start before some moment does not wait until then; one that never started has no times at all.
_AVERAGES = """
SELECT avg(greatest(0, epoch(started_at) - epoch(greatest(created_at, coalesce(not_before, created_at))))),
       avg(greatest(0, epoch(completed_at) - epoch(started_at)))
FROM tasks
WHERE completed_at >= $since AND completed_at <= $now AND status IN ('COMPLETED', 'FAILED') AND started_at IS NOT NULL
"""
_QUEUE_ORDERS = "SELECT subject, paused, pause_reason, ceilings FROM orders WHERE is_queue"
_WORKERS = """
WITH held AS (
    SELECT worker, count(*) AS holding, list(task_id ORDER BY task_id) AS tasks
    FROM tasks WHERE lease_until IS NOT NULL GROUP BY worker
)
SELECT w.worker, host, software, queues, capacity, coalesce(holding, 0), coalesce(drained, FALSE), drained_reason,
       last_seen, tasks
FROM workers AS w LEFT JOIN held ON held.worker = w.worker LEFT JOIN orders AS o ON o.subject = w.worker
WHERE last_seen >= $since ORDER BY last_seen DESC, w.worker
"""


def _waits(row: Row) -> bool:
    _, status, held, *_ = row
    return status == Status.PENDING or (status == Status.RECOVERY and not held)


def _queues(live: list[Row], orders: list[Row]) -> list[QueueRow]:
    ordered: dict[str, Row] = {row[0]: row[1:] for row in orders}
    waiting: dict[str, int] = {}
    running: dict[str, int] = {}
    for row in live:
        queue, _, held, count, _ = row
        if _waits(row):
            waiting[queue] = waiting.get(queue, 0) + count
        elif held:
            running[queue] = running.get(queue, 0) + count
    return [
        _queue(name, ordered.get(name, (False, None, None)), waiting.get(name, 0), running.get(name, 0))
        for name in sorted(ordered.keys() | {row[0] for row in live})
    ]


def _queue(name: str, order: Row, waiting: int, running: int) -> QueueRow:
    paused, reason, ceilings = order
    limits: dict[str, Any] = json.loads(ceilings) if ceilings else {}
    return QueueRow(name, paused, reason, QueueCeilings(**limits), waiting, running)


def _worker(row: Row, now: datetime) -> WorkerAnswer:
    worker, host, software, queues, capacity, holding, drained, reason, last_seen, tasks = row
    seen = last_seen.replace(tzinfo=UTC)
    state: WorkerState = "alive"
    if now - seen > GONE_AFTER:
        state = "gone"
    elif drained or capacity == 0:
        state = "draining" if holding else "drained"
    load = holding * 100 / capacity if capacity else (100.0 if holding else 0.0)
    return WorkerAnswer(
        worker=worker,
        host=host,
        software=software,
        queues=json.loads(queues),
        capacity=capacity,
        holding=holding,
        load=load,
        state=state,
        drained_reason=reason,
        last_seen=seen,
        tasks=[str(task) for task in tasks or ()],
    )
