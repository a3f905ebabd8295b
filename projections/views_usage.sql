-- What was used and at which price, and what was learned. A view's comment stands above it, a column's behind it. Unpriced
-- is NULL, never nought.

-- What was asked of AI providers, or done without them: one row per step and per cost report.
CREATE VIEW v_ai_usage AS
SELECT
    u.*,
    CASE
        WHEN u.input_tokens + u.output_tokens = 0 THEN CASE WHEN u.reported_cost = 0 THEN 0 END
        ELSE (
            u.input_tokens * CASE WHEN u.input_tokens = 0 THEN 0 ELSE p.usd_per_million_input END
            + u.output_tokens * CASE WHEN u.output_tokens = 0 THEN 0 ELSE p.usd_per_million_output END
        ) * 0.000001::DECIMAL(7, 6) + p.usd_per_record
    END::DECIMAL(38, 15) AS priced_cost, -- USD: tokens at their price at that time; NULL: unpriced
    CASE WHEN p.usd_per_million_input IS NOT NULL THEN p.valid_from
        END AS price_from, -- since when that price holds, 1970 if always; NULL: unpriced, or no tokens
    p.source AS price_source, -- genai-prices and its version, prices file, local or unknown
    p.listed_as AS price_listed_as -- provider/model of the price list
FROM (
    SELECT
        task_id,
        'step' AS kind, -- step or report
        step_number, -- NULL: a report
        event_id,
        created_at AS used_at, -- by the clock of who reported it
        ai_used AS provider, -- AI provider, or what acted in its place: rules, cached_path, declared_plan
        model, -- as recorded; NULL: none was named
        input_tokens,
        output_tokens,
        cost AS reported_cost -- USD, as reported
    FROM execution_log
    UNION ALL
    SELECT task_id, 'report', NULL, event_id, created_at, ai_provider, model, input_tokens, output_tokens, cost
    FROM costs
) AS u
LEFT JOIN prices AS p
    ON p.ai_used = u.provider AND p.model = coalesce(u.model, '')
    AND u.input_tokens + u.output_tokens <> 0
    AND u.used_at >= p.valid_from AND u.used_at < p.valid_until
    AND hour(u.used_at) * 60 + minute(u.used_at) >= p.minute_from
    AND hour(u.used_at) * 60 + minute(u.used_at) < p.minute_until
    AND u.input_tokens > p.input_above AND u.input_tokens <= p.input_up_to;

-- The same for tasks that ended, summed by the day of the end; several rows per key: always sum them.
CREATE VIEW v_daily_spend AS
SELECT
    s.day, -- UTC, of the task's end
    s.status, -- of the task
    s.ai_used AS provider, -- AI provider, or what acted in its place
    s.model, -- as recorded; NULL: none was named
    s.items, -- steps and cost reports
    s.cost AS reported_cost, -- USD, as reported
    s.input_tokens,
    s.output_tokens,
    s.priced_cost, -- USD: tokens at their price when they were used; NULL: unpriced
    CASE WHEN s.priced_cost IS NULL THEN s.input_tokens + s.output_tokens ELSE 0
        END AS unpriced_tokens, -- without a known price
    CASE WHEN s.priced_cost IS NULL THEN s.cost ELSE 0
        END AS unpriced_reported_cost -- USD, reported for what has no known price
FROM (
    SELECT
        d.*,
        CASE
            WHEN d.used_at IS NULL THEN CASE WHEN d.cost = 0 THEN 0 END
            ELSE (
                d.input_tokens * CASE WHEN d.input_tokens = 0 THEN 0 ELSE p.usd_per_million_input END
                + d.output_tokens * CASE WHEN d.output_tokens = 0 THEN 0 ELSE p.usd_per_million_output END
            ) * 0.000001::DECIMAL(7, 6) + d.items * p.usd_per_record
        END::DECIMAL(38, 15) AS priced_cost
    FROM daily_spend AS d
    LEFT JOIN prices AS p
        ON p.ai_used = d.ai_used AND p.model = coalesce(d.model, '')
        AND d.used_at >= p.valid_from AND d.used_at < p.valid_until
        AND hour(d.used_at) * 60 + minute(d.used_at) >= p.minute_from
        AND hour(d.used_at) * 60 + minute(d.used_at) < p.minute_until
        AND d.input_above >= p.input_above AND d.input_above < p.input_up_to
) AS s;

-- Navigation paths, one row each: the steps in use, and how they fared.
CREATE VIEW v_navigation_paths AS
SELECT
    p.path_key, -- of site and goal pattern
    p.site,
    p.goal_pattern,
    CASE WHEN p.state = 'usable' AND NOT p.pinned AND p.expires_at < make_timestamp(epoch_us(now())) THEN 'expired'
        ELSE p.state
        END AS state, -- usable, expired or quarantined, now; unknown without steps
    p.pinned,
    p.reason,
    e.number AS version, -- 1-based, of the edition in use
    p.editions AS versions, -- how often it was learned or healed
    e.steps, -- of the edition in use
    p.successes,
    p.failures,
    p.failures_in_row,
    p.replay_us / 1e6 AS total_time_seconds, -- that replays took
    p.saved_us / 1e6 AS time_saved_seconds, -- by replays that reached the goal
    p.last_error_type,
    p.last_error,
    p.created_at, -- when it was first learned
    p.last_used_at,
    CASE WHEN NOT p.pinned THEN p.expires_at
        END AS expires_at, -- NULL: not by itself
    p.updated_at
FROM navigation_paths AS p
LEFT JOIN navigation_path_editions AS e ON e.path_key = p.path_key AND e.path = p.path;
