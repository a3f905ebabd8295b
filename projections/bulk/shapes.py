"""Which records the SQL fold reads itself, as DuckDB sees them; all others take the road through Python. Pure.

A record is *plain* if every field is there as our encoder writes it. What is missing, of another type than the column, or
outside its range makes it doubtful, never wrong: the Python fold decides.
"""

from __future__ import annotations

import json

from events.envelope import SCHEMA_VERSION
from events.failure import ErrorType, Strategy

#: Fields of `events.facts`, by name; moments stay text until their zone was looked at.
EVENT_FIELDS: dict[str, str] = {
    "type": "VARCHAR",
    "goal": "VARCHAR",
    "site_url": "VARCHAR",
    "priority": "TINYINT",
    "timeout_minutes": "DOUBLE",
    "metadata": "JSON",
    "inputs": "JSON",
    "secrets": "JSON",
    "success_indicators": "JSON",
    "steps": "JSON",
    "max_steps": "INTEGER",
    "queue": "VARCHAR",
    "not_before": "VARCHAR",
    "expires_at": "VARCHAR",
    "callback_url": "VARCHAR",
    "submitted_by": "VARCHAR",
    "idempotency_key": "VARCHAR",
    "worker": "VARCHAR",
    "attempt": "INTEGER",
    "lease_epoch": "INTEGER",
    "lease_until": "VARCHAR",
    "deadline": "VARCHAR",
    "steps_offset": "BIGINT",
    "reason": "VARCHAR",
    "final_result": "VARCHAR",
    "result_data": "JSON",
    "evidence": "JSON",
    "cached_path_used": "BOOLEAN",
    "cache_time_saved_seconds": "DOUBLE",
    "error_type": "VARCHAR",
    "error_message": "VARCHAR",
    "strategy": "VARCHAR",
    "attempt_number": "INTEGER",
    "retry_at": "VARCHAR",
    "same_session": "BOOLEAN",
}
FACT: str = json.dumps(
    {
        "event_id": "VARCHAR",
        "follows": "VARCHAR",
        "task_id": "UUID",
        "version": "INTEGER",
        "command_offset": "BIGINT",
        "schema_version": "BIGINT",
        "recorded_at": "VARCHAR",
        "causation_id": "VARCHAR",
        "caused_by": "VARCHAR",
        "event": EVENT_FIELDS,
    }
)
_ARTIFACT = {"kind": "VARCHAR", "sha256": "VARCHAR", "media_type": "VARCHAR", "size_bytes": "BIGINT"}
STEP_FIELDS: dict[str, str] = {
    "type": "VARCHAR",
    "step_number": "INTEGER",
    "action": "VARCHAR",
    "ai_level": "TINYINT",
    "ai_used": "VARCHAR",
    "level_reason": "VARCHAR",
    "model": "VARCHAR",
    "input_tokens": "BIGINT",
    "output_tokens": "BIGINT",
    "duration_ms": "DOUBLE",
    "cost": "DOUBLE",
    "result": "VARCHAR",
    "error_type": "VARCHAR",
    "error_details": "VARCHAR",
    "url": "VARCHAR",
    "irreversible": "BOOLEAN",
    "artifacts": "JSON",
    "ai_provider": "VARCHAR",
    "acts": "INTEGER",
    "data": "JSON",
}
STEP: str = json.dumps(
    {
        "event_id": "VARCHAR",
        "task_id": "UUID",
        "worker": "VARCHAR",
        "lease_epoch": "INTEGER",
        "schema_version": "BIGINT",
        "recorded_at": "VARCHAR",
        "event": {**STEP_FIELDS, "artifact": _ARTIFACT},
    }
)


def _words(values: type[ErrorType | Strategy]) -> str:
    return ", ".join(f"'{value}'" for value in values)


ERROR_TYPES = _words(ErrorType)
STRATEGIES = _words(Strategy)


def moment(text: str) -> str:
    """SQL: a moment in UTC as we write it (`...Z`, at most microseconds), else NULL."""
    return (
        f"CASE WHEN ends_with({text}, 'Z') AND length({text}) BETWEEN 20 AND 27 THEN try_cast({text} AS TIMESTAMP) END"
    )


def _all(*fields: str) -> str:
    return " AND ".join(f"{field} IS NOT NULL" for field in fields)


