"""The views that sum up, on hand-made histories: exact rows, and NULL where there is nothing to divide by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from events.facts import RecoveryPlanned, TaskCancelled, TaskEscalated, TaskFact, TaskFailed, TaskRecovered
from events.failure import ErrorType, Strategy
from projections.queries import Readings
from projections.store import Store
from tests.unit.projections.log import (
    TOPICS,
    Log,
    TaskLog,
    at,
    claimed,
    completed,
    cost,
    read,
    started,
    step,
    submitted,
)

DAY, HOUR = 24 * 3_600, 3_600
FIRST, SECOND, THIRD = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)
COVERED = RecoveryPlanned(
    lease_epoch=1,
    error_type=ErrorType.MODAL,
    error_message="covered",
    strategy=Strategy.CLOSE_MODAL_AND_RETRY,
    attempt_number=1,
    retry_at=at(60),
    same_session=True,
    lease_until=at(90),
)
SLOW = COVERED.model_copy(update={"error_type": ErrorType.TIMEOUT, "strategy": Strategy.WAIT_AND_RETRY})
HELD = TaskRecovered(lease_epoch=1, attempt_number=1, lease_until=at(99))
STUCK = TaskEscalated(error_type=ErrorType.TIMEOUT, error_message="slow")
DOWN = TaskFailed(error_type=ErrorType.SITE_DOWN, error_message="down")
CACHED = completed(cached_path_used=True, cache_time_saved_seconds=4.5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with store.cursor() as cursor:
        return cursor.execute(sql).fetchall()


def t(seconds: float) -> datetime:
    """As the file keeps it: UTC without zone."""
    return at(seconds).replace(tzinfo=None)


def lived(store: Store, log: Log, *facts: TaskFact, begins: float = 0, **goal: Any) -> TaskLog:
    """A task that was submitted a second after `begins`, with a fact every second."""
    task = log.task()
    task.seconds = begins
    read(store, task.facts(submitted(**goal), *facts))
    return task


def test_days_as_the_api_tells_them(store: Store) -> None:
    log = Log()
    done = lived(store, log, claimed(), started(), COVERED, HELD, CACHED)
    read(store, done.steps(step(1, cost=0.25)))
    lived(store, log, claimed(), started(), completed())
    lived(store, log, claimed(), started(), SLOW, DOWN)
    lived(store, log, claimed(), started(), DOWN, begins=DAY)
    given_up = lived(store, log, TaskCancelled(), begins=2 * DAY)
    read(store, given_up.steps(cost(0.5)))
    lived(store, log, claimed(), started(), STUCK, begins=2 * DAY)
    found = rows(store, "SELECT * FROM v_daily_metrics ORDER BY day")

    first = (FIRST, 2, 1, 0, 200 / 3, 2.0, Decimal("0.25"), 0.25 / 3, 1, 50.0, 2, 1, 50.0)
    second = (SECOND, 0, 1, 0, 0.0, 1.0, Decimal(0), 0.0, 0, None, 0, 0, None)
    third = (THIRD, 0, 0, 1, None, None, Decimal(0), None, 0, None, 0, 0, None)
    assert [pytest.approx(row) for row in found] == [first, second, third]
    told = Readings(store.cursor).metrics(FIRST, SECOND).metrics_by_date
    for row, said in zip(found[:2], told, strict=True):
        same = (said.date, said.completed, said.failed, said.avg_time, said.avg_cost, said.cache_hit_rate)
        assert pytest.approx((*same, said.recovery_attempts, said.recovery_success_rate)) == tuple(
            row[place] for place in (0, 1, 2, 5, 7, 9, 10, 12)
        )


def test_failures_by_site(store: Store) -> None:
    log = Log()
    lived(store, log, claimed(), started(), SLOW, HELD, SLOW, STUCK)
    lived(store, log, claimed(), started(), SLOW, HELD, completed())
    lived(store, log, claimed(), started(), DOWN, site_url="https://music.example")
    lived(store, log, claimed(), started(), completed(), site_url="https://fine.example")

    assert rows(store, "SELECT * FROM v_failures_by_site ORDER BY site") == [
        ("aquatechswim.com", "timeout", 4, 3, 1, 0, 2, t(7)),
        ("music.example", "site_down", 1, 0, 0, 1, 1, t(4)),
    ]


def test_recoveries_by_strategy(store: Store) -> None:
    log = Log()
    lived(store, log, claimed(), started(), COVERED, HELD, COVERED, HELD, COVERED)
    lived(store, log, claimed(), started(), COVERED, STUCK)
    lived(store, log, claimed(), started(), SLOW, begins=100)

    assert rows(store, "SELECT * FROM v_recovery_by_strategy ORDER BY 1") == [
        ("close_modal_and_retry", 4, 2, 1, 1, 200 / 3, 1.0, t(8)),
        ("wait_and_retry", 1, 0, 0, 1, None, None, t(104)),
    ]


def test_what_known_paths_saved(store: Store) -> None:
    log = Log()
    lived(store, log, claimed(), started(), COVERED, HELD, CACHED)
    lived(store, log, claimed(), started(), completed())
    lived(store, log, claimed(), started(), completed())
    lived(store, log, claimed(), started(), completed(), begins=DAY)
    lived(store, log, claimed(), started(), DOWN)

    assert rows(store, "SELECT * FROM v_cache_savings ORDER BY day") == [
        (FIRST, "aquatechswim.com", 3, 1, 100 / 3, 4.5, 3.0, 1.0),
        (SECOND, "aquatechswim.com", 1, 0, 0.0, 0.0, None, 1.0),
    ]


def test_cost_by_provider(store: Store) -> None:
    log = Log()
    task = lived(store, log, claimed(), started())
    asked = {"ai_level": 2, "ai_used": "claude", "model": "known", "input_tokens": 1_000_000, "output_tokens": 100}
    read(store, task.steps(step(1, ai_used="rules"), step(2, **asked, cost=3.5), step(3, **asked)))
    read(store, task.steps(step(4, **{**asked, "model": "new"}, cost=1.0), cost(0.5)))
    with store.cursor() as cursor:
        cursor.execute(
            "INSERT INTO prices VALUES ('claude', 'known', '-infinity', 'infinity', 0, 1440, -1, 2147483647,"
            " 3, 15, 0, NULL, 'a test')"
        )
    found = rows(store, "SELECT * FROM v_cost_by_provider ORDER BY provider, model")

    assert found == [
        (FIRST, "claude", "known", 2, 1, 2_000_000, 200, Decimal("3.5"), Decimal("6.003"), 0),
        (FIRST, "claude", "new", 1, 1, 1_000_000, 100, Decimal(1), None, 1),
        (FIRST, "claude", None, 1, 1, 0, 0, Decimal("0.5"), None, 1),
        (FIRST, "rules", None, 1, 1, 0, 0, Decimal(0), Decimal(0), 0),
    ]


def test_latency_by_hour(store: Store) -> None:
    log = Log()
    for seconds in (10, 20, 40):
        task = lived(store, log, claimed())
        task.seconds = seconds
        read(store, task.facts(started()))  # ten seconds after the start of the one before
        task.seconds = 100 + 2 * seconds
        read(store, task.facts(completed()))
    lived(store, log, claimed(), started(), DOWN, begins=HOUR)
    lived(store, log, TaskFailed(error_type=ErrorType.EXPIRED, error_message="not started"), begins=HOUR)
    lived(store, log, claimed(), started(), TaskCancelled(), begins=HOUR)
    found = rows(store, "SELECT * FROM v_latency_hourly ORDER BY hour")

    waits, runs = (20, 38, 39.6), (120, 138, 139.6)
    assert found == [
        (t(0), 3, *map(pytest.approx, waits), *map(pytest.approx, runs)),
        (t(HOUR), 1, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0),
    ]


def test_what_workers_did(store: Store) -> None:
    log = Log()
    read(store, [log.alive("w1", 1, capacity=4), log.alive("idle", 2, capacity=0)])
    first = lived(store, log, claimed(), started(), completed())
    read(store, first.steps(step(1, duration_ms=500), step(2, duration_ms=250)))
    lived(store, log, claimed(), started(), COVERED.model_copy(update={"same_session": False}))
    held = lived(store, log, claimed(), started())
    read(store, held.steps(step(1, duration_ms=60_000)))
    lived(store, log, claimed(worker="gone"))
    asked = (
        "worker, capacity, last_seen, holding, holding_rate, leases, completed, leased_seconds, steps, acting_seconds"
    )
    found = rows(store, f"SELECT {asked}, acting_rate FROM v_worker_utilisation ORDER BY worker")

    assert found == [
        ("gone", None, None, 1, None, 0, 0, 0.0, 0, 0.0, None),
        ("idle", 0, t(2), 0, None, 0, 0, 0.0, 0, 0.0, None),
        ("w1", 4, t(1), 1, 25.0, 2, 1, 4.0, 2, 0.75, 18.75),
    ]


def test_how_far_the_file_has_read(store: Store) -> None:
    log = Log()
    task = lived(store, log)
    assert rows(store, "SELECT heard_at FROM v_projection_lag") == [(t(1),)]
    read(
        store,
        [*task.steps(step(1)), log.alive("w1", 5), *task.facts(claimed()), log.append(TOPICS.task_events, 0, b"?")],
    )
    asked = 'topic, "partition", next_offset, taken, undecodable, newest_at, heard_at'
    found = rows(store, f"SELECT {asked} FROM v_projection_lag ORDER BY topic")

    assert found == [
        (TOPICS.step_events, 0, 1, 1, 0, None, t(5)),
        (TOPICS.task_events, 0, 3, 2, 1, t(2), t(5)),
        (TOPICS.workers_alive, 0, 1, 1, 0, t(5), t(5)),
    ]
    ages = rows(store, "SELECT newest_age_seconds - heard_age_seconds FROM v_projection_lag ORDER BY topic")
    assert ages == [(None,), (pytest.approx(3.0),), (pytest.approx(0.0),)], (
        "both are counted from the same moment, that of the query"
    )
