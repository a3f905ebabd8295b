"""Commands as they lie in one partition of the log, for tests of deciding."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from uuid import UUID

from events.codec import encode
from events.commands import CommandEnvelope, SubmitTask, TaskCommand
from events.partitioner import partition_of
from events.topics import Topics
from processors.batch import Deciding, RawCommand
from processors.fold import PartitionFold
from tests.given import NOW, POLICY

TOPICS = Topics(partitions=4)
PARTITION = 2


def _ids() -> list[str]:
    """Ids of tasks that live in the partition, drawn at NOW."""
    drawn = int(NOW.timestamp() * 1_000) << 80
    ids = (str(UUID(int=drawn | 7 << 76 | 2 << 62 | number)) for number in count(1))
    return [task_id for task_id, _ in zip((i for i in ids if home(i) == PARTITION), range(8), strict=False)]


def home(task_id: str) -> int:
    return partition_of(task_id, TOPICS.partitions)


A, B, C, D, *_ = _ids()
SUBMIT = SubmitTask(goal="Register Eden", site_url="https://pool.example.org")


def raw(
    offset: int, task_id: str, command: TaskCommand, command_id: str | None = None, at: datetime = NOW
) -> RawCommand:
    envelope = CommandEnvelope(
        command_id=command_id or f"command-{offset}",
        task_id=task_id,
        issued_at=NOW,
        issued_by="test",
        reply=True,
        command=command,
    )
    return RawCommand(offset, int(at.timestamp() * 1_000), task_id.encode(), encode(envelope))


def deciding(fold: PartitionFold | None = None, prefix: str = "e") -> Deciding:
    """A decider whose event ids are `e1`, `e2`..., so that two of them can be told apart by their prefix."""
    numbers = count(1)
    return Deciding(fold or PartitionFold(PARTITION), POLICY, TOPICS, lambda: f"{prefix}{next(numbers)}")