def _plain_json(field: str, opening: str) -> str:
    """JSON of the right kind, without numbers that are none: those become null on the other road."""
    none = f"contains({field}, 'NaN') OR contains({field}, 'Inf')"
    return f"({field} IS NOT NULL AND starts_with({field}, '{opening}') AND (length({field}) = 2 OR NOT ({none})))"


_FAILURE = (
    f"error_type IN ({ERROR_TYPES}) AND error_message IS NOT NULL AND {_plain_json('evidence', '{')}"  # a CASE follows
)
_SUBMITTED = (
    "length(goal) BETWEEN 1 AND 10000 AND regexp_matches(site_url, '^https?://[A-Za-z0-9]') AND priority BETWEEN 1 AND 10"
    " AND timeout_minutes > 0 AND timeout_minutes <= 1440 AND max_steps BETWEEN 1 AND 1000 AND queue IS NOT NULL"
    f" AND submitted_by IS NOT NULL AND {_plain_json('metadata', '{')} AND {_plain_json('inputs', '{')}"
    # Declared steps and indicators are models of their own, which Python fills up with what later versions added.
    f" AND {_plain_json('secrets', '{')} AND success_indicators = '[]' AND steps = '[]'"
    " AND (not_before IS NULL) = (not_before_at IS NULL) AND (expires_at IS NULL) = (expires_at_at IS NULL)"
)
#: Over the columns of `EVENT_FIELDS` and moments named `*_at`: per type, whether the fact is plain.
PLAIN_EVENTS: dict[str, str] = {
    "task.submitted": _SUBMITTED,
    "task.claimed": _all("worker", "attempt", "lease_epoch", "lease_until_at"),
    "task.started": _all("lease_epoch", "lease_until_at", "deadline_at", "steps_offset"),
    "task.lease_renewed": _all("lease_epoch", "lease_until_at"),
    "task.released": _all("lease_epoch", "reason"),
    "task.completed": f"final_result IS NOT NULL AND {_plain_json('result_data', '{')} AND {_plain_json('evidence', '[')}"
    " AND cached_path_used IS NOT NULL AND isfinite(cache_time_saved_seconds)",
    "task.recovery_planned": f"{_FAILURE} AND strategy IN ({STRATEGIES})"
    f" AND {_all('lease_epoch', 'attempt_number', 'retry_at_at', 'same_session')}"
    " AND (lease_until IS NULL) = (lease_until_at IS NULL)",
    "task.recovered": _all("lease_epoch", "attempt_number", "lease_until_at"),
    "task.failed": _FAILURE,
    "task.escalated": _FAILURE,
    "task.cancelled": _all("reason"),
}
_ENVELOPE = f"schema_version = {SCHEMA_VERSION} AND {_all('event_id', 'task_id', 'recorded_at_at')}"
#: NULL where a field is missing: ask `coalesce(..., false)`.
PLAIN_FACT = (
    f"{_ENVELOPE} AND version >= 1 AND {_all('command_offset', 'causation_id', 'caused_by')} AND CASE type "
    + " ".join(f"WHEN '{name}' THEN {rule}" for name, rule in PLAIN_EVENTS.items())
    + " END"
)
_MONEY = "cost >= 0 AND cost <= 1e8"
PLAIN_STEPS: dict[str, str] = {
    "step.executed": _all(
        "step_number", "action", "ai_used", "level_reason", "input_tokens", "output_tokens", "url", "irreversible"
    )
    + f" AND ai_level BETWEEN 0 AND 5 AND isfinite(duration_ms) AND {_MONEY}"
    " AND result IN ('success', 'error', 'retry', 'skipped')"
    f" AND (error_type IS NULL OR error_type IN ({ERROR_TYPES})) AND starts_with(artifacts, '[')",
    "cost.reported": f"{_MONEY} AND {_all('ai_provider', 'input_tokens', 'output_tokens')}",
    "step.intended": _all("step_number", "action"),
    "checkpoint.saved": _all("step_number", "url", "acts", "data", *(f"artifact.{name}" for name in _ARTIFACT)),
}
PLAIN_STEP = (
    f"{_ENVELOPE} AND {_all('worker', 'lease_epoch')} AND CASE type "
    + " ".join(f"WHEN '{name}' THEN {rule}" for name, rule in PLAIN_STEPS.items())
    + " END"
)
#: As `step_fold.nano_usd`: half to even.
COST = "(round_even(cost * 1e9, 0)::DECIMAL(18, 0) * 0.000000001::DECIMAL(10, 9))::DECIMAL(18, 9)"
