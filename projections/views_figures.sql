-- Views that sum up: the other half of the contract of analysts. Rates are in percent, and NULL where there is nothing to
-- divide by; days and hours are UTC.

-- Days on which tasks ended, as `GET /metrics` tells them.
CREATE VIEW v_daily_metrics AS
SELECT
    d.day, -- UTC day of the end
    d.completed, -- tasks
    d.failed, -- tasks
    d.cancelled, -- tasks; they count in nothing else here
    d.completed * 100 / nullif(d.completed + d.failed, 0) AS success_rate, -- completed of completed and failed
    d.time_us / 1000000 / nullif(d.timed, 0) AS avg_time_seconds, -- from the first start to the end
    coalesce(s.cost, 0) AS total_cost, -- USD, as reported
    coalesce(s.cost, 0)::DOUBLE / nullif(d.completed + d.failed, 0) AS avg_cost, -- USD for each of them
    d.cached AS cache_hits, -- completed tasks that used a known path
    d.cached * 100 / nullif(d.completed, 0) AS cache_hit_rate, -- of the completed ones
    d.recovery_attempts, -- recoveries planned for the tasks that ended on this day
    d.recoveries_succeeded, -- of them, those that held
    d.recoveries_succeeded * 100 / nullif(d.recovery_attempts, 0) AS recovery_success_rate -- of the attempts
FROM (
    SELECT
        day,
        coalesce(sum(tasks) FILTER (status = 'COMPLETED'), 0)::BIGINT AS completed,
        coalesce(sum(tasks) FILTER (status = 'FAILED'), 0)::BIGINT AS failed,
        coalesce(sum(tasks) FILTER (status = 'CANCELLED'), 0)::BIGINT AS cancelled,
        coalesce(sum(cached) FILTER (status = 'COMPLETED'), 0)::BIGINT AS cached,
        coalesce(sum(timed) FILTER (status <> 'CANCELLED'), 0)::BIGINT AS timed,
        coalesce(sum(time_us) FILTER (status <> 'CANCELLED'), 0)::BIGINT AS time_us,
        coalesce(sum(recovery_attempts) FILTER (status <> 'CANCELLED'), 0)::BIGINT AS recovery_attempts,
        coalesce(sum(recoveries_succeeded) FILTER (status <> 'CANCELLED'), 0)::BIGINT AS recoveries_succeeded
    FROM daily_tasks
    GROUP BY day
) AS d
LEFT JOIN (SELECT day, sum(cost) AS cost FROM daily_spend WHERE status <> 'CANCELLED' GROUP BY day) AS s ON s.day = d.day;

-- Failures by site and error: failed attempts and tasks given up.
CREATE VIEW v_failures_by_site AS
SELECT
    t.site,
    f.error_type,
    count(*) AS failures, -- sum of the three below
    count(*) FILTER (f.led_to = 'recovery') AS recoveries, -- after which another attempt was planned
    count(*) FILTER (f.led_to = 'escalation') AS escalations, -- after which a human was asked
    count(*) FILTER (f.led_to = 'end') AS given_up, -- after which the task was FAILED
    count(DISTINCT f.task_id) AS tasks, -- that met it
    max(f.failed_at) AS last_failed_at -- by the broker's clock
FROM (
    SELECT task_id, error_type, planned_at AS failed_at, 'recovery' AS led_to FROM recoveries
    UNION ALL
    SELECT task_id, error_type, escalated_at, 'escalation' FROM escalations
    UNION ALL
    SELECT task_id, error_type, completed_at, 'end' FROM tasks WHERE status = 'FAILED'
) AS f
LEFT JOIN v_tasks AS t ON t.task_id = f.task_id
GROUP BY t.site, f.error_type;

