"""Queries to begin with, for the analysts' page: one or more for every view. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """A question, and the query that answers it."""

    view: str
    question: str
    sql: str


EXAMPLES = (
    Example(
        "v_tasks",
        "Which tasks took longest?",
        "SELECT task_id, goal, site, status, total_time_seconds, total_steps, total_cost\n"
        "FROM v_tasks WHERE total_time_seconds IS NOT NULL ORDER BY total_time_seconds DESC LIMIT 20",
    ),
    Example(
        "v_tasks",
        "How do sites compare?",
        "SELECT site, count(*) AS tasks, count(*) FILTER (status = 'COMPLETED') AS completed,\n"
        "       median(total_time_seconds) AS median_seconds\nFROM v_tasks GROUP BY site ORDER BY tasks DESC",
    ),
    Example(
        "v_task_timeline",
        "What happened to the newest task?",
        "SELECT seconds_since_submission, kind, what, result, who, details FROM v_task_timeline\n"
        "WHERE task_id = (SELECT task_id FROM v_tasks ORDER BY created_at DESC LIMIT 1)\n"
        "ORDER BY happened_at, version, step_number",
    ),
    Example(
        "v_steps",
        "Which actions go wrong most often?",
        "SELECT action, count(*) AS steps, count(*) FILTER (result = 'error') AS errors, avg(duration_ms) AS avg_ms\n"
        "FROM v_steps GROUP BY action ORDER BY errors DESC, steps DESC LIMIT 20",
    ),
    Example(
        "v_steps",
        "Which steps came after their lease?",
        "SELECT task_id, step_number, action, worker, created_at, lease_ended_at FROM v_steps\n"
        "WHERE came_after_lease ORDER BY created_at DESC LIMIT 50",
    ),
    Example(
        "v_leases",
        "How do leases end?",
        "SELECT ended_by, count(*) AS leases, avg(epoch(ended_at) - epoch(claimed_at)) AS avg_seconds\n"
        "FROM v_leases GROUP BY ended_by ORDER BY leases DESC",
    ),
    Example(
        "v_failures_by_site",
        "What fails where?",
        "FROM v_failures_by_site ORDER BY failures DESC LIMIT 20",
    ),
    Example(
        "v_recoveries", "Which recoveries are open?", "FROM v_recoveries WHERE was_successful IS NULL ORDER BY retry_at"
    ),
    Example(
        "v_recovery_by_strategy",
        "Which strategies help?",
        "FROM v_recovery_by_strategy ORDER BY planned DESC",
    ),
    Example(
        "v_escalations",
        "How long do people take?",
        "SELECT operator, resolution, count(*) AS escalations, avg(open_seconds) / 60 AS avg_minutes\n"
        "FROM v_escalations GROUP BY operator, resolution ORDER BY escalations DESC",
    ),
    Example(
        "v_daily_metrics",
        "How were the last thirty days?",
        "FROM v_daily_metrics WHERE day > (SELECT max(day) FROM v_daily_metrics) - 30 ORDER BY day",
    ),
    Example(
        "v_latency_hourly",
        "How long did tasks take, hour by hour?",
        "FROM v_latency_hourly ORDER BY hour DESC LIMIT 48",
    ),
    Example(
        "v_cache_savings",
        "What did known paths save?",
        "SELECT site, sum(completed) AS completed, sum(cache_hits) AS hits,\n"
        "       sum(cache_hits) * 100 / sum(completed) AS hit_rate, sum(saved_seconds) / 3600 AS saved_hours\n"
        "FROM v_cache_savings GROUP BY site ORDER BY saved_hours DESC",
    ),
    Example(
        "v_cost_by_provider",
        "What does each provider cost?",
        "SELECT provider, model, sum(items) AS items, sum(reported_cost) AS reported, sum(priced_cost) AS priced,\n"
        "       sum(unpriced_items) AS unpriced\nFROM v_cost_by_provider GROUP BY provider, model ORDER BY reported DESC",
    ),
    Example(
        "v_ai_usage",
        "Which tasks used most tokens?",
        "SELECT task_id, sum(input_tokens + output_tokens) AS tokens, sum(reported_cost) AS reported,\n"
        "       sum(priced_cost) AS priced\nFROM v_ai_usage GROUP BY task_id ORDER BY tokens DESC LIMIT 20",
    ),
    Example(
        "v_daily_spend",
        "What did the tasks of each day cost?",
        "SELECT day, provider, sum(reported_cost) AS reported, sum(priced_cost) AS priced\n"
        "FROM v_daily_spend GROUP BY day, provider ORDER BY day DESC, reported DESC",
    ),
    Example(
        "v_navigation_paths",
        "Which known paths are used, and which fail?",
        "SELECT site, goal_pattern, state, version, successes, failures, time_saved_seconds\n"
        "FROM v_navigation_paths ORDER BY successes DESC LIMIT 20",
    ),
    Example(
        "v_worker_utilisation",
        "How busy are workers?",
        "FROM v_worker_utilisation ORDER BY last_seen DESC NULLS LAST LIMIT 20",
    ),
    Example("v_queues", "What waits in each queue?", "FROM v_queues ORDER BY waiting DESC"),
    Example("v_queue", "What would be given out next?", "FROM v_queue ORDER BY queue, place LIMIT 20"),
    Example(
        "v_dead_letters",
        "Which records could nobody read?",
        "SELECT recorded_at, reader, topic, reason, state, operator FROM v_dead_letters ORDER BY recorded_at DESC LIMIT 50",
    ),
    Example(
        "v_projection_lag",
        "How old is this snapshot?",
        'SELECT topic, "partition", next_offset, newest_at, heard_at, heard_age_seconds FROM v_projection_lag ORDER BY ALL',
    ),
)
