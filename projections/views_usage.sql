-- What was used, and at which price. Unpriced is NULL, never nought.

-- Every use of an AI provider, local rules included, with what it cost by the price list of its day.
CREATE VIEW v_ai_usage AS
SELECT
    u.*,
    CASE
        WHEN u.input_tokens + u.output_tokens = 0 THEN CASE WHEN u.reported_cost = 0 THEN 0 END
        ELSE (
            u.input_tokens * CASE WHEN u.input_tokens = 0 THEN 0 ELSE p.usd_per_million_input END
            + u.output_tokens * CASE WHEN u.output_tokens = 0 THEN 0 ELSE p.usd_per_million_output END
        ) * 0.000001::DECIMAL(7, 6) + p.usd_per_record
    END::DECIMAL(38, 15) AS priced_cost, -- USD, tokens times price; NULL: no price is known
    p.valid_from AS price_from, -- since when that price holds
    p.source AS price_source, -- where that price comes from
    p.listed_as AS price_listed_as -- provider/model of the price list
FROM (
    SELECT
        task_id,
        'step' AS kind, -- step, or report: a cost that no step carries
        step_number, -- NULL for a report
        event_id,
        created_at AS used_at, -- by the clock of who reported it
        ai_used AS provider, -- AI provider, or what acted in its place: rules, cache
        model,
        input_tokens,
        output_tokens,
        cost AS reported_cost -- USD, as the worker or service said
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

-- Known paths, one row for each site and goal pattern, with the steps in use.
CREATE VIEW v_navigation_paths AS
SELECT
    p.path_key,
    p.site,
    p.goal_pattern,
    CASE WHEN p.state = 'usable' AND NOT p.pinned AND p.expires_at < make_timestamp(epoch_us(now())) THEN 'expired' ELSE p.state
    END AS state, -- of the edition in use: usable, expired or quarantined; unknown without one
    p.pinned,
    p.reason,
    e.number AS version, -- of the edition in use, 1-based; NULL: none is
    p.editions AS versions, -- how many there were
    e.steps, -- of the edition in use
    p.successes,
    p.failures,
    p.failures_in_row,
    p.replay_us / 1e6 AS total_time_seconds, -- that replays took
    p.saved_us / 1e6 AS time_saved_seconds, -- by the replays that reached the goal
    p.last_error_type,
    p.last_error,
    p.created_at,
    p.last_used_at,
    CASE WHEN NOT p.pinned THEN p.expires_at END AS expires_at, -- NULL: not by itself
    p.updated_at
FROM navigation_paths AS p
LEFT JOIN navigation_path_editions AS e ON e.path_key = p.path_key AND e.path = p.path;

-- What tasks that ended on a day had cost, by provider and model; several rows per key, always sum them.
CREATE VIEW v_daily_spend AS
SELECT
    s.day,
    s.status,
    s.ai_used AS provider, -- AI provider, or what acted in its place: rules, cache
    s.model,
    s.items,
    s.cost AS reported_cost, -- USD, as reported
    s.input_tokens,
    s.output_tokens,
    s.priced_cost, -- USD, tokens times price; NULL: no price is known
    CASE WHEN s.priced_cost IS NULL THEN s.input_tokens + s.output_tokens ELSE 0 END AS unpriced_tokens, -- tokens without a known price
    CASE WHEN s.priced_cost IS NULL THEN s.cost ELSE 0 END AS unpriced_reported_cost -- USD, as reported of what has no known price
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