-- How well each recovery strategy does.
CREATE VIEW v_recovery_by_strategy AS
SELECT
    recovery_strategy,
    count(*) AS planned, -- recoveries
    count(*) FILTER (was_successful) AS held, -- the task went on, or was completed
    count(*) FILTER (NOT was_successful) AS did_not_hold, -- the next attempt failed too
    count(*) FILTER (was_successful IS NULL) AS undecided, -- still open, or cancelled meanwhile
    count(*) FILTER (was_successful) * 100 / nullif(count(was_successful), 0) AS success_rate, -- of the decided ones
    avg(epoch(decided_at) - epoch(planned_at)) FILTER (was_successful) AS avg_seconds_until_held, -- from the failure
    max(planned_at) AS last_planned_at -- by the broker's clock
FROM v_recoveries
GROUP BY recovery_strategy;

-- What known paths saved, by day and site, of completed tasks.
CREATE VIEW v_cache_savings AS
SELECT
    completed_at::DATE AS day, -- UTC day of the end
    site,
    count(*) AS completed, -- tasks
    count(*) FILTER (cached_path_used) AS cache_hits, -- of them, those that used a known path
    count(*) FILTER (cached_path_used) * 100 / count(*) AS cache_hit_rate, -- of the completed ones
    coalesce(sum(cache_time_saved_seconds) FILTER (cached_path_used), 0) AS saved_seconds, -- as the workers reported
    avg(total_time_seconds) FILTER (cached_path_used) AS avg_seconds_with_path, -- from the first start to the end
    avg(total_time_seconds) FILTER (NOT cached_path_used) AS avg_seconds_without -- from the first start to the end, of the others
FROM v_tasks
WHERE status = 'COMPLETED'
GROUP BY completed_at::DATE, site;

-- What AI providers were used for and what it cost, by day and model, of all tasks, ended or not.
CREATE VIEW v_cost_by_provider AS
SELECT
    used_at::DATE AS day, -- UTC day of the use, by the clock of who reported it
    provider, -- AI provider, or what acted in its place: rules, cache
    model,
    count(*) AS items, -- steps and cost reports
    count(DISTINCT task_id) AS tasks, -- that used it
    sum(input_tokens)::BIGINT AS input_tokens, -- of all items
    sum(output_tokens)::BIGINT AS output_tokens, -- of all items
    sum(reported_cost) AS reported_cost, -- USD, as reported
    sum(priced_cost) AS priced_cost, -- USD, of the items with a known price; NULL: none has one
    count(*) FILTER (priced_cost IS NULL) AS unpriced_items -- items without a known price
FROM v_ai_usage
GROUP BY used_at::DATE, provider, model;

-- How long tasks took, by the hour in which they ended: those that were completed or failed after a start.
CREATE VIEW v_latency_hourly AS
SELECT
    date_trunc('hour', completed_at) AS hour, -- UTC, of the end
    count(*) AS tasks, -- that ended in it
    quantile_cont(waited_seconds, 0.5) AS wait_p50_seconds, -- from when it might start to the first start
    quantile_cont(waited_seconds, 0.95) AS wait_p95_seconds, -- from when it might start to the first start
    quantile_cont(waited_seconds, 0.99) AS wait_p99_seconds, -- from when it might start to the first start
    quantile_cont(total_time_seconds, 0.5) AS run_p50_seconds, -- from the first start to the end
    quantile_cont(total_time_seconds, 0.95) AS run_p95_seconds, -- from the first start to the end
    quantile_cont(total_time_seconds, 0.99) AS run_p99_seconds -- from the first start to the end
FROM v_tasks
WHERE status IN ('COMPLETED', 'FAILED') AND started_at IS NOT NULL
GROUP BY date_trunc('hour', completed_at);

-- What workers hold and how busy they were, one row for each that ever spoke or held a task.
CREATE VIEW v_worker_utilisation AS
SELECT
    coalesce(w.worker, l.worker) AS worker, -- new for every process start
    w.host,
    w.software,
    w.capacity,
    w.last_seen,
    coalesce(l.holding, 0) AS holding, -- tasks it holds
    l.holding * 100 / nullif(w.capacity, 0) AS holding_rate, -- of its capacity; NULL: it takes no more, or never spoke
    coalesce(l.ended, 0) AS leases, -- that ended: tasks it held and holds no more
    coalesce(l.completed, 0) AS completed, -- of them, those that it completed
    coalesce(l.leased_seconds, 0) AS leased_seconds, -- sum of how long they lasted; several at once count several times
    coalesce(l.steps, 0) AS steps, -- done in them
    coalesce(l.acting_seconds, 0) AS acting_seconds, -- sum of how long the steps took
    l.acting_seconds * 100 / nullif(l.leased_seconds, 0) AS acting_rate -- of the time in which it held tasks
