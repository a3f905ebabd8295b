-- What tasks that have ended add to their days, and copies of the steps of those that needed a human; for all at once.

INSERT INTO daily_tasks
SELECT
    completed_at::DATE AS day, status, count(*), count(started_at),
    coalesce(sum(greatest(0, epoch_us(completed_at) - epoch_us(started_at))) FILTER (started_at IS NOT NULL), 0)::BIGINT,
    count(*) FILTER (cached_path_used), sum(recovery_attempts)::BIGINT, sum(recoveries_succeeded)::BIGINT
FROM tasks
WHERE completed_at IS NOT NULL
GROUP BY day, status
ORDER BY day, status;

INSERT INTO daily_spend
SELECT day, status, ai_used, model, {used_at} AS used_at, {input_above} AS input_above,
       count(*), sum(cost), sum(input_tokens), sum(output_tokens)
FROM (
    SELECT task_id, ai_used, model, cost, input_tokens, output_tokens, created_at FROM execution_log
    UNION ALL
    SELECT task_id, ai_provider, model, cost, input_tokens, output_tokens, created_at FROM costs
)
JOIN (SELECT task_id, completed_at::DATE AS day, status FROM tasks WHERE completed_at IS NOT NULL) USING (task_id)
GROUP BY day, status, ai_used, model, used_at, input_above
ORDER BY ALL;

INSERT INTO escalation_steps
SELECT task_id, step_number, action, result, error_details, artifacts, url, event_id, created_at
FROM execution_log
WHERE task_id IN (SELECT task_id FROM tasks WHERE escalations > 0);
