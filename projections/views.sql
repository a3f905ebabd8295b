-- Views over tasks one by one: the contract of analysts. A view's comment stands above it, a column's behind it; a column
-- without one has that of the table it comes from (described.py). Only what DuckDB 1.0 can do: snapshots are read by it.

-- Tasks, one row each: the goal, the state, the sums over its steps and costs.
CREATE VIEW v_tasks AS
SELECT
    t.*,
    lower(nullif(regexp_extract(t.site_url, '^[a-zA-Z]+://([^/?#]+)', 1), '')) AS site, -- host (and port) of site_url
    coalesce(s.total_steps, 0) AS total_steps, -- steps recorded, of all attempts
    coalesce(s.step_cost, 0) + coalesce(s.reported_cost, 0) AS total_cost, -- USD, of steps and later reports
    CASE WHEN t.started_at IS NOT NULL AND t.completed_at IS NOT NULL
         THEN greatest(0, epoch(t.completed_at) - epoch(t.started_at)) END
        AS total_time_seconds, -- from the first start to the end; NULL before either
    CASE WHEN t.started_at IS NOT NULL
         THEN greatest(0, epoch(t.started_at) - epoch(greatest(t.created_at, coalesce(t.not_before, t.created_at)))) END
        AS waited_seconds -- from when it might start to the first start; NULL before that
FROM tasks AS t
LEFT JOIN task_totals AS s ON s.task_id = t.task_id
WHERE t.status IS NOT NULL;

-- Every time that a worker held a task: from the claim to the fact that ended the lease; a recovery in the open page does not.
CREATE VIEW v_leases AS
SELECT
    task_id,
    max(told[1])::INTEGER AS lease_epoch, -- 1-based count of the task's leases
    max(told[2]) AS worker, -- that held it
    max(told[3])::INTEGER AS attempt, -- 1-based; a task that was given back keeps its number
    min(recorded_at) FILTER (type = 'task.claimed') AS claimed_at, -- by the broker's clock
    min(recorded_at) FILTER (type = 'task.started') AS started_at, -- when the worker began to act; NULL: it did not
    arg_min(recorded_at, version) FILTER (ends) AS ended_at, -- NULL: it is held
    arg_min(type, version) FILTER (ends) AS ended_by -- type of the fact that ended it
FROM (
    SELECT
        task_id, version, type, recorded_at,
        CASE WHEN type = 'task.claimed' THEN told END AS told,
        count(*) FILTER (type = 'task.claimed') OVER (PARTITION BY task_id ORDER BY version) AS lease,
        CASE type WHEN 'task.claimed' THEN FALSE WHEN 'task.started' THEN FALSE
             WHEN 'task.recovery_planned' THEN told[4] IS DISTINCT FROM 'true' OR told[5] IS NULL
             ELSE TRUE END AS ends
    FROM (
        -- Records are long: what is wanted of them is taken out before rows are sorted.
        SELECT
            task_id, version, type, recorded_at,
            CASE WHEN type IN ('task.claimed', 'task.recovery_planned') THEN json_extract_string(record, [
                '$.event.lease_epoch', '$.event.worker', '$.event.attempt', '$.event.same_session', '$.event.lease_until'
            ]) END AS told
        FROM facts
        WHERE type IN (
            'task.claimed', 'task.started', 'task.released', 'task.recovery_planned', 'task.completed', 'task.failed',
            'task.escalated', 'task.paused', 'task.cancelled', 'escalation.resolved'
        )
    )
)
WHERE lease > 0
GROUP BY task_id, lease;

-- Steps, one row each, in no order.
CREATE VIEW v_steps AS
SELECT
    s.*,
    l.ended_at AS lease_ended_at, -- when the lease under which it was done ended; NULL: it is held, or not read yet
    CASE WHEN l.claimed_at IS NOT NULL THEN coalesce(s.created_at > l.ended_at, FALSE) END
        AS came_after_lease -- by the clocks of worker and broker; NULL: that lease is not read yet
FROM execution_log AS s
LEFT JOIN v_leases AS l ON l.task_id = s.task_id AND l.lease_epoch = s.lease_epoch;

-- What happened to a task: its facts, steps and later costs. Order by happened_at, version, step_number.
CREATE VIEW v_task_timeline AS
SELECT
    e.*,
    epoch(e.happened_at) - epoch(t.created_at) AS seconds_since_submission -- negative: a worker's clock is behind
