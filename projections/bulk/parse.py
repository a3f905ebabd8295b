"""One chunk of raw records into typed tables, in SQL; says which records it leaves to Python."""

from __future__ import annotations

import duckdb

from projections.bulk import shapes

_ENVELOPE = (
    "event_id", "follows", "task_id", "version", "command_offset", "schema_version", "causation_id", "caused_by",
)  # fmt: skip
_MOMENTS = ("not_before", "expires_at", "lease_until", "deadline", "retry_at")
#: What the fold of chains needs of each fact; `type` as in the record.
_LINK = (
    'task_id, "partition", "offset", version, event_id, follows, type, recorded_at_at AS recorded_at, worker, attempt,'
    " lease_epoch, lease_until_at AS lease_until, deadline_at AS deadline, retry_at_at AS retry_at, reason, error_type,"
    " error_message, evidence::VARCHAR AS evidence, strategy, same_session, attempt_number, final_result,"
    " result_data::VARCHAR AS result_data, cached_path_used, cache_time_saved_seconds"
)
LINK_DETAILS = 17  #: columns of links after `recorded_at`
_GOAL = (
    "task_id, goal, site_url, priority, timeout_minutes, metadata, inputs, secrets, success_indicators, steps AS plan,"
    " 0 AS planned_steps, max_steps, queue, not_before_at AS not_before, expires_at_at AS expires_at, callback_url,"
    " submitted_by, idempotency_key"
)

#: Several records to a row, one a line.
_LINES = """
SELECT "partition", "offset" + generate_subscripts(lines, 1) - 1 AS "offset", unnest(lines) AS value
FROM (SELECT "partition", "offset", string_split(lines, chr(10)) AS lines FROM {raw})
"""
#: What no later step asks for is not kept: a chunk is written and read by columns.
_FACTS = f"""
CREATE OR REPLACE TEMP TABLE bulk_facts AS
SELECT * EXCLUDE (command_offset, schema_version, steps_offset, {", ".join(_MOMENTS)}),
       coalesce({shapes.PLAIN_FACT}, false) AS plain
FROM (
    SELECT "partition", "offset", value, {", ".join(f"r.{name}" for name in _ENVELOPE)},
           {", ".join(f"e.{name}" for name in shapes.EVENT_FIELDS)},
           {shapes.moment("r.recorded_at")} AS recorded_at_at,
           {", ".join(f"{shapes.moment(f'e.{name}')} AS {name}_at" for name in _MOMENTS)}
    FROM (SELECT *, r.event AS e FROM (SELECT *, try(from_json(value, '{shapes.FACT}')) AS r FROM ({_LINES})))
)
"""  # noqa: S608 - our own names
_STEPS = f"""
CREATE OR REPLACE TEMP TABLE bulk_steps AS
SELECT * EXCLUDE (value, schema_version, artifact, acts, data), coalesce({shapes.PLAIN_STEP}, false) AS plain
FROM (
    SELECT "partition", "offset", value, r.event_id, r.task_id, r.worker, r.lease_epoch, r.schema_version,
           {", ".join(f"e.{name}" for name in (*shapes.STEP_FIELDS, "artifact"))},
           {shapes.moment("r.recorded_at")} AS recorded_at_at
    FROM (SELECT *, r.event AS e FROM (SELECT *, try(from_json(value, '{shapes.STEP}')) AS r FROM ({_LINES})))
)
"""  # noqa: S608 - our own names

SCHEMA = """
CREATE TABLE side.links (
    task_id UUID, "partition" INTEGER, "offset" BIGINT, version INTEGER, event_id VARCHAR, follows VARCHAR,
    type VARCHAR, recorded_at TIMESTAMP, worker VARCHAR, attempt INTEGER, lease_epoch INTEGER, lease_until TIMESTAMP,
    deadline TIMESTAMP, retry_at TIMESTAMP, reason VARCHAR, error_type VARCHAR, error_message VARCHAR,
    evidence VARCHAR, strategy VARCHAR, same_session BOOLEAN, attempt_number INTEGER, final_result VARCHAR,
    result_data VARCHAR, cached_path_used BOOLEAN, cache_time_saved_seconds DOUBLE
);
CREATE TABLE side.goals (
    task_id UUID, goal VARCHAR, site_url VARCHAR, priority TINYINT, timeout_minutes DOUBLE, metadata VARCHAR,
    inputs VARCHAR, secrets VARCHAR, success_indicators VARCHAR, plan VARCHAR, planned_steps INTEGER,
    max_steps INTEGER, queue VARCHAR, not_before TIMESTAMP, expires_at TIMESTAMP, callback_url VARCHAR,
    submitted_by VARCHAR, idempotency_key VARCHAR
);
CREATE TABLE side.doubtful (task_id UUID, "partition" INTEGER, "offset" BIGINT, value VARCHAR);
CREATE TABLE side.irregular (task_id UUID);
CREATE TABLE side.taken ("partition" INTEGER, facts BIGINT);
CREATE TABLE side.step_events (task_id UUID, event_id VARCHAR, "partition" INTEGER, "offset" BIGINT, is_step BOOLEAN);
"""


