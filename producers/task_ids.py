"""Task ids: UUIDv7, so that they sort by time; drawn into one partition per idempotency key."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel
from uuid_utils import uuid7

from events.goal import GoalStatement
from events.partitioner import murmur2, partition_of

_VERSION = 7
_MILLISECONDS_SHIFT = 80  # a UUIDv7 begins with 48 bits of Unix milliseconds


def new_task_id() -> str:
    """A fresh UUIDv7."""
    return str(uuid7())


def task_id_for(caller: str, key: str, partitions: int) -> str:
    """A fresh UUIDv7 in the partition of (caller, key).

    All tries with one key meet in one partition this way, whose state knows the first task (design.md §2.7).
    """
    wanted = partition_of(f"{caller}\n{key}", partitions)
    while True:
        drawn = new_task_id()
        # Not partition_of: its cache is for keys that come again.
        if (murmur2(drawn.encode()) & 0x7FFFFFFF) % partitions == wanted:
            return drawn


def made_at(task_id: str) -> datetime | None:
    """When the id was drawn; none for what is no UUIDv7."""
    try:
        parsed = UUID(task_id)
    except ValueError:
        return None
    if parsed.version != _VERSION:
        return None
    return datetime.fromtimestamp((parsed.int >> _MILLISECONDS_SHIFT) / 1_000, UTC)


def body_hash(statement: GoalStatement) -> str:
    """SHA-256 of what was asked for, to tell a repeat from a conflict.

    Fields at their default are left out: saying the default is the same request as saying nothing, and a field that a
    later version adds changes no hash.
    """
    fields = GoalStatement.model_fields
    said = {
        name: _plain(getattr(statement, name))
        for name in fields
        if getattr(statement, name) != fields[name].get_default(call_default_factory=True)
    }
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