FROM (
    SELECT
        task_id,
        recorded_at AS happened_at, -- of a fact by the broker's clock, of the others by the worker's
        'fact' AS kind, -- fact, step or cost
        type AS what, -- type of the fact, action of the step, provider of the cost
        NULL AS result, -- of a step
        caused_by AS who, -- who issued the command, or the worker
        version, -- of a fact: their order
        NULL::INTEGER AS step_number, -- of a step
        json_extract(record, '$.event') AS details -- the fact as it lies on the log; of a step or cost its figures
    FROM facts
    UNION ALL
    SELECT
        task_id, created_at, 'step', action, result, worker, NULL, step_number,
        json_object('ai_used', ai_used, 'model', model, 'duration_ms', duration_ms, 'cost', cost::DOUBLE, 'url', url,
                    'error_type', error_type, 'error_details', error_details)
    FROM execution_log
    UNION ALL
    SELECT
        task_id, created_at, 'cost', ai_provider, NULL, reported_by, NULL, NULL,
        json_object('model', model, 'input_tokens', input_tokens, 'output_tokens', output_tokens, 'cost', cost::DOUBLE)
    FROM costs
) AS e
LEFT JOIN tasks AS t ON t.task_id = e.task_id;

-- Recoveries, one row each, with how they came out.
CREATE VIEW v_recoveries AS
SELECT
    r.*,
    o.was_successful, -- whether the task went on or was completed; NULL: it is open, or the task was cancelled meanwhile
    o.decided_at -- when that was known
FROM recoveries AS r
LEFT JOIN recovery_outcomes AS o ON o.task_id = r.task_id AND o.number = r.number;

-- Tasks that needed a human, one row for each time, with what was done about it.
CREATE VIEW v_escalations AS
SELECT
    e.*,
    t.goal,
    t.site_url,
    t.queue,
    t.priority,
    a.taken_on_at, -- when an operator last took it on; NULL: nobody did
    a.operator,
    a.resolution,
    a.note,
    a.hints,
    a.resolved_at, -- NULL: it is open
    a.resolved_at IS NULL AS is_open, -- whether it still waits for a human
    epoch(a.resolved_at) - epoch(e.escalated_at) AS open_seconds -- until it was resolved; NULL while it is open
FROM escalations AS e
LEFT JOIN tasks AS t ON t.task_id = e.task_id
LEFT JOIN (
    SELECT
        task_id,
        number,
        arg_max(acted_at, act) FILTER (resolution IS NULL) AS taken_on_at,
        arg_max(operator, act) AS operator, -- the last one who acted; NULL: nobody did
        arg_max(resolution, act) AS resolution, -- retry, complete or cancel; NULL: it is open
        arg_max(note, act) FILTER (resolution IS NOT NULL) AS note, -- given with the resolution
        arg_max(hints, act) FILTER (resolution IS NOT NULL) AS hints, -- for the next attempt
        max(acted_at) FILTER (resolution IS NOT NULL) AS resolved_at
    FROM escalation_acts
    GROUP BY task_id, number
) AS a ON a.task_id = e.task_id AND a.number = e.number;

-- Tasks that wait for a worker, in the order in which they would be given out: ageing and ceilings are not counted in.
CREATE VIEW v_queue AS
SELECT
    row_number() OVER (PARTITION BY t.queue ORDER BY t.priority DESC, t.due_at, t.task_id) AS place, -- 1-based, in its queue
    t.*,
    coalesce(o.paused, FALSE) AS queue_paused, -- nothing of this queue is given out
    greatest(0, epoch(make_timestamp(epoch_us(now()))) - epoch(t.due_at)) AS waiting_seconds -- up to this query
FROM (
    SELECT
        queue, task_id, goal, site_url, priority,
        status, -- PENDING, or RECOVERY
        attempts, created_at, expires_at,
        CASE status WHEN 'RECOVERY' THEN retry_at
             ELSE greatest(queued_at, coalesce(not_before, queued_at)) END AS due_at -- it may not start before
    FROM tasks
    WHERE completed_at IS NULL AND (status = 'PENDING' OR (status = 'RECOVERY' AND lease_until IS NULL))
) AS t
LEFT JOIN orders AS o ON o.subject = t.queue AND o.is_queue;

-- Records that nobody could read, one row each, with what operators did about them.
CREATE VIEW v_dead_letters AS
SELECT
    d.*,
    CASE a.type WHEN 'dead_letter.redriven' THEN 'redriven' WHEN 'dead_letter.discarded' THEN 'discarded' ELSE 'open' END
        AS state, -- open, redriven or discarded
    a.operator, -- who acted last
    a.note,
    a.redriven_to,
    a.acted_at -- NULL: nobody did anything about it
FROM dead_letters AS d
LEFT JOIN (
    SELECT
        letter,
        type,
        operator,
        note, -- given with the last act
        redriven_to, -- where it was sent again
        recorded_at AS acted_at,
        row_number() OVER (PARTITION BY letter ORDER BY recorded_at DESC, "partition" DESC, "offset" DESC) AS newest
    FROM dead_letter_acts
) AS a ON a.letter = d.letter AND a.newest = 1;
