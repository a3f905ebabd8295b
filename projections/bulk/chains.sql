-- Folds the chains of one span of task ids, each from its first fact to its last.
-- A chain is folded here only if each of its facts is plain, follows the one before, and comes after a fact it may come
-- after (`regular`); of all others nothing is written but their ids. Each column says what task_fold.py does.

CREATE OR REPLACE TEMP TABLE chain AS
SELECT
    *,
    row_number() OVER arrival AS n,
    lag(event_id) OVER arrival AS before_id,
    (lead(n_kind) OVER arrival) IS NULL AS is_last,
    last_value(lasting IGNORE NULLS) OVER (arrival ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS base
FROM (
    SELECT
        *,
        -- A recovery in the open page keeps its lease; any other one gives it back.
        CASE WHEN type = 'task.recovery_planned' AND same_session AND lease_until IS NOT NULL THEN 'session'
             ELSE split_part(type, '.', 2) END AS kind,
        CASE WHEN type <> 'task.lease_renewed' THEN kind END AS lasting,
        1 AS n_kind
    FROM side.links
    WHERE {span}
)
WINDOW arrival AS (PARTITION BY task_id ORDER BY "partition", "offset");

CREATE OR REPLACE TEMP TABLE irregular_here AS
SELECT DISTINCT task_id FROM chain
WHERE version <> n OR follows IS DISTINCT FROM before_id OR NOT coalesce(CASE kind
    WHEN 'submitted' THEN n = 1
    WHEN 'claimed' THEN base IN ('submitted', 'released', 'recovery_planned', 'session')
    WHEN 'started' THEN base IN ('claimed', 'session')
    WHEN 'lease_renewed' THEN base IN ('claimed', 'started', 'recovered', 'session')
    WHEN 'released' THEN base IN ('claimed', 'started', 'recovered', 'session')
    WHEN 'recovery_planned' THEN base IN ('claimed', 'started', 'recovered', 'session')
    WHEN 'session' THEN base IN ('started', 'recovered', 'session')
    WHEN 'recovered' THEN base = 'session'
    WHEN 'completed' THEN base IN ('started', 'recovered', 'session')
    WHEN 'cancelled' THEN base IN ('submitted', 'claimed', 'started', 'released', 'recovery_planned', 'session', 'recovered')
    WHEN 'failed' THEN base IN ('submitted', 'claimed', 'started', 'released', 'recovery_planned', 'session', 'recovered')
    WHEN 'escalated' THEN base IN ('claimed', 'started', 'recovery_planned', 'session', 'recovered')
END, false)
UNION
SELECT task_id FROM side.doubtful WHERE {span};

INSERT INTO side.irregular SELECT task_id FROM irregular_here;
DELETE FROM chain WHERE task_id IN (SELECT task_id FROM irregular_here);

-- Every recovery and what became of it: the next fact that decides about recoveries says.
CREATE OR REPLACE TEMP TABLE tried AS
SELECT
    *,
    count(*) FILTER (kind IN ('recovery_planned', 'session')) OVER (PARTITION BY task_id ORDER BY n) AS number,
    lead(kind) OVER (PARTITION BY task_id ORDER BY n) AS next_kind,
    lead(recorded_at) OVER (PARTITION BY task_id ORDER BY n) AS decided_at,
    next_kind IN ('recovered', 'completed') AS held
FROM chain
WHERE kind IN ('recovery_planned', 'session', 'recovered', 'completed', 'failed', 'escalated')
    AND task_id IN (SELECT task_id FROM chain WHERE kind IN ('recovery_planned', 'session'))
QUALIFY kind IN ('recovery_planned', 'session');

INSERT INTO recoveries
SELECT task_id, number, attempt_number, error_type, error_message, strategy, same_session, evidence, recorded_at, retry_at
FROM tried;

INSERT INTO recovery_outcomes
SELECT task_id, number, held, decided_at FROM tried WHERE next_kind IS NOT NULL;

CREATE OR REPLACE TEMP TABLE folded AS
SELECT
    task_id,
    max(version) AS version,
    any_value(event_id) FILTER (is_last) AS last_event_id,
    any_value(recorded_at) FILTER (is_last) AS updated_at,
    any_value(recorded_at) FILTER (kind = 'submitted') AS created_at,
    -- the last fact but renewals, and but an end: who held a lease when the task ended is kept
    arg_max(kind, n) FILTER (lasting IS NOT NULL) AS state,
    arg_max(kind, n) FILTER (lasting IS NOT NULL AND kind NOT IN ('completed', 'failed', 'cancelled')) AS rest,
    arg_max(recorded_at, n) FILTER (kind IN ('submitted', 'released')) AS queued_at,
    max(n) FILTER (kind = 'claimed') AS claim,
    arg_max(recorded_at, n) FILTER (kind = 'claimed') AS claimed_at,
    arg_max(worker, n) FILTER (kind = 'claimed') AS worker,
    arg_max(attempt, n) FILTER (kind = 'claimed') AS attempt,
    arg_max(lease_epoch, n) FILTER (kind = 'claimed') AS lease_epoch,
    arg_min(recorded_at, n) FILTER (kind = 'started') AS started_at,
    arg_max(deadline, n) FILTER (kind = 'started') AS deadline,
    arg_max(lease_until, n) FILTER (kind IN ('claimed', 'started', 'lease_renewed', 'recovered', 'session')) AS lease_until,
    max(n) FILTER (kind = 'released') AS release,
    arg_max(reason, n) FILTER (kind = 'released') AS released_for,
    any_value(reason) FILTER (kind = 'cancelled') AS cancelled_for,
    arg_max(retry_at, n) FILTER (kind IN ('recovery_planned', 'session')) AS retry_at,
    arg_max(strategy, n) FILTER (kind IN ('recovery_planned', 'session')) AS strategy,
    arg_max(error_type, n) FILTER (error_type IS NOT NULL) AS error_type,
    arg_max(error_message, n) FILTER (error_type IS NOT NULL) AS error_message,
    arg_max(evidence, n) FILTER (error_type IS NOT NULL) AS failure_evidence,
    any_value(evidence) FILTER (kind = 'completed') AS evidence,
    any_value(final_result) FILTER (kind = 'completed') AS final_result,
    any_value(result_data) FILTER (kind = 'completed') AS result_data,
    any_value(cached_path_used) FILTER (kind = 'completed') AS cached_path_used,
    any_value(cache_time_saved_seconds) FILTER (kind = 'completed') AS cache_time_saved_seconds
FROM chain
GROUP BY task_id;

INSERT INTO tasks BY NAME
SELECT
    f.task_id, f.version, f.last_event_id, f.updated_at, f.created_at, f.queued_at, f.claimed_at, f.started_at,
    f.error_type, f.error_message, f.final_result, f.result_data,
    g.* EXCLUDE (task_id),
    CASE state
        WHEN 'submitted' THEN 'PENDING' WHEN 'released' THEN 'PENDING' WHEN 'claimed' THEN 'CLAIMED'
        WHEN 'started' THEN 'IN_PROGRESS' WHEN 'recovered' THEN 'RECOVERED'
        WHEN 'recovery_planned' THEN 'RECOVERY' WHEN 'session' THEN 'RECOVERY'
        ELSE upper(state)
    END AS status,
    CASE WHEN state IN ('completed', 'failed', 'cancelled') THEN f.updated_at END AS completed_at,
    CASE WHEN rest IN ('claimed', 'started', 'recovered', 'session') THEN f.worker END AS worker,
    greatest(0, coalesce(f.attempt, 0) - CASE WHEN f.release > f.claim THEN 1 ELSE 0 END) AS attempts,
    coalesce(f.lease_epoch, 0) AS lease_epoch,
    CASE WHEN state IN ('claimed', 'started', 'recovered', 'session') THEN f.lease_until END AS lease_until,
    CASE WHEN state IN ('started', 'recovered', 'session') THEN f.deadline END AS deadline,
    CASE WHEN state IN ('recovery_planned', 'session') THEN f.retry_at END AS retry_at,
    f.strategy AS recovery_strategy,
    coalesce(t.tries, 0) AS recovery_attempts,
    coalesce(t.held, 0) AS recoveries_succeeded,
    t.last_held AS recovery_succeeded,
    CASE WHEN state = 'escalated' THEN 1 ELSE 0 END AS escalations,
    nullif(CASE WHEN state = 'completed' THEN nullif(f.evidence, '[]') ELSE nullif(f.failure_evidence, '{}') END, '')
        AS evidence,
    coalesce(nullif(f.cancelled_for, ''), nullif(f.released_for, '')) AS reason,
    coalesce(f.cached_path_used, false) AS cached_path_used,
    coalesce(f.cache_time_saved_seconds, 0) AS cache_time_saved_seconds
FROM (
    SELECT * REPLACE (
        CASE WHEN state <> 'completed' THEN error_type END AS error_type,
        CASE WHEN state <> 'completed' THEN error_message END AS error_message
    ) FROM folded
) AS f
JOIN (SELECT * FROM side.goals WHERE {span}) AS g USING (task_id)
LEFT JOIN (
    SELECT task_id, count(*) AS tries, count(*) FILTER (held) AS held,
           arg_max_null(CASE WHEN next_kind IS NOT NULL THEN held END, number) AS last_held
    FROM tried GROUP BY task_id
) AS t USING (task_id)
ORDER BY f.task_id;

INSERT INTO escalations
SELECT c.task_id, 1, c.error_type, c.error_message, c.evidence, t.attempts, t.recovery_attempts, c.recorded_at
FROM chain AS c JOIN tasks AS t USING (task_id)
WHERE c.kind = 'escalated';

INSERT INTO side.taken SELECT "partition", count(*) FROM chain GROUP BY "partition";
