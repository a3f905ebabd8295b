"""What the command line draws of queues, workers and metrics. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.cli.tables import Json, moment

_COLOURS = {"ok": "green", "degraded": "yellow", "critical": "bold red"}
_STATES = {"alive": "green", "draining": "yellow", "drained": "magenta", "gone": "dim"}


def queue_status(status: Json) -> RenderableType:
    """How the queues are doing, the reasons below it."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("health", Text(status["health"], style=_COLOURS[status["health"]]))
    table.add_row("waiting", f"{status['queue_depth']}, the oldest for {_seconds(status['oldest_waiting_seconds'])}")
    table.add_row("running", f"{status['running_tasks']} on {status['workers']} workers")
    at_rest = f"{status['paused_tasks']} paused, {status['escalated_tasks']} with a human"
    table.add_row("at rest", f"{at_rest}, {status['recovering_tasks']} recovering")
    table.add_row("today", f"{status['completed_today']} completed, {status['failed_today']} failed")
    waited, took = _seconds(status["avg_wait_time_seconds"]), _seconds(status["avg_completion_time_seconds"])
    table.add_row("on average", f"waited {waited}, took {took} (last 24 hours)")
    reasons = [Text(f"- {reason}", style=_COLOURS[status["health"]]) for reason in status["health_reasons"]]
    queues: list[RenderableType] = [Text(""), queue_list(status["queues"])] if status["queues"] else []
    return Group(table, *reasons, *queues)


def queue_list(queues: Iterable[Json]) -> Table:
    """Queues, one line each."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("queue", "state", "waiting", "running", "at most", "per site", "per account", "reason"):
        table.add_column(name, justify="left" if name in {"queue", "state", "reason"} else "right")
    for queue in queues:
        limits = [_limit(queue["ceilings"][name]) for name in ("running", "per_site", "per_account")]
        state = Text("paused", style="magenta") if queue["paused"] else Text("open", style="green")
        counts = [str(queue["waiting"]), str(queue["running"])]
        table.add_row(escape(queue["name"]), state, *counts, *limits, escape(queue["reason"] or ""))
    return table


def worker_list(workers: Iterable[Json]) -> Table:
    """Workers, one line each."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("worker", "state", "holds", "of", "load", "queues", "host", "last heard", "reason"):
        table.add_column(name, no_wrap=name == "worker", justify="right" if name in {"holds", "of", "load"} else "left")
    for worker in workers:
        table.add_row(
            escape(worker["worker"]),
            Text(worker["state"], style=_STATES[worker["state"]]),
            str(worker["holding"]),
            str(worker["capacity"]),
            f"{worker['load']:.0f} %",
            escape(" ".join(worker["queues"])),
            escape(worker["host"]),
            moment(worker["last_seen"]),
            escape(worker["drained_reason"] or ""),
        )
    return table


def metrics_view(metrics: Json) -> RenderableType:
    """The sum of all days, then a line for each, then who was asked."""
    summary = metrics["summary"]
    ended = f"{summary['total_tasks_completed']} completed, {summary['total_tasks_failed']} failed"
    head = Table.grid(padding=(0, 2))
    head.add_column(style="bold", no_wrap=True)
    head.add_column()
    head.add_row("days", f"{metrics['date_from']} to {metrics['date_to']} (UTC)")
    head.add_row("tasks", f"{ended}: {_percent(summary['success_rate'])} success")
    head.add_row("on average", f"{_seconds(summary['avg_task_time_seconds'])}, {_usd(summary['avg_task_cost'])}")
    head.add_row("in all", _usd(summary["total_cost"]))
    head.add_row("cached paths", f"{_percent(summary['cache_hit_rate'])} of the completed tasks")
    head.add_row("recoveries", f"{_percent(summary['recovery_rate'])} held")
    parts: list[RenderableType] = [head, Text(""), _days(metrics["metrics_by_date"])]
    if metrics["ai_routing_breakdown"]:
        parts.append(_providers(metrics["ai_routing_breakdown"]))
    return Group(*parts)


def _days(rows: Iterable[Json]) -> RenderableType:
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("date", "completed", "failed", "time", "cost", "cached", "recoveries", "held"):
        table.add_column(name, justify="left" if name == "date" else "right")
    for row in rows:
        table.add_row(
            row["date"],
            str(row["completed"]),
            str(row["failed"]),
            _seconds(row["avg_time"]),
            _usd(row["avg_cost"]),
            _percent(row["cache_hit_rate"]),
            str(row["recovery_attempts"]),
            _percent(row["recovery_success_rate"]),
        )
    return table if table.row_count else Text("no task ended on these days", style="dim")


def _providers(shares: Json) -> Table:
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("acted", "times", "reported", "priced", "unpriced tokens"):
        table.add_column(name, justify="left" if name == "acted" else "right")
    for name, share in sorted(shares.items()):
        priced = "unpriced" if share["priced_cost"] is None else _usd(share["priced_cost"])
        unpriced = f"{share['unpriced_tokens']:,}" if share["unpriced_tokens"] else ""
        table.add_row(escape(name), str(share["count"]), _usd(share["cost"]), priced, unpriced)
    return table


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _usd(value: float | None) -> str:
    return "-" if value is None else f"${value:.3f}"


def _limit(value: int | None) -> str:
    return "-" if value is None else str(value)
