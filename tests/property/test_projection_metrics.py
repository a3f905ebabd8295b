"""Metrics, queue status and recoveries equal a plain recount of the facts, however the log was cut and interleaved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events.chain import EMPTY, follows, take
from events.envelope import Envelope
from events.facts import RecoveryPlanned, TaskCompleted, TaskEscalated, TaskFailed, TaskRecovered, UnknownFact
from events.task import Finished, Status, Unknown, lease_of, status_of
from projections.queries import Readings
from projections.queue_answers import Metrics
from projections.records import Record
from projections.store import Store
from tests.property.test_projection_status import fact
from tests.unit.projections.log import START, TOPICS, Log, TaskLog, claimed, cost, read, started, step, submitted

DAY = 24 * 3600
FROM, TO = START.date(), START.date() + timedelta(days=400)


@dataclass
class Life:
    """One task's records, and what a recount makes of them."""

    log: TaskLog
    reported: dict[str, tuple[str, Fraction]] = field(default_factory=dict)  #: event -> provider and USD
    tried: int = 0
    held: int = 0
    outcomes: list[bool | None] = field(default_factory=list)
    cached: bool = False


def a_life(random: Random, log: Log) -> tuple[Life, list[Record]]:
    """Any facts at all, late writers' among them, and steps of which some come twice."""
    task = log.task(random.randrange(2))
    life, records = Life(task), []
    usual = [submitted(), claimed(), started()] if random.random() < 0.7 else [submitted()]
    ending = [TaskCompleted(cached_path_used=random.random() < 0.5)] if random.random() < 0.6 else []
    for event in [*usual, *(fact(random) for _ in range(random.randrange(12))), *ending]:
        task.seconds += random.choice([0, 0.25, 3, DAY, 9 * DAY])
        late = task.link(UnknownFact(type="late"))
        records += task.facts(event)
        if random.random() < 0.1:
            records.append(log.append(TOPICS.task_events, task.partition, late))
    for number in range(random.randrange(6)):
        provider, usd = random.choice(["rules", "claude", "ollama"]), random.choice([0.0, 0.001, 0.0000001, 0.3])
        report = step(number, ai_used=provider, cost=usd) if random.random() < 0.7 else cost(usd, provider)
        event_id = f"{task.task_id}-{number}"
        life.reported[event_id] = (provider, Fraction(str(f"{usd:.9f}")))
        for _ in range(random.choice([1, 1, 2])):
            records += task.steps(report, event_id=event_id)
    return life, records


def shuffled(random: Random, records: list[Record]) -> Iterator[list[Record]]:
    """Batches in which every partition keeps its order; some records come again."""
    waiting = {place: [r for r in records if r.place == place] for place in {r.place for r in records}}
    batch: list[Record] = []
    while waiting:
        place = random.choice(sorted(waiting))
        batch.append(waiting[place].pop(0))
        waiting = {key: value for key, value in waiting.items() if value}
        if random.random() < 0.02:
            yield batch
            batch = batch[random.randint(0, len(batch)) :]
    yield batch


def recount(life: Life) -> tuple[Status | None, datetime | None, datetime | None]:
    """Status, start and end of the task by `evolve`; counts its recoveries on the way."""
    stream, open_recovery = EMPTY, False
    for envelope in life.log.envelopes:
        assert follows(stream, envelope)
        before, stream = stream.task, take(stream, envelope)
        event = envelope.event
        if not isinstance(envelope, Envelope) or isinstance(before, Unknown | Finished):
            continue
        won = open_recovery and (
            (isinstance(event, TaskRecovered) and lease_of(before) is not None)
            or status_of(stream.task) is Status.COMPLETED
        )
        lost = open_recovery and isinstance(event, RecoveryPlanned | TaskFailed | TaskEscalated)
        if won or lost:
            life.outcomes[-1], open_recovery = won, False
            life.held += won
        if isinstance(event, RecoveryPlanned):
            life.tried, open_recovery = life.tried + 1, True
            life.outcomes.append(None)
        if isinstance(event, TaskCompleted):
            life.cached = event.cached_path_used
    task = stream.task
    begun = None if isinstance(task, Unknown) else task.history.started_at
    return status_of(task), begun, task.ended_at if isinstance(task, Finished) else None


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.integers(0, 2**64))
def test_sums_equal_a_recount(seed: int) -> None:
    random, log = Random(seed), Log()
    lives = [a_life(random, log) for _ in range(20)]
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "a.duckdb")
        for batch in shuffled(random, [record for _, records in lives for record in records]):
            read(store, batch)
            if random.random() < 0.3:
                store.tables.compact()
        readings = Readings(store.cursor)
        compare(readings, [life for life, _ in lives])
        store.close()


def compare(readings: Readings, lives: list[Life]) -> None:
    ended: dict[date, list[tuple[Status, Life, float | None]]] = {}
    statuses: Counter[Status | None] = Counter()
    for life in lives:
        status, begun, end = recount(life)
        statuses[status] += 1
        if end is not None and status in {Status.COMPLETED, Status.FAILED}:
            seconds = None if begun is None else max(0.0, (end - begun).total_seconds())
            ended.setdefault(end.date(), []).append((status, life, seconds))
        recoveries = readings.recoveries(life.log.task_id)
        assert [recovery.was_successful for recovery in recoveries] == life.outcomes
    compare_metrics(readings.metrics(FROM, TO), ended)
    now = START + timedelta(days=500)
    queue = readings.queue_status(now)
    counted = (queue.pending_tasks, queue.paused_tasks, queue.escalated_tasks, queue.recovering_tasks)
    wanted = (Status.PENDING, Status.PAUSED, Status.ESCALATED, Status.RECOVERY)
    assert counted == tuple(statuses[status] for status in wanted)
    assert queue.running_tasks == sum(statuses[s] for s in (Status.CLAIMED, Status.IN_PROGRESS, Status.RECOVERED))


def compare_metrics(metrics: Metrics, ended: dict[date, list[tuple[Status, Life, float | None]]]) -> None:
    assert [row.date for row in metrics.metrics_by_date] == sorted(ended)
    for row in metrics.metrics_by_date:
        tasks = ended[row.date]
        done = [life for status, life, _ in tasks if status is Status.COMPLETED]
        times = [seconds for _, _, seconds in tasks if seconds is not None]
        assert (row.completed, row.failed) == (len(done), len(tasks) - len(done))
        assert row.avg_time == (pytest.approx(sum(times) / len(times)) if times else None)
        assert row.avg_cost == pytest.approx(float(sum(spent(life) for _, life, _ in tasks) / len(tasks)), abs=1e-9)
        assert row.cache_hit_rate == (sum(life.cached for life in done) * 100 / len(done) if done else None)
        tried, held = sum(life.tried for _, life, _ in tasks), sum(life.held for _, life, _ in tasks)
        assert row.recovery_attempts == tried
        assert row.recovery_success_rate == (held * 100 / tried if tried else None)
    everyone = [life for tasks in ended.values() for _, life, _ in tasks]
    providers = Counter(provider for life in everyone for provider, _ in life.reported.values())
    assert {name: share.count for name, share in metrics.ai_routing_breakdown.items()} == providers
    total = float(sum(spent(life) for life in everyone))
    assert metrics.summary.total_cost == pytest.approx(total, abs=1e-9)
    assert sum(share.cost for share in metrics.ai_routing_breakdown.values()) == pytest.approx(total, abs=1e-9)


def spent(life: Life) -> Fraction:
    return sum((usd for _, usd in life.reported.values()), Fraction())
