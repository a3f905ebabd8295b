-- Tables of the reading. Times are UTC without zone; money is DECIMAL, so that sums do not depend on their order.

-- What the file is: versions of schema and code, cluster and topics it belongs to.
CREATE TABLE meta (
    key VARCHAR PRIMARY KEY,       -- such as schema_version, code_version, cluster_id
    value VARCHAR NOT NULL         -- as text
);

-- Written in the transaction of the rows: what is below next_offset has been read exactly once.
CREATE TABLE projection_offsets (
    topic VARCHAR NOT NULL,
    "partition" INTEGER NOT NULL,
    next_offset BIGINT NOT NULL,  -- of the first record that is not read yet
    taken BIGINT NOT NULL,        -- records that changed a row or moved a chain on
    strays BIGINT NOT NULL,       -- facts that do not follow the one before: a replaced writer's
    repeats BIGINT NOT NULL,      -- step facts whose event is there already
    unknown BIGINT NOT NULL,      -- facts of a type this version does not know
    undecodable BIGINT NOT NULL,  -- records that are no fact of ours
    PRIMARY KEY (topic, "partition")
);

-- Tasks as of the newest fact, without their sums: v_tasks has those too.
CREATE TABLE tasks (
    task_id UUID PRIMARY KEY,
    -- the goal: from the submission, never changed
    goal VARCHAR,
    site_url VARCHAR,
    priority TINYINT,
    timeout_minutes DOUBLE,       -- for one attempt
    metadata JSON,                -- the caller's own, never looked into
    inputs JSON,                  -- values the goal needs
    secrets JSON,                 -- references, never values
    success_indicators JSON,      -- what proves that the goal is reached
    plan JSON,                    -- steps the caller declared
    planned_steps INTEGER,        -- how many the caller declared
    max_steps INTEGER,            -- how many one attempt may take
    queue VARCHAR,
    not_before TIMESTAMP,         -- it starts no earlier
    expires_at TIMESTAMP,         -- given up if not started by then; the earlier of both ways to say it
    callback_url VARCHAR,         -- told when the task has ended or needs a human
    submitted_by VARCHAR,         -- the API key or service
    idempotency_key VARCHAR,      -- the caller's, by which a repeated submission is known
    created_at TIMESTAMP,
    -- the state: as of the newest fact
    status VARCHAR,               -- the state, such as PENDING; NULL: only facts of unknown types so far
    queued_at TIMESTAMP,          -- when it last began to wait for a worker
    claimed_at TIMESTAMP,         -- of the last claim
    started_at TIMESTAMP,         -- of the first start
    paused_at TIMESTAMP,          -- while paused
    completed_at TIMESTAMP,       -- when it ended, whatever way
    worker VARCHAR,               -- that holds it, or held it when it ended
    attempts INTEGER,             -- that began and were not given back
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
    checkpoint VARCHAR,           -- sha256 of the artifact it can go on from
    cached_path_used BOOLEAN,     -- whether a known path led to the goal
    cache_time_saved_seconds DOUBLE, -- by it, as the worker reported
    final_result VARCHAR,         -- in words
    result_data JSON,             -- what was read from the pages
    version INTEGER NOT NULL,     -- number of facts taken
    last_event_id VARCHAR NOT NULL, -- of the newest fact taken
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
    record VARCHAR NOT NULL USING COMPRESSION zstd       -- the record as JSON
);

