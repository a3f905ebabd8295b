"""What facts of navigation paths change: the path's row, its editions, and what was said of them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import assert_never

from events.paths import (
    PathEnvelope,
    PathExpired,
    PathFact,
    PathFailed,
    PathHealed,
    PathLearned,
    PathPinned,
    PathQuarantined,
    PathReplayed,
    PathUnpinned,
)
from projections.records import Tally
from projections.step_fold import nano_usd, usd
from projections.task_row import Row, json_text, utc

_MICROSECONDS = 1_000_000


@dataclass(slots=True)
class PathRow:
    """A row of `navigation_paths`, in the table's order."""

    path_key: str
    site: str
    goal_pattern: str
    editions: int = 0
    path: str | None = None
    state: str = "unknown"
    newest: str | None = None
    newest_state: str = "unknown"
    pinned: bool = False
    reason: str | None = None
    successes: int = 0
    failures: int = 0
    failures_in_row: int = 0
    replay_us: int = 0
    saved_us: int = 0
    last_error_type: str | None = None
    last_error: str | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    updated_at: datetime | None = None


path_columns = attrgetter(*(each.name for each in fields(PathRow)))


@dataclass(slots=True)
class Paths:
    """What one batch changes."""

    rows: dict[str, PathRow] = field(default_factory=dict)
    editions: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)  #: path key and event


def fold_path(
    stored: dict[str, PathRow], known: Collection[tuple[str, str]], changes: Paths, tally: Tally, fact: PathEnvelope
) -> None:
    """Take a fact unless it was there before; `known` names those of the batch that are stored already."""
    identity = (fact.path_key, fact.event_id)
    if identity in known or identity in changes.seen:
        tally.repeats += 1
        return
    changes.seen.add(identity)
    tally.taken += 1
    row = stored.get(fact.path_key)
    if row is None:
        row = PathRow(fact.path_key, fact.site, fact.goal_pattern, created_at=utc(fact.recorded_at))
    stored[fact.path_key] = changes.rows[fact.path_key] = row
    row.updated_at = utc(fact.recorded_at)
    _apply(row, fact, fact.event)
    if isinstance(fact.event, PathLearned | PathHealed):
        changes.editions.append(_edition(row.editions, fact, fact.event))
    changes.events.append(_event(fact, fact.event))


def _apply(row: PathRow, fact: PathEnvelope, event: PathFact) -> None:
    match event:
        case PathLearned() | PathHealed():
            row.editions += 1
            row.newest, row.newest_state, row.failures_in_row = fact.event_id, "usable", 0
            row.expires_at = None if event.expires_at is None else utc(event.expires_at)
            if not row.pinned:
                _use_newest(row)
        case PathReplayed():
            row.successes += 1
            row.failures_in_row = 0
            row.replay_us += round(event.seconds * _MICROSECONDS)
            row.saved_us += round(event.time_saved_seconds * _MICROSECONDS)
            row.last_used_at = utc(fact.recorded_at)
            if event.expires_at is not None and event.path == row.newest:
                row.expires_at = utc(event.expires_at)
        case PathFailed():
            row.failures += 1
            row.failures_in_row += 1
            row.replay_us += round(event.seconds * _MICROSECONDS)
            row.last_error_type, row.last_error = event.error_type.value, event.error_message
            row.last_used_at = utc(fact.recorded_at)
        case PathExpired():
            _closed(row, event.path, "expired", event.reason)
        case PathQuarantined():
            _closed(row, event.path, "quarantined", event.reason)
        case PathPinned():
            row.path, row.state, row.pinned, row.reason = event.path, "usable", True, event.reason or None
            row.failures_in_row = 0
            if event.path == row.newest and row.newest_state == "quarantined":
                row.newest_state = "usable"  # the operator has looked at it
        case PathUnpinned():
            row.pinned = False
            _use_newest(row, event.reason)
        case _:
            assert_never(event)


def _use_newest(row: PathRow, reason: str = "") -> None:
    row.path, row.state, row.reason = row.newest, row.newest_state, reason or None


def _closed(row: PathRow, path: str, state: str, reason: str) -> None:
    """Of an edition that is no more used, and of one that is pinned when it expires, nothing follows."""
    if path == row.newest:
        row.newest_state = state
    if path == row.path and not (row.pinned and state == "expired"):
        row.state, row.reason = state, reason or None


def _edition(number: int, fact: PathEnvelope, event: PathLearned | PathHealed) -> Row:
    """As a row of `navigation_path_editions`."""
    key = (fact.path_key, number, fact.event_id)
    at = (fact.task_id, fact.caused_by, utc(fact.recorded_at))
    if isinstance(event, PathHealed):
        return (*key, event.path, json_text(event.steps), json_text(event.changed), None, None, None, None, *at)
    needs = (json_text(event.inputs), json_text(event.success_indicators))
    return (*key, None, json_text(event.steps), "[]", *needs, event.seconds, usd(nano_usd(event.cost)), *at)


def _event(fact: PathEnvelope, event: PathFact) -> Row:
    """As a row of `navigation_path_events`."""
    path = fact.event_id if isinstance(event, PathLearned) else getattr(event, "path", None)
    details = event.error_message if isinstance(event, PathFailed) else getattr(event, "reason", "")
    times = (getattr(event, "seconds", None), getattr(event, "time_saved_seconds", None))
    failed = (event.step, event.error_type.value) if isinstance(event, PathFailed) else (None, None)
    said = (*times, *failed, details, fact.caused_by, utc(fact.recorded_at))
    return (fact.path_key, fact.event_id, event.type, path, fact.task_id, *said)
