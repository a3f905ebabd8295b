"""Answers about what tasks did per day, week or month (mission.md §7 and §8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from projections.price_queries import known_cost
from projections.queue_answers import AiShare, GroupBy, Metrics, MetricsRow, MetricsSummary
from projections.reading import Reading, Row


class MetricsReadings(Reading):
    """Sums of the days, which the fold keeps; they equal a recount of the log."""

    def metrics(self, date_from: date, date_to: date, group_by: GroupBy = "day") -> Metrics:
        """Tasks that completed or failed on these days, both included; UTC day of the end."""
        days = {"from": date_from, "to": date_to}
        rows = self._rows(_BY_DATE, {**days, "unit": group_by})
        summed: Row = tuple(sum(row[column] for row in rows) for column in range(1, 9)) if rows else (0,) * 8
        shares = self._rows(_BY_PROVIDER, days)
        breakdown = {row[0]: _share_of(row) for row in shares}
        return Metrics(_priced(_summary(summed), breakdown), [_row(row) for row in rows], breakdown)


#: Tasks and spend meet after both are summed, as one task has many providers.
_BY_DATE = """
WITH done AS (
    SELECT date_trunc($unit, day)::DATE AS period,
           sum(tasks) FILTER (status = 'COMPLETED') AS completed, sum(tasks) FILTER (status = 'FAILED') AS failed,
           sum(cached) FILTER (status = 'COMPLETED') AS cached, sum(timed) AS timed, sum(time_us) AS time_us,
           sum(recovery_attempts) AS tried, sum(recoveries_succeeded) AS held
    FROM daily_tasks WHERE day BETWEEN $from AND $to AND status <> 'CANCELLED' GROUP BY period
),
spent AS (
    SELECT date_trunc($unit, day)::DATE AS period, sum(cost) AS cost
    FROM daily_spend WHERE day BETWEEN $from AND $to AND status <> 'CANCELLED' GROUP BY period
)
SELECT period, coalesce(completed, 0)::BIGINT, coalesce(failed, 0)::BIGINT, coalesce(cached, 0)::BIGINT,
       timed::BIGINT, time_us::BIGINT, tried::BIGINT, held::BIGINT, coalesce(cost, 0)
FROM done LEFT JOIN spent USING (period) ORDER BY period
"""
_BY_PROVIDER = """
SELECT provider, sum(items)::BIGINT, sum(reported_cost), sum(priced_cost), sum(unpriced_tokens)::BIGINT,
       sum(unpriced_reported_cost)
FROM v_daily_spend WHERE day BETWEEN $from AND $to AND status <> 'CANCELLED' GROUP BY provider ORDER BY provider
"""


def _share_of(row: Row) -> AiShare:
    _, count, cost, priced, tokens, unpriced = row
    known = known_cost(priced or Decimal(0), some_unpriced=bool(tokens or unpriced))
    return AiShare(count, float(cost), known, tokens, float(unpriced))


def _priced(summary: MetricsSummary, shares: dict[str, AiShare]) -> MetricsSummary:
    """The summary with what all providers cost at the prices there are."""
    priced = sum(Decimal(str(share.priced_cost or 0)) for share in shares.values())
    tokens = sum(share.unpriced_tokens for share in shares.values())
    unpriced = sum(share.unpriced_cost for share in shares.values())
    known = known_cost(Decimal(priced), some_unpriced=bool(tokens or unpriced))
    return replace(summary, priced_cost=known, unpriced_tokens=tokens, unpriced_cost=unpriced)


def _summary(sums: Row) -> MetricsSummary:
    completed, failed, cached, timed, time_us, tried, held, cost = sums
    return MetricsSummary(
        total_tasks_completed=completed,
        total_tasks_failed=failed,
        success_rate=_percent(completed, completed + failed),
        avg_task_time_seconds=_share(time_us / 1e6, timed),
        avg_task_cost=_share(cost, completed + failed),
        total_cost=float(cost),
        cache_hit_rate=_percent(cached, completed),
        recovery_rate=_percent(held, tried),
    )


def _row(row: Row) -> MetricsRow:
    period, completed, failed, cached, timed, time_us, tried, held, cost = row
    return MetricsRow(
        date=period,
        completed=completed,
        failed=failed,
        avg_time=_share(time_us / 1e6, timed),
        avg_cost=_share(cost, completed + failed),
        cache_hit_rate=_percent(cached, completed),
        recovery_attempts=tried,
        recovery_success_rate=_percent(held, tried),
    )


def _percent(part: int, whole: int) -> float | None:
    return part * 100 / whole if whole else None


def _share(total: Any, among: int) -> float | None:
    return float(total) / among if among else None