-- One row per step.executed; no key: the offsets make it exactly-once, the fold drops repeated events.
CREATE TABLE execution_log (
    task_id UUID NOT NULL,
    step_number INTEGER NOT NULL,
    action VARCHAR NOT NULL,
    ai_level TINYINT NOT NULL,     -- 0 none, 1 Ollama, 2 Claude, 3 Codex, 4 Gemini
    ai_used VARCHAR NOT NULL,
    level_reason VARCHAR NOT NULL, -- why this level acted
    model VARCHAR,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    duration_ms DOUBLE NOT NULL,   -- how long it took
    cost DECIMAL(18, 9) NOT NULL,
    result VARCHAR NOT NULL,
    error_type VARCHAR,
    error_details VARCHAR,
    url VARCHAR NOT NULL,
    irreversible BOOLEAN NOT NULL, -- whether it could not be taken back
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
    reported_by VARCHAR NOT NULL,  -- the worker or service that reported it
    event_id VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Sums over steps and costs, apart from `tasks`: the two topics arrive in no common order.
CREATE TABLE task_totals (
    task_id UUID PRIMARY KEY,
    total_steps INTEGER NOT NULL,  -- steps recorded
    step_cost DECIMAL(18, 9) NOT NULL, -- USD, of all steps
    reported_cost DECIMAL(18, 9) NOT NULL, -- USD, of all later reports
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
    planned_at TIMESTAMP NOT NULL,     -- when the attempt failed and the recovery was decided
    retry_at TIMESTAMP NOT NULL        -- the next attempt begins no earlier
);

-- No row: it is open, or the task was cancelled meanwhile.
CREATE TABLE recovery_outcomes (
    task_id UUID NOT NULL,
    number INTEGER NOT NULL,           -- of the recovery
    was_successful BOOLEAN NOT NULL,   -- whether the task went on or was completed
    decided_at TIMESTAMP NOT NULL      -- when that was known
);

-- Tasks that needed a human, and what humans did about it; the open ones are those whose task is ESCALATED.
CREATE TABLE escalations (
    task_id UUID NOT NULL,
    number INTEGER NOT NULL,           -- 1-based since the submission
    error_type VARCHAR NOT NULL,
    error_message VARCHAR NOT NULL,
    evidence JSON NOT NULL,
    attempts INTEGER NOT NULL,         -- of the task, up to then
    recovery_attempts INTEGER NOT NULL, -- of the task, up to then
    escalated_at TIMESTAMP NOT NULL    -- by the broker's clock
);

-- What humans did about escalations, one row each.
CREATE TABLE escalation_acts (
    task_id UUID NOT NULL,
    number INTEGER NOT NULL,           -- of the escalation
    act INTEGER NOT NULL,              -- version of the fact: acts of a task in their order
    operator VARCHAR,                  -- NULL: cancelled past the desk
    resolution VARCHAR,                -- retry, complete or cancel; NULL: taken on
    note VARCHAR NOT NULL,
    hints VARCHAR NOT NULL,            -- for the next attempt
    acted_at TIMESTAMP NOT NULL        -- by the broker's clock
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
    tasks BIGINT NOT NULL,             -- that ended so
    timed BIGINT NOT NULL,             -- of those tasks, the ones that started
    time_us BIGINT NOT NULL,           -- microseconds from the first start to the end, of all that started
    cached BIGINT NOT NULL,            -- of those tasks, the ones that used a known path
    recovery_attempts BIGINT NOT NULL, -- of those tasks
    recoveries_succeeded BIGINT NOT NULL -- of those attempts, the ones that held
);

-- What those tasks cost, by provider, whenever the cost came; several rows per key, as above. The key holds all that a
-- price may depend on, so that days can be summed under any prices.
CREATE TABLE daily_spend (
    day DATE NOT NULL,                 -- UTC, of the task's end
    status VARCHAR NOT NULL,           -- of the task
    ai_used VARCHAR NOT NULL,
    model VARCHAR,
    used_at TIMESTAMP,                 -- half hour in which the tokens were used; NULL: none were recorded
    input_above INTEGER,               -- the highest known price tier that the input lies above; NULL: no tokens
    items BIGINT NOT NULL,             -- steps and cost reports
    cost DECIMAL(18, 9) NOT NULL,      -- USD
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL
);

-- What was learned of reaching a kind of goal on a site; `v_navigation_paths` shows it with the steps in use.
CREATE TABLE navigation_paths (
    path_key VARCHAR PRIMARY KEY,      -- names the pair of site and goal pattern
    site VARCHAR NOT NULL,             -- scheme, host and port
    goal_pattern VARCHAR NOT NULL,     -- the goal, with {{name}} in place of each input
    editions INTEGER NOT NULL,         -- how often it was learned or healed
    path VARCHAR,                      -- the edition in use: the event that brought it
    state VARCHAR NOT NULL,            -- of the edition in use: usable, expired or quarantined; unknown without one
    newest VARCHAR,                    -- the newest edition
    newest_state VARCHAR NOT NULL,     -- of the newest edition
    pinned BOOLEAN NOT NULL,           -- an operator chose the edition in use; it does not expire
    reason VARCHAR,                    -- given with the last change of the state in use
    successes BIGINT NOT NULL,         -- replays that reached the goal, of all editions
    failures BIGINT NOT NULL,          -- replays that did not
    failures_in_row INTEGER NOT NULL,  -- since the last success, new edition or pin
    replay_us BIGINT NOT NULL,         -- microseconds that replays took
    saved_us BIGINT NOT NULL,          -- microseconds that successful ones saved
    last_error_type VARCHAR,           -- of the last failed replay
    last_error VARCHAR,                -- of the last failed replay, in words
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP,            -- of the last replay
    expires_at TIMESTAMP,              -- of the newest edition; NULL: not by itself
    updated_at TIMESTAMP NOT NULL
);

-- Every edition of a path, one row each: learned anew, or healed from another.
CREATE TABLE navigation_path_editions (
    path_key VARCHAR NOT NULL,         -- of its path
    number INTEGER NOT NULL,           -- 1-based, in the order in which they came
    path VARCHAR NOT NULL,             -- the edition's own event
    heals VARCHAR,                     -- the edition it was made from; NULL: learned anew
    steps JSON NOT NULL,               -- what is done, in order
    changed JSON NOT NULL,             -- 1-based numbers of the steps that were healed
    inputs JSON,                       -- names the steps need; NULL: as the edition it heals
    success_indicators JSON,           -- NULL: as the edition it heals
    learned_seconds DOUBLE,            -- that the goal took without it; NULL: it was healed
    learned_cost DECIMAL(18, 9),       -- USD that it cost without it, as reported; NULL: it was healed
    task_id UUID,                      -- whose run it came from
    caused_by VARCHAR NOT NULL,        -- who learned or healed it
    created_at TIMESTAMP NOT NULL
);

-- Every fact of a path, one row each.
CREATE TABLE navigation_path_events (
    path_key VARCHAR NOT NULL,         -- of its path
    event_id VARCHAR NOT NULL,
    type VARCHAR NOT NULL,             -- such as path.replayed
    path VARCHAR,                      -- the edition it is about; of path.healed, the one that was replayed
    task_id UUID,
    seconds DOUBLE,                    -- that the run took
    time_saved_seconds DOUBLE,         -- of a replay that reached the goal
    step INTEGER,                      -- 1-based, where a replay failed
    error_type VARCHAR,
    details VARCHAR NOT NULL,          -- error or reason
    caused_by VARCHAR NOT NULL,        -- who reported it, or the operator
    recorded_at TIMESTAMP NOT NULL
);

-- What models cost, for every model that occurs in the log; not a reading of the log, but what it is priced with. Rows of a
-- model do not overlap. Views lay them over tokens, so other prices change no other table.
CREATE TABLE prices (
    ai_used VARCHAR NOT NULL,          -- provider, as recorded
    model VARCHAR NOT NULL,            -- as recorded; empty when none was
    valid_from TIMESTAMP NOT NULL,     -- inclusive
    valid_until TIMESTAMP NOT NULL,    -- exclusive
    minute_from SMALLINT NOT NULL,     -- of the UTC day
    minute_until SMALLINT NOT NULL,    -- exclusive
    input_above INTEGER NOT NULL,      -- for records with more input tokens than this
    input_up_to INTEGER NOT NULL,      -- and no more than this
    usd_per_million_input DECIMAL(18, 9),  -- NULL: no price is known
    usd_per_million_output DECIMAL(18, 9), -- NULL: no price is known
    usd_per_record DECIMAL(18, 9) NOT NULL, -- on top, whatever its tokens
    listed_as VARCHAR,                 -- provider/model of the price list
    source VARCHAR NOT NULL            -- genai-prices and its version, prices file, local or unknown
);

-- What operators ordered of queues and workers, as of the newest fact of the chain that each of them has.
CREATE TABLE orders (
    subject VARCHAR PRIMARY KEY,       -- the queue, or the worker id
    version INTEGER NOT NULL,          -- number of facts taken
    last_event_id VARCHAR NOT NULL,    -- of the newest fact taken
    is_queue BOOLEAN NOT NULL,         -- an order about a queue was given
    paused BOOLEAN NOT NULL,           -- nothing of the queue is given out
    pause_reason VARCHAR,              -- given with it
    ceilings JSON,                     -- NULL: none was ever set
    drained BOOLEAN NOT NULL,          -- the worker gets no new tasks
    drained_reason VARCHAR,            -- given with it
    updated_at TIMESTAMP NOT NULL
);

-- Workers, as of their newest sign of life.
CREATE TABLE workers (
    worker VARCHAR PRIMARY KEY,
    capacity INTEGER NOT NULL,         -- tasks it can hold at once; 0 once it takes no more
    queues JSON NOT NULL,              -- it takes tasks of these
    software VARCHAR NOT NULL,         -- its name and version
    host VARCHAR NOT NULL,             -- the machine it runs on
    last_seen TIMESTAMP NOT NULL       -- by the broker's clock
);

-- Messages to the `callback_url` of tasks.
CREATE TABLE webhooks (
    message_id VARCHAR PRIMARY KEY,    -- its id in the header of the message
    task_id UUID NOT NULL,
    about VARCHAR NOT NULL,            -- event_id of the task fact it tells of
    url VARCHAR NOT NULL,
    state VARCHAR NOT NULL,            -- pending, delivered or abandoned
    attempts INTEGER NOT NULL,         -- made so far
    last_error VARCHAR,                -- why the last one did not succeed
    http_status INTEGER,               -- of the last answer
    next_at TIMESTAMP,                 -- of the next try, while it is pending
    created_at TIMESTAMP NOT NULL,     -- of the first fact
    updated_at TIMESTAMP NOT NULL
);

-- Records that a consumer could not process, one row each.
CREATE TABLE dead_letters (
    letter VARCHAR NOT NULL,           -- topic:partition:offset of the letter itself
    topic VARCHAR NOT NULL,            -- of the original
    "partition" INTEGER NOT NULL,      -- of the original
    "offset" BIGINT NOT NULL,          -- of the original
    reason VARCHAR NOT NULL,           -- why, in words
    error VARCHAR NOT NULL,            -- class of the error
    reader VARCHAR NOT NULL,           -- which consumer gave up
    key_base64 VARCHAR,                -- the original's key
    value_base64 VARCHAR,              -- the original's value, or its first 128 KiB
    value_bytes BIGINT NOT NULL,       -- of the whole original
    recorded_at TIMESTAMP NOT NULL
);

-- What operators did about dead letters; may be read before the letter, as they need not share its partition.
CREATE TABLE dead_letter_acts (
    letter VARCHAR NOT NULL,           -- topic:partition:offset of the letter it is about
    "partition" INTEGER NOT NULL,      -- of the act's own record, as offset
    "offset" BIGINT NOT NULL,          -- of the act's own record
    type VARCHAR NOT NULL,             -- dead_letter.redriven or dead_letter.discarded
    operator VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    redriven_to VARCHAR,               -- topic:partition:offset of the record as it was sent again
    recorded_at TIMESTAMP NOT NULL
);