FROM workers AS w
FULL JOIN (
    SELECT
        h.worker,
        count(*) FILTER (h.ended_at IS NULL) AS holding,
        count(h.ended_at) AS ended,
        count(*) FILTER (h.ended_by = 'task.completed') AS completed,
        sum(epoch(h.ended_at) - epoch(h.claimed_at)) AS leased_seconds,
        coalesce(sum(s.steps) FILTER (h.ended_at IS NOT NULL), 0)::BIGINT AS steps,
        coalesce(sum(s.acting_ms) FILTER (h.ended_at IS NOT NULL), 0) / 1000 AS acting_seconds
    FROM v_leases AS h
    LEFT JOIN (
        SELECT task_id, lease_epoch, count(*) AS steps, sum(duration_ms) AS acting_ms
        FROM execution_log
        GROUP BY task_id, lease_epoch
    ) AS s ON s.task_id = h.task_id AND s.lease_epoch = h.lease_epoch
    GROUP BY h.worker
) AS l ON l.worker = w.worker;

-- Queues, one row for each that has tasks or orders.
CREATE VIEW v_queues AS
SELECT
    coalesce(t.queue, o.subject) AS queue, -- its name
    coalesce(t.waiting, 0) AS waiting, -- tasks that no worker holds and that may start, now or later
    coalesce(t.held, 0) AS held, -- by a worker
    coalesce(t.paused, 0) AS paused_tasks, -- each by itself
    coalesce(t.escalated, 0) AS escalated, -- that wait for a human
    coalesce(o.paused, FALSE) AS queue_paused, -- nothing of this queue is given out
    o.pause_reason,
    o.ceilings
FROM (
    SELECT
        queue,
        count(*) FILTER (status = 'PENDING' OR (status = 'RECOVERY' AND lease_until IS NULL)) AS waiting,
        count(lease_until) AS held,
        count(*) FILTER (status = 'PAUSED') AS paused,
        count(*) FILTER (status = 'ESCALATED') AS escalated
    FROM tasks
    WHERE completed_at IS NULL AND status IS NOT NULL
    GROUP BY queue
) AS t
FULL JOIN (SELECT * FROM orders WHERE is_queue) AS o ON o.subject = t.queue;

-- How far the file has read. Only a broker knows where the log ends: `goaltrail status` asks it. In a quiet installation
-- newest_at grows old although nothing is missing; heard_at does not while a worker is alive, as it speaks every 5 s.
CREATE VIEW v_projection_lag AS
SELECT
    p.*,
    n.newest_at, -- of the newest record read, by the broker's clock; NULL: the rows of this topic do not tell
    epoch(make_timestamp(epoch_us(now()))) - epoch(n.newest_at) AS newest_age_seconds, -- at the time of this query
    h.heard_at, -- the newest time of the broker in the whole file: task facts and signs of life
    epoch(make_timestamp(epoch_us(now()))) - epoch(h.heard_at) AS heard_age_seconds -- at the time of this query
FROM projection_offsets AS p
CROSS JOIN (
    SELECT greatest((SELECT max(recorded_at) FROM facts), (SELECT max(last_seen) FROM workers)) AS heard_at
) AS h
LEFT JOIN (
    SELECT 'tasks.events' AS suffix, "partition", max(recorded_at) AS newest_at FROM facts GROUP BY "partition"
    UNION ALL
    SELECT 'workers.alive', 0, max(last_seen) FROM workers
) AS n ON ends_with(p.topic, n.suffix) AND n."partition" = p."partition";
