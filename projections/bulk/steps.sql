-- All steps and costs are there: drop those that came again, and sum up what is left.

CREATE OR REPLACE TEMP TABLE repeated AS
SELECT *, row_number() OVER (PARTITION BY task_id, event_id ORDER BY "partition", "offset") AS n
FROM side.step_events
WHERE (task_id, event_id) IN (SELECT (task_id, event_id) FROM side.step_events GROUP BY ALL HAVING count(*) > 1);

DELETE FROM execution_log WHERE rowid IN (
    SELECT l.rowid
    FROM execution_log AS l JOIN repeated AS r ON r.task_id = l.task_id AND r.event_id = l.event_id AND r.n = 1
    QUALIFY NOT r.is_step OR row_number() OVER (PARTITION BY l.task_id, l.event_id ORDER BY l.rowid) > 1
);
DELETE FROM costs WHERE rowid IN (
    SELECT c.rowid
    FROM costs AS c JOIN repeated AS r ON r.task_id = c.task_id AND r.event_id = c.event_id AND r.n = 1
    QUALIFY r.is_step OR row_number() OVER (PARTITION BY c.task_id, c.event_id ORDER BY c.rowid) > 1
);

INSERT INTO task_totals
SELECT task_id, sum(steps)::INTEGER, sum(step_cost), sum(reported_cost), sum(input_tokens), sum(output_tokens)
FROM (
    SELECT task_id, count(*) AS steps, sum(cost) AS step_cost, 0 AS reported_cost, sum(input_tokens) AS input_tokens,
           sum(output_tokens) AS output_tokens
    FROM execution_log GROUP BY task_id
    UNION ALL
    SELECT task_id, 0, 0, sum(cost), sum(input_tokens), sum(output_tokens) FROM costs GROUP BY task_id
)
GROUP BY task_id
ORDER BY task_id;
