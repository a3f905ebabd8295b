"""Draws the usual pictures of a snapshot: `python docs/analysts/pictures.py SNAPSHOT FOLDER`.

Stands alone: it needs matplotlib and any DuckDB from 1.0 on, and nothing else of Goaltrail. Copy it and change the queries.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import matplotlib as mpl

mpl.use("Agg")  # files, no window: before pyplot is imported

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

Columns = dict[str, list[Any]]

_WIDTH, _HEIGHT, _DPI = 10.0, 4.5, 120
_STATUSES = (("completed", "tab:green"), ("failed", "tab:red"), ("cancelled", "tab:gray"))
_HOURS = "FROM v_latency_hourly WHERE hour > (SELECT max(hour) FROM v_latency_hourly) - INTERVAL 14 DAY ORDER BY hour"
_STRATEGIES = "FROM v_recovery_by_strategy ORDER BY planned"
_DAYS = "FROM v_daily_metrics WHERE day > (SELECT max(day) FROM v_daily_metrics) - 60 ORDER BY day"
_COSTS = """
SELECT day, provider, sum(reported_cost)::DOUBLE AS cost
FROM v_cost_by_provider GROUP BY day, provider HAVING sum(reported_cost) > 0 ORDER BY day, provider
"""
_SAVINGS = """
SELECT day, sum(saved_seconds) / 3600 AS hours, sum(cache_hits) * 100 / sum(completed) AS hit_rate
FROM v_cache_savings GROUP BY day ORDER BY day
"""


def tasks_per_day(axes: Axes, days: Columns) -> None:
    """Tasks by the day of their end, stacked by how they ended."""
    below = [0] * len(days["day"])
    for status, colour in _STATUSES:
        axes.bar(days["day"], days[status], bottom=below, label=status, color=colour)
        below = [under + more for under, more in zip(below, days[status], strict=True)]
    axes.set_ylabel("tasks")
    axes.legend()


def latency_by_hour(axes: Axes, hours: Columns) -> None:
    """Half, 95 % and 99 % of the tasks that ended in an hour ran no longer than this."""
    for share in ("p50", "p95", "p99"):
        axes.plot(hours["hour"], hours[f"run_{share}_seconds"], marker=".", label=share)
    axes.set_ylabel("seconds from start to end")
    axes.set_ylim(bottom=0)
    axes.legend()


def cost_by_provider(axes: Axes, costs: Columns) -> None:
    """USD as reported, by the day of the use, stacked by provider."""
    days = sorted(set(costs["day"]))
    spent = dict(zip(zip(costs["day"], costs["provider"], strict=True), costs["cost"], strict=True))
    below = [0.0] * len(days)
    for provider in sorted(set(costs["provider"])):
        heights = [spent.get((day, provider), 0.0) for day in days]
        axes.bar(days, heights, bottom=below, label=provider)
        below = [under + more for under, more in zip(below, heights, strict=True)]
    axes.set_ylabel("USD")
    axes.legend()


def recoveries_by_strategy(axes: Axes, strategies: Columns) -> None:
    """How many recoveries held, by strategy."""
    names, left = strategies["recovery_strategy"], [0] * len(strategies["planned"])
    for outcome, colour in (("held", "tab:green"), ("did_not_hold", "tab:red"), ("undecided", "tab:gray")):
        axes.barh(names, strategies[outcome], left=left, label=outcome.replace("_", " "), color=colour)
        left = [before + more for before, more in zip(left, strategies[outcome], strict=True)]
    axes.set_xlabel("recoveries")
    axes.legend()


def cache_savings(axes: Axes, savings: Columns) -> None:
    """Hours that known paths saved, and how many of the completed tasks used one."""
    axes.bar(savings["day"], savings["hours"], color="tab:blue")
    axes.set_ylabel("hours saved", color="tab:blue")
    rate = axes.twinx()
    rate.plot(savings["day"], savings["hit_rate"], color="tab:orange", marker="o")
    rate.set_ylim(0, 100)
    rate.set_ylabel("hit rate, %", color="tab:orange")


PICTURES: tuple[tuple[str, str, Callable[[Axes, Columns], None]], ...] = (
    ("Tasks per day", _DAYS, tasks_per_day),
    ("Latency by hour", _HOURS, latency_by_hour),
    ("Cost by provider", _COSTS, cost_by_provider),
    ("Recoveries by strategy", _STRATEGIES, recoveries_by_strategy),
    ("Cache savings", _SAVINGS, cache_savings),
)


def draw(snapshot: Path, folder: Path) -> list[Path]:
    """One PNG per picture; one that has nothing to show says so."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        return [_picture(connection, title, sql, into, folder) for title, sql, into in PICTURES]


def _picture(
    connection: duckdb.DuckDBPyConnection, title: str, sql: str, into: Callable[[Axes, Columns], None], folder: Path
) -> Path:
    asked = connection.execute(sql)
    names = [column[0] for column in asked.description or []]
    rows = asked.fetchall()
    figure, axes = plt.subplots(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes.set_title(title)
    if rows:
        into(axes, {name: [row[place] for row in rows] for place, name in enumerate(names)})
    else:
        axes.text(0.5, 0.5, "nothing yet", ha="center", transform=axes.transAxes)
    path = folder / f"{title.lower().replace(' ', '-')}.png"
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)
    return path


if __name__ == "__main__":
    for drawn in draw(Path(sys.argv[1]), Path(sys.argv[2])):
        print(drawn)