def parse_facts(connection: duckdb.DuckDBPyConnection, raw: str) -> list[tuple[int, int, str]]:
    """Store the plain facts; partition, offset and value of the doubtful ones."""
    connection.execute(_FACTS.replace("{raw}", raw))
    connection.execute(
        "INSERT INTO facts SELECT task_id, version, event_id, type, recorded_at_at, caused_by, causation_id,"
        ' "partition", "offset", value FROM bulk_facts WHERE plain'
    )
    connection.execute(f"INSERT INTO side.links SELECT {_LINK} FROM bulk_facts WHERE plain")  # noqa: S608
    connection.execute(
        f"INSERT INTO side.goals SELECT {_GOAL} FROM bulk_facts WHERE plain AND type = 'task.submitted'"  # noqa: S608
    )
    return _doubtful(connection, "bulk_facts", raw)


def parse_steps(connection: duckdb.DuckDBPyConnection, raw: str) -> list[tuple[int, int, str]]:
    """Store the plain step facts; partition, offset and value of the doubtful ones, and of their tasks' others."""
    connection.execute(_STEPS.replace("{raw}", raw))
    connection.execute(_MORE_DOUBT)
    connection.execute(
        f"""
        INSERT INTO execution_log SELECT
            task_id, step_number, action, ai_level, ai_used, level_reason, model, input_tokens, output_tokens,
            duration_ms, {shapes.COST}, result, error_type, error_details, url, irreversible, artifacts, worker,
            lease_epoch, event_id, recorded_at_at
        FROM bulk_steps WHERE plain AND type = 'step.executed'
        """  # noqa: S608 - our own names
    )
    connection.execute(
        f"""
        INSERT INTO costs SELECT
            task_id, ai_provider, model, input_tokens, output_tokens, {shapes.COST}, worker, event_id, recorded_at_at
        FROM bulk_steps WHERE plain AND type = 'cost.reported'
        """  # noqa: S608 - our own names
    )
    connection.execute(
        """
        INSERT INTO side.step_events SELECT task_id, event_id, "partition", "offset", type = 'step.executed'
        FROM bulk_steps WHERE plain AND type IN ('step.executed', 'cost.reported')
        """
    )
    return _doubtful(connection, "bulk_steps", raw)


def passed_steps(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    """Per partition, the plain facts of the last chunk that leave no row."""
    return connection.execute(
        'SELECT "partition", count(*) FROM bulk_steps'
        " WHERE plain AND type NOT IN ('step.executed', 'cost.reported') GROUP BY ALL"
    ).fetchall()


#: Repeats are told by their order; so where Python reads one record of a task, it reads all the chunk has of it.
_MORE_DOUBT = """
UPDATE bulk_steps SET plain = false
WHERE plain AND task_id IN (SELECT task_id FROM bulk_steps WHERE NOT plain AND task_id IS NOT NULL)
"""


def _doubtful(connection: duckdb.DuckDBPyConnection, table: str, raw: str) -> list[tuple[int, int, str]]:
    doubt = f'SELECT "partition", "offset" FROM {table} WHERE NOT plain'  # noqa: S608 - our own names
    if connection.execute(f"{doubt} LIMIT 1").fetchone() is None:
        return []
    lines = _LINES.replace("{raw}", raw)
    return connection.execute(
        f'FROM ({lines}) SEMI JOIN ({doubt}) USING ("partition", "offset") ORDER BY ALL'
    ).fetchall()
