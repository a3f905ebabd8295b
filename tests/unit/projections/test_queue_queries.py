"""What is answered of queues, workers and days, over a real DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from events.facts import RecoveryPlanned, TaskCancelled, TaskEscalated, TaskFact, TaskFailed, TaskPaused, TaskRecovered
from events.failure import ErrorType, Strategy
from events.queues import (
    Ceilings,
    CeilingsSet,
    DispatchEnvelope,
    DispatchFact,
    QueuePaused,
    QueueResumed,
    WorkerDrained,
    WorkerResumed,
)
from events.worker import WorkerAlive
from projections.queries import Readings
from projections.queue_answers import AiShare, GroupBy, QueueCeilings
from projections.records import Record
from projections.store import Store
from tests.unit.projections.log import (
    START,
    TOPICS,
    Log,
    at,
    claimed,
    completed,
    cost,
    read,
    started,
    step,
    submitted,
)

HOUR, DAY = 3_600, 24 * 3_600
PLANNED = RecoveryPlanned(
    lease_epoch=1,
    error_type=ErrorType.AUTH,
    error_message="logged out",
    evidence={"url": "/login"},
    strategy=Strategy.RE_AUTHENTICATE,
    attempt_number=1,
    retry_at=at(50),
)
KEPT = PLANNED.model_copy(update={"same_session": True, "lease_until": at(80)})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "a.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def readings(store: Store) -> Readings:
    return Readings(store.cursor)


class Orders:
    """Appends facts of `queues.events`, chained per subject."""

    def __init__(self, log: Log) -> None:
        self.log, self.last = log, dict[str, DispatchEnvelope]()

    def link(self, subject: str, event: DispatchFact) -> DispatchEnvelope:
        before = self.last.get(subject)
        return DispatchEnvelope(
            event_id=uuid4().hex,
            follows=None if before is None else before.event_id,
            subject=subject,
            version=1 if before is None else before.version + 1,
            command_offset=0,
            recorded_at=at(0),
            causation_id="c",
            event=event,
        )

    def record(self, fact: DispatchEnvelope) -> Record:
        return self.log.append(TOPICS.queue_events, 0, fact)

    def fact(self, subject: str, event: DispatchFact) -> Record:
        self.last[subject] = self.link(subject, event)
        return self.record(self.last[subject])


def test_nothing_happened_yet(readings: Readings) -> None:
    status = readings.queue_status(at(0))

    assert (status.queue_depth, status.running_tasks, status.completed_today, status.queues) == (0, 0, 0, [])
    assert (status.avg_wait_time_seconds, status.avg_completion_time_seconds) == (None, None)
    assert status.oldest_waiting_seconds is None


def test_every_status_is_counted(store: Store, readings: Readings) -> None:
    log = Log()
    running: list[TaskFact] = [submitted(), claimed(), started()]
    waits: list[TaskFact] = [submitted(queue="swim"), claimed(), started(), PLANNED]
    escalation = TaskEscalated(error_type=ErrorType.TIMEOUT, error_message="slow")
    lives: list[list[TaskFact]] = [
        [submitted()],
        [submitted(queue="swim")],
        [submitted(), claimed()],
        running,
        waits,
        [*running, KEPT],
        [*running, KEPT, TaskRecovered(lease_epoch=1, attempt_number=1, lease_until=at(90))],
        [submitted(), TaskPaused()],
        [*running, escalation],
        [*running, completed()],
        [*running, TaskFailed(error_type=ErrorType.SITE_DOWN, error_message="gone")],
        [submitted(), TaskCancelled()],
    ]
    read(store, [record for life in lives for record in log.task().facts(*life)])
    status = readings.queue_status(at(30))

    assert (status.pending_tasks, status.running_tasks, status.recovering_tasks) == (2, 3, 2)
    assert (status.queue_depth, status.paused_tasks, status.escalated_tasks) == (3, 1, 1)
    assert (status.completed_today, status.failed_today) == (1, 1)
    assert readings.queue_status(at(13 * HOUR)).completed_today == 0
    assert status.oldest_waiting_seconds == 29.0
    assert [(q.name, q.waiting, q.running, q.paused) for q in status.queues] == [
        ("default", 1, 4, False),
        ("swim", 2, 0, False),
    ]


def test_waiting_and_completion_times_are_those_of_the_last_day(store: Store, readings: Readings) -> None:
    log = Log()
    ended = []
    for submitted_at, started_at, ended_at in [(0, 10, 40), (0, 30, 40), (-2 * DAY, 0, -2 * DAY + 500)]:
        task = log.task()
        task.seconds = submitted_at - 1
        ended += task.facts(submitted(not_before=at(4)), claimed())
        task.seconds = submitted_at + (started_at if submitted_at == 0 else 100) - 1
        ended += task.facts(started())
        task.seconds = ended_at - 1
        ended += task.facts(completed())
    never_started = log.task().facts(submitted(), TaskFailed(error_type=ErrorType.EXPIRED, error_message="not started"))
    read(store, ended + never_started)
    status = readings.queue_status(at(60))

    assert status.avg_wait_time_seconds == pytest.approx((6 + 26) / 2)
    assert status.avg_completion_time_seconds == pytest.approx((30 + 10) / 2)


def test_who_may_not_start_yet_does_not_wait(store: Store, readings: Readings) -> None:
    log = Log()
    read(store, log.task().facts(submitted(not_before=at(100))))

    assert readings.queue_status(at(50)).oldest_waiting_seconds is None
    assert readings.queue_status(at(130)).oldest_waiting_seconds == 30.0


def test_orders_about_queues_and_a_late_dispatchers(store: Store, readings: Readings) -> None:
    orders = Orders(Log())
    late = orders.link("swim", QueuePaused(reason="late"))
    ceilings = CeilingsSet(ceilings=Ceilings(running=3, per_site=1))
    records = [orders.fact("swim", ceilings), orders.fact("swim", QueuePaused(reason="site moves"))]
    tallies = read(store, [*records, orders.record(late)])
    [queue] = readings.queue_status(at(0)).queues

    assert (queue.name, queue.paused, queue.reason) == ("swim", True, "site moves")
    assert queue.ceilings == QueueCeilings(running=3, per_site=1)
    [tally] = tallies.values()
    assert (tally.taken, tally.strays) == (2, 1)

    read(store, [orders.fact("swim", QueueResumed())])
    [queue] = readings.queue_status(at(0)).queues
    assert (queue.paused, queue.reason, queue.ceilings.running) == (False, None, 3)


def test_workers_alive_draining_drained_and_gone(store: Store, readings: Readings) -> None:
    log = Log()
    orders = Orders(log)
    task = log.task()
    read(store, [log.alive("busy", 100), log.alive("idle", 100), log.alive("leaving", 100, capacity=0)])
    read(store, [*task.facts(submitted(), claimed(worker="busy")), log.alive("gone", 80)])
    read(store, [orders.fact(name, WorkerDrained(reason="update")) for name in ("busy", "idle")])
    found = {worker.worker: worker for worker in readings.workers(at(100))}

    assert {name: worker.state for name, worker in found.items()} == {
        "busy": "draining",
        "idle": "drained",
        "leaving": "drained",
    }
    assert (found["busy"].holding, found["busy"].load, found["busy"].tasks) == (1, 25.0, [task.task_id])
    assert (found["busy"].drained_reason, found["leaving"].drained_reason) == ("update", None)

    read(store, [orders.fact("idle", WorkerResumed())])
    later = {worker.worker: worker.state for worker in readings.workers(at(120))}
    assert later == {"busy": "gone"}, "gone ones are told while they hold tasks"
    everyone = {worker.worker: worker.state for worker in readings.workers(at(100), include_gone=True)}
    assert (everyone["gone"], everyone["idle"]) == ("gone", "alive")
    assert readings.workers(at(2 * DAY), include_gone=True) == []


def test_a_worker_is_seen_by_the_brokers_clock(store: Store, readings: Readings) -> None:
    log = Log()
    wrong = log.append(TOPICS.workers_alive, 0, WorkerAlive(worker="w", capacity=1, sent_at=at(-HOUR)))
    read(store, [wrong._replace(at_ms=round(at(7).timestamp() * 1_000))])
    [worker] = readings.workers(at(10))

    assert (worker.last_seen, worker.state) == (at(7), "alive")


def test_recoveries_with_their_outcomes(store: Store, readings: Readings) -> None:
    task = Log().task()
    second = PLANNED.model_copy(update={"attempt_number": 2, "strategy": Strategy.REFRESH_AND_RETRY})
    read(store, task.facts(submitted(), claimed(), started(), PLANNED))
    read(store, task.facts(claimed(2), started(2), second, claimed(3), started(3), completed(lease_epoch=3)))
    first, last = readings.recoveries(task.task_id)

    assert (first.attempt_number, first.error_type, first.error_message) == (1, "auth", "logged out")
    assert (first.recovery_strategy, first.details) == ("re_authenticate", {"url": "/login"})
    assert (first.planned_at, first.retry_at, first.same_session) == (at(4), at(50), False)
    assert (first.was_successful, first.decided_at) == (False, at(7))
    assert (last.recovery_strategy, last.was_successful, last.decided_at) == ("refresh_and_retry", True, at(10))
    answer = readings.get_task(task.task_id)
    assert answer is not None
    assert (answer.recovery_attempts, answer.recoveries_succeeded, answer.escalations) == (2, 1, 0)
    assert readings.recoveries("no id") == []


def test_metrics_of_no_day_at_all(readings: Readings) -> None:
    metrics = readings.metrics(date(2026, 1, 1), date(2026, 1, 31))

    assert (metrics.metrics_by_date, metrics.ai_routing_breakdown) == ([], {})
    assert (metrics.summary.total_tasks_completed, metrics.summary.total_cost) == (0, 0.0)
    assert (metrics.summary.success_rate, metrics.summary.avg_task_cost, metrics.summary.recovery_rate) == (None,) * 3


def test_metrics_by_day_week_and_month(store: Store, readings: Readings) -> None:
    log = Log()
    lives: list[tuple[int, TaskFact]] = [
        (0, completed(cached_path_used=True)),
        (1, TaskFailed(error_type=ErrorType.SITE_DOWN, error_message="gone")),
        (1, completed()),
        (2, TaskCancelled()),
        (30, completed()),
    ]
    for day, ending in lives:
        task = log.task()
        task.seconds = day * DAY
        steps = task.steps(step(1, cost=0.25, ai_used="claude"), step(2, ai_used="rules"))
        if day:  # steps before and after the end, and a late cost
            steps, early = steps[1:], steps[:1]
            read(store, [*early, *task.facts(submitted(), claimed(), started(), ending)])
            read(store, steps)
        else:
            read(store, [*task.facts(submitted(), claimed(), started(), ending), *steps])
        read(store, task.steps(cost(0.5, "codex")))
    # 2026-11-01, where the log begins, is a Sunday
    days = {"day": [0, 1, 30], "week": [-6, 1, 29], "month": [0, 30]}
    for unit, expected in days.items():
        group: GroupBy = unit  # type: ignore[assignment] # one of the three
        rows = readings.metrics(START.date(), at(31 * DAY).date(), group).metrics_by_date
        assert [row.date for row in rows] == [START.date() + timedelta(days=n) for n in expected], unit
    metrics = readings.metrics(START.date(), at(31 * DAY).date())
    first, second, _ = metrics.metrics_by_date
    assert (first.completed, first.failed, first.cache_hit_rate) == (1, 0, 100.0)
    assert (second.completed, second.failed, second.avg_time, second.avg_cost) == (1, 1, 1.0, 0.75)
    summary = metrics.summary
    assert (summary.total_tasks_completed, summary.total_tasks_failed, summary.success_rate) == (3, 1, 75.0)
    assert (summary.total_cost, summary.avg_task_cost) == (3.0, 0.75)
    assert summary.cache_hit_rate == pytest.approx(100 / 3)
    assert (summary.priced_cost, summary.unpriced_tokens, summary.unpriced_cost) == (None, 0, 3.0)
    assert metrics.ai_routing_breakdown == {
        "claude": AiShare(4, 1.0, priced_cost=None, unpriced_cost=1.0),  # nobody said how many tokens
        "codex": AiShare(4, 2.0, priced_cost=None, unpriced_cost=2.0),
        "rules": AiShare(4, 0.0, priced_cost=0.0),
    }
    assert readings.metrics(at(DAY).date(), at(2 * DAY).date()).summary.total_cost == 1.5
