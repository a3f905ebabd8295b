-- Tables of the reading. Times are UTC without zone; money is DECIMAL, so that sums do not depend on their order.

CREATE TABLE meta (
    key VARCHAR PRIMARY KEY,
    value VARCHAR NOT NULL
);

-- Written in the transaction of the rows: what is below next_offset has been read exactly once.
CREATE TABLE projection_offsets (
    topic VARCHAR NOT NULL,
    "partition" INTEGER NOT NULL,
    next_offset BIGINT NOT NULL,
    taken BIGINT NOT NULL,        -- records that changed a row or moved a chain on
    strays BIGINT NOT NULL,       -- facts that do not follow the one before: a replaced writer's
    repeats BIGINT NOT NULL,      -- step facts whose event is there already
    unknown BIGINT NOT NULL,      -- facts of a type this version does not know
    undecodable BIGINT NOT NULL,  -- records that are no fact of ours
    PRIMARY KEY (topic, "partition")
);

CREATE TABLE tasks (
    task_id UUID PRIMARY KEY,
    -- the goal: from the submission, never changed
    goal VARCHAR,
    site_url VARCHAR,
    priority TINYINT,
    timeout_minutes DOUBLE,
    metadata JSON,
    inputs JSON,
    secrets JSON,                 -- references, never values
    success_indicators JSON,
    plan JSON,                    -- steps the caller declared
    planned_steps INTEGER,
    max_steps INTEGER,
    queue VARCHAR,
    not_before TIMESTAMP,
    expires_at TIMESTAMP,
    submitted_by VARCHAR,
    idempotency_key VARCHAR,
    created_at TIMESTAMP,
    -- the state: as of the newest fact
    status VARCHAR,               -- NULL: only facts of unknown types so far
    queued_at TIMESTAMP,          -- when it last began to wait for a worker
    claimed_at TIMESTAMP,         -- of the last claim
    started_at TIMESTAMP,         -- of the first start
    paused_at TIMESTAMP,          -- while paused
    completed_at TIMESTAMP,       -- when it ended, whatever way
    worker VARCHAR,               -- that holds it, or held it when it ended
    attempts INTEGER,
    lease_epoch INTEGER,          -- of the last lease
    lease_until TIMESTAMP,        -- while a lease is held
    deadline TIMESTAMP,           -- of the running attempt
    retry_at TIMESTAMP,           -- of the recovery that waits
    recovery_strategy VARCHAR,    -- of the last recovery
    recovery_attempts INTEGER,    -- since submission
    recovery_succeeded BOOLEAN,   -- of the last recovery; NULL while it is open, or without one
    error_type VARCHAR,           -- of the last failed attempt; NULL once the goal is reached
    error_message VARCHAR,
    evidence JSON,                -- what proved the end, or the last failure
    asked VARCHAR,                -- pause or cancel, while the worker has not answered
    reason VARCHAR,               -- given with the last pause, cancel or release
    operator VARCHAR,             -- who took the escalation on, or resolved it
    checkpoint VARCHAR,
    cached_path_used BOOLEAN,
    cache_time_saved_seconds DOUBLE,
    final_result VARCHAR,
    result_data JSON,
    version INTEGER NOT NULL,     -- number of facts taken
    last_event_id VARCHAR NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- One row per step.executed; no key: the offsets make it exactly-once, the fold drops repeated events.
CREATE TABLE execution_log (
    task_id UUID NOT NULL,
    step_number INTEGER NOT NULL,
    action VARCHAR NOT NULL,
    ai_level TINYINT NOT NULL,
    ai_used VARCHAR NOT NULL,
    level_reason VARCHAR NOT NULL,
    model VARCHAR,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    duration_ms DOUBLE NOT NULL,
    cost DECIMAL(18, 9) NOT NULL,
    result VARCHAR NOT NULL,
    error_type VARCHAR,
    error_details VARCHAR,
    url VARCHAR NOT NULL,
    irreversible BOOLEAN NOT NULL,
    artifacts JSON NOT NULL,
    worker VARCHAR NOT NULL,
    lease_epoch INTEGER NOT NULL,
    event_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Costs that no step carries; they may arrive after the task ended.
CREATE TABLE costs (
    task_id UUID NOT NULL,
    ai_provider VARCHAR NOT NULL,
    model VARCHAR,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cost DECIMAL(18, 9) NOT NULL,
    reported_by VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Sums over steps and costs, apart from `tasks`: the two topics arrive in no common order.
CREATE TABLE task_totals (
    task_id UUID PRIMARY KEY,
    total_steps INTEGER NOT NULL,
    step_cost DECIMAL(18, 9) NOT NULL,
    reported_cost DECIMAL(18, 9) NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL
);

CREATE TABLE workers (
    worker VARCHAR PRIMARY KEY,
    capacity INTEGER NOT NULL,
    queues JSON NOT NULL,
    software VARCHAR NOT NULL,
    host VARCHAR NOT NULL,
    last_seen TIMESTAMP NOT NULL
);

CREATE TABLE dead_letters (
    topic VARCHAR NOT NULL,
    "partition" INTEGER NOT NULL,
    "offset" BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    error VARCHAR NOT NULL,
    reader VARCHAR NOT NULL,
    value_bytes BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);

CREATE VIEW v_tasks AS
SELECT
    t.*,
    coalesce(s.total_steps, 0) AS total_steps,
    coalesce(s.step_cost, 0) + coalesce(s.reported_cost, 0) AS total_cost,
    epoch(t.completed_at) - epoch(t.started_at) AS total_time_seconds
FROM tasks AS t
LEFT JOIN task_totals AS s ON s.task_id = t.task_id
WHERE t.status IS NOT NULL;
