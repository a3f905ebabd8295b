"""What only submissions are checked for: the age of the id, and the idempotency key. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from events.commands import SubmitTask
from events.errors import CommandRejected
from processors.fold import FirstUse, PartitionFold
from processors.policy import Policy

_UUID_V7 = 7


def check_id(task_id: str, now: datetime, policy: Policy) -> None:
    """Refuse an id whose task may have been forgotten, or that comes from the future.

    Raises:
        CommandRejected: no UUIDv7, older than the fold remembers, or too far ahead of the broker's clock.
    """
    try:
        parsed = UUID(task_id)
    except ValueError:
        parsed = None
    if parsed is None or parsed.version != _UUID_V7 or str(parsed) != task_id:
        raise CommandRejected(f"the task id {task_id!r} is no UUIDv7 in its usual form", code="invalid_id")
    drawn = datetime.fromtimestamp((parsed.int >> 80) / 1_000, UTC)
    if drawn < now - policy.remember:
        raise CommandRejected(f"the task id was drawn {drawn.isoformat()}: draw a new one", code="invalid_id")
    if drawn > now + policy.id_lead:
        raise CommandRejected(
            f"the task id was drawn {drawn.isoformat()}, ahead of the broker: set the clock", code="invalid_id"
        )


def first_use(fold: PartitionFold, command: SubmitTask) -> FirstUse | None:
    """The submission this one repeats by its idempotency key, if there is one."""
    if command.idempotency_key is None:
        return None
    return fold.keys.get((command.submitted_by, command.idempotency_key))
