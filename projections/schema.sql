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
    expires_at TIMESTAMP,         -- given up if not started by then; the earlier of both ways to say it
    callback_url VARCHAR,         -- told when the task has ended or needs a human
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
    recoveries_succeeded INTEGER, -- how many of them held
    recovery_succeeded BOOLEAN,   -- of the last recovery; NULL while it is open, or without one
    escalations INTEGER,          -- how often a human was needed
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

-- Every task fact that was taken, as it lies on the log: what a task was at any moment can be told from it.
CREATE TABLE facts (
    task_id UUID NOT NULL,
    version INTEGER NOT NULL,     -- 1-based, gap-free per task
    event_id VARCHAR NOT NULL,
    type VARCHAR NOT NULL,        -- such as task.submitted
    recorded_at TIMESTAMP NOT NULL, -- the broker's time of the command it decides
    caused_by VARCHAR NOT NULL,   -- who issued that command
    causation_id VARCHAR NOT NULL, -- the command's id
    "partition" INTEGER NOT NULL, -- of tasks.events
    "offset" BIGINT NOT NULL,
    record VARCHAR NOT NULL       -- the record as JSON
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

-- What was decided when attempts failed; outcomes come apart, so both are only ever appended.
CREATE TABLE recoveries (
    task_id UUID NOT NULL,
    number INTEGER NOT NULL,           -- 1-based since the submission
    attempt_number INTEGER NOT NULL,   -- as decided: begins anew when an operator says retry
    error_type VARCHAR NOT NULL,
    error_message VARCHAR NOT NULL,
    recovery_strategy VARCHAR NOT NULL,
    same_session BOOLEAN NOT NULL,     -- whether the worker keeps its page
    details JSON NOT NULL,             -- the evidence of the failure
    planned_at TIMESTAMP NOT NULL,
    retry_at TIMESTAMP NOT NULL        -- the next attempt begins no earlier
);

-- No row: it is open, or the task was cancelled meanwhile.
CREATE TABLE recovery_outcomes (
    task_id UUID NOT NULL,
    number INTEGER NOT NULL,           -- of the recovery
    was_successful BOOLEAN NOT NULL,
    decided_at TIMESTAMP NOT NULL
);

-- Tasks that needed a human, and what humans did about it; the open ones are those whose task is ESCALATED.
CREATE TABLE escalations (
    task_id UUID NOT NULL,
    number INTEGER NOT NULL,           -- 1-based since the submission
    error_type VARCHAR NOT NULL,
    error_message VARCHAR NOT NULL,
    evidence JSON NOT NULL,
    attempts INTEGER NOT NULL,         -- of the task, up to then
    recovery_attempts INTEGER NOT NULL, -- likewise
    escalated_at TIMESTAMP NOT NULL
);

CREATE TABLE escalation_acts (
    task_id UUID NOT NULL,
    number INTEGER NOT NULL,           -- of the escalation
    act INTEGER NOT NULL,              -- version of the fact: acts of a task in their order
    operator VARCHAR,                  -- NULL: cancelled past the desk
    resolution VARCHAR,                -- retry, complete or cancel; NULL: taken on
    note VARCHAR NOT NULL,
    hints VARCHAR NOT NULL,            -- for the next attempt
    acted_at TIMESTAMP NOT NULL
);

-- A second copy of the steps of every task that ever needed a human: few, so the desk finds them at once.
CREATE TABLE escalation_steps (
    task_id UUID NOT NULL,
    step_number INTEGER NOT NULL,
    action VARCHAR NOT NULL,
    result VARCHAR NOT NULL,
    error_details VARCHAR,
    artifacts JSON NOT NULL,
    url VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- What tasks that ended on a day add to its sums; several rows per key until they are compacted: always sum them.
CREATE TABLE daily_tasks (
    day DATE NOT NULL,                 -- UTC, of the end
    status VARCHAR NOT NULL,           -- COMPLETED, FAILED or CANCELLED
    tasks BIGINT NOT NULL,
    timed BIGINT NOT NULL,             -- of them, those that started
    time_us BIGINT NOT NULL,           -- microseconds from the first start to the end, of all of them
    cached BIGINT NOT NULL,            -- that used a cached path
    recovery_attempts BIGINT NOT NULL,
    recoveries_succeeded BIGINT NOT NULL
);

-- What those tasks cost, by provider, whenever the cost came; several rows per key, as above. The key holds all that a
-- price may depend on, so that days can be summed under any prices.
CREATE TABLE daily_spend (
    day DATE NOT NULL,                 -- UTC, of the task's end
    status VARCHAR NOT NULL,           -- of the task
    ai_used VARCHAR NOT NULL,
    model VARCHAR,
    used_at TIMESTAMP,                 -- half hour in which the tokens were used; NULL: none were recorded
    input_above INTEGER,               -- the highest known price tier that a record's input lies above; NULL likewise
    items BIGINT NOT NULL,             -- steps and cost reports
    cost DECIMAL(18, 9) NOT NULL,      -- USD
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL
);

-- What models cost, for every model that occurs in the log; not a reading of the log, but what it is priced with. Rows of a
-- model do not overlap. Views lay them over tokens, so other prices change no other table.
CREATE TABLE prices (
    ai_used VARCHAR NOT NULL,          -- provider, as recorded
    model VARCHAR NOT NULL,            -- as recorded; empty when none was
    valid_from TIMESTAMP NOT NULL,
    valid_until TIMESTAMP NOT NULL,    -- exclusive
    minute_from SMALLINT NOT NULL,     -- of the UTC day
    minute_until SMALLINT NOT NULL,    -- exclusive
    input_above INTEGER NOT NULL,      -- for records with more input tokens than this
    input_up_to INTEGER NOT NULL,      -- and no more than this
    usd_per_million_input DECIMAL(18, 9),  -- NULL: no price is known
    usd_per_million_output DECIMAL(18, 9), -- NULL likewise
    usd_per_record DECIMAL(18, 9) NOT NULL, -- on top, whatever its tokens
    listed_as VARCHAR,                 -- provider/model of the price list
    source VARCHAR NOT NULL            -- genai-prices and its version, prices file, local or unknown
);

-- What operators ordered of queues and workers, as of the newest fact of the chain that each of them has.
CREATE TABLE orders (
    subject VARCHAR PRIMARY KEY,       -- the queue, or the worker id
    version INTEGER NOT NULL,          -- number of facts taken
    last_event_id VARCHAR NOT NULL,
    is_queue BOOLEAN NOT NULL,         -- an order about a queue was given
    paused BOOLEAN NOT NULL,
    pause_reason VARCHAR,
    ceilings JSON,                     -- NULL: none was ever set
    drained BOOLEAN NOT NULL,
    drained_reason VARCHAR,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE workers (
    worker VARCHAR PRIMARY KEY,
    capacity INTEGER NOT NULL,         -- tasks it can hold at once; 0 once it takes no more
    queues JSON NOT NULL,
    software VARCHAR NOT NULL,
    host VARCHAR NOT NULL,
    last_seen TIMESTAMP NOT NULL       -- by the broker's clock
);

-- Messages to the `callback_url` of tasks.
CREATE TABLE webhooks (
    message_id VARCHAR PRIMARY KEY,
    task_id UUID NOT NULL,
    about VARCHAR NOT NULL,            -- event_id of the task fact it tells of
    url VARCHAR NOT NULL,
    state VARCHAR NOT NULL,            -- pending, delivered or abandoned
    attempts INTEGER NOT NULL,
    last_error VARCHAR,
    http_status INTEGER,               -- of the last answer
    next_at TIMESTAMP,                 -- of the next try, while it is pending
    created_at TIMESTAMP NOT NULL,     -- of the first fact
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE dead_letters (
    letter VARCHAR NOT NULL,           -- topic:partition:offset of the letter itself
    topic VARCHAR NOT NULL,            -- of the original, as partition and offset
    "partition" INTEGER NOT NULL,
    "offset" BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    error VARCHAR NOT NULL,            -- class of the error
    reader VARCHAR NOT NULL,           -- which consumer gave up
    key_base64 VARCHAR,
    value_base64 VARCHAR,              -- at most 128 KiB of the original
    value_bytes BIGINT NOT NULL,       -- of the whole original
    recorded_at TIMESTAMP NOT NULL
);

-- What operators did about dead letters; may be read before the letter, as they need not share its partition.
CREATE TABLE dead_letter_acts (
    letter VARCHAR NOT NULL,
    "partition" INTEGER NOT NULL,      -- of the act's own record, as offset
    "offset" BIGINT NOT NULL,
    type VARCHAR NOT NULL,             -- dead_letter.redriven or dead_letter.discarded
    operator VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    redriven_to VARCHAR,               -- topic:partition:offset of the record as it was sent again
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

CREATE VIEW v_recoveries AS
SELECT r.*, o.was_successful, o.decided_at
FROM recoveries AS r
LEFT JOIN recovery_outcomes AS o ON o.task_id = r.task_id AND o.number = r.number;
