"""A task's row as the fold holds it, and how values enter the store. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from pydantic_core import to_json

from events.envelope import Envelope, UnknownEnvelope
from events.facts import TaskSubmitted
from events.task import Status
from projections.records import Record

Row = tuple[Any, ...]

_NONE = timedelta(0)


@dataclass(slots=True)
class TaskRow:
    """The changing columns of `tasks`, in the table's order."""

    task_id: str
    status: Status | None = None  #: none: not submitted yet, as far as this version understands
    queued_at: datetime | None = None
    claimed_at: datetime | None = None
    started_at: datetime | None = None
    paused_at: datetime | None = None
    completed_at: datetime | None = None
    worker: str | None = None
    attempts: int = 0
    lease_epoch: int = 0
    lease_until: datetime | None = None  #: set exactly while a lease is held
    deadline: datetime | None = None
    retry_at: datetime | None = None
    recovery_strategy: str | None = None
    recovery_attempts: int = 0
    recoveries_succeeded: int = 0
    recovery_succeeded: bool | None = None
    escalations: int = 0
    error_type: str | None = None
    error_message: str | None = None
    evidence: str | None = None  #: JSON
    asked: str | None = None
    reason: str | None = None
    operator: str | None = None
    checkpoint: str | None = None
    cached_path_used: bool = False
    cache_time_saved_seconds: float = 0.0
    final_result: str | None = None
    result_data: str | None = None  #: JSON
    version: int = 0
    last_event_id: str | None = None  #: none: no fact taken yet
    updated_at: datetime | None = None


STATE_COLUMNS = tuple(field.name for field in fields(TaskRow))
#: The columns that come from the submission and never change, in the table's order.
GOAL_COLUMNS = (
    "goal",
    "site_url",
    "priority",
    "timeout_minutes",
    "metadata",
    "inputs",
    "secrets",
    "success_indicators",
    "plan",
    "planned_steps",
    "max_steps",
    "queue",
    "not_before",
    "expires_at",
    "callback_url",
    "submitted_by",
    "idempotency_key",
    "created_at",
)
NO_GOAL: Row = (None,) * len(GOAL_COLUMNS)

#: The state of a row as a tuple in the order of `STATE_COLUMNS`.
state_columns = attrgetter(*STATE_COLUMNS)


def goal_columns(goal: TaskSubmitted, at: datetime) -> Row:
    """The values of `GOAL_COLUMNS`; `at` is UTC without zone."""
    return (
        goal.goal,
        goal.site_url,
        goal.priority,
        goal.timeout_minutes,
        _json_object(goal.metadata),
        _json_object(goal.inputs),
        _json_object(goal.secrets),
        _json_list(goal.success_indicators),
        _json_list(goal.steps),
        len(goal.steps),
        goal.max_steps,
        goal.queue,
        None if goal.not_before is None else utc(goal.not_before),
        None if goal.expires_at is None else utc(goal.expires_at),
        goal.callback_url,
        goal.submitted_by,
        goal.idempotency_key,
        at,
    )


def fact_row(task_id: str, raw: Record, fact: Envelope | UnknownEnvelope) -> Row:
    """As a row of `facts`."""
    return (
        task_id,
        fact.version,
        fact.event_id,
        fact.event.type,
        utc(fact.recorded_at),
        fact.caused_by,
        fact.causation_id,
        raw.place.partition,
        raw.offset,
        (raw.value or b"").decode(),
    )


def utc(moment: datetime) -> datetime:
    """The moment in UTC, without zone, as the store keeps it."""
    if moment.utcoffset() == _NONE:  # nearly always; the other way costs twice as much
        return moment.replace(tzinfo=None)
    return moment.astimezone(UTC).replace(tzinfo=None)


def json_text(value: Any) -> str:
    """A value as JSON that DuckDB takes: NaN and infinity become null."""
    return to_json(value, inf_nan_mode="null").decode()


def _json_object(value: dict[str, Any]) -> str:
    return json_text(value) if value else "{}"


def _json_list(value: list[Any]) -> str:
    return json_text(value) if value else "[]"
