"""What may leave the log, partition by partition, and what holds the rest. Pure.

Kafka cuts a partition at one offset, so what may go is a beginning of it: all below the first record that must stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from projections.archive.histories import Histories, History, task_of
from projections.archive.owed import Settled
from projections.archive.segment import Kept
from projections.records import LogShape, Place

_YOUNG = "from there on records are younger"


@dataclass(frozen=True, slots=True)
class PartitionPlan:
    """One partition: the offset it is to begin with, what lies before that, and why not more."""

    place: Place
    beginning: int  #: as it is now
    cut: int  #: as it is to be
    records: int = 0  #: that go
    bytes: int = 0  #: of their keys and values
    tasks: int = 0  #: of which any record goes
    oldest_ms: int | None = None
    newest_ms: int | None = None
    reason: str = ""  #: why not more; empty when all there is goes
    waiting: int = 0  #: records that are old enough and stay all the same; counted for task facts only
    decided_to: int = -1  #: highest command offset that was decided by then

    @property
    def goes(self) -> bool:
        """Whether anything does."""
        return self.cut > self.beginning


@dataclass(frozen=True, slots=True)
class Staying:
    """A topic that stays as it is, and why."""

    topic: str
    records: int
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What `goaltrail archive run` would do."""

    log: LogShape
    cutoff: datetime
    partitions: tuple[PartitionPlan, ...]
    refused: tuple[Staying, ...] = ()

    @property
    def going(self) -> list[PartitionPlan]:
        """Partitions of which something goes."""
        return [part for part in self.partitions if part.goes]


@dataclass(frozen=True, slots=True)
class Rule:
    """What must be true of a record that goes."""

    cutoff: datetime
    settled: Settled

    @property
    def cutoff_ms(self) -> int:
        """The same moment as records carry it."""
        return int(self.cutoff.timestamp() * 1_000)

    def holds(self, history: History, partition: int) -> str | None:
        """Why a task must stay whole; none when it may go."""
        task_id = history.task_id
        if history.ended_at is None:
            return f"task {task_id} is {history.status}"
        if history.ended_at >= self.cutoff or history.newest_ms >= self.cutoff_ms:
            return f"task {task_id} ended {history.ended_at:%Y-%m-%d %H:%M} UTC, which is not long enough ago"
        if not all(self.settled.is_settled(about, (partition, offset)) for about, offset in history.told_of):
            return f"task {task_id} has a `callback_url` that was not told all, and nobody discarded the dead letter"
        return None


def held_tasks(histories: Histories, partition: int, rule: Rule) -> dict[str, str]:
    """Tasks of one partition that must stay, each with the reason."""
    reasons = ((task_id, rule.holds(history, partition)) for task_id, history in histories.tasks.items())
    return {task_id: reason for task_id, reason in reasons if reason is not None}


def plan_facts(place: Place, log: LogShape, histories: Histories, held: Mapping[str, str], rule: Rule) -> PartitionPlan:
    """One partition of `tasks.events`, all of which was read."""
    cut, reason = log.ends[place], ""
    for offset, at_ms, _ in histories.reel.rows():
        if at_ms >= rule.cutoff_ms:
            cut, reason = offset, _YOUNG
            break
    for task_id, why in held.items():
        first = histories.tasks[task_id].first
        if first < cut:
            cut, reason = first, why
    cut, reason = _whole_openings(histories.tasks.values(), cut, reason)
    below = [row for row in histories.reel.rows() if row[0] < cut]
    gone = [history for history in histories.tasks.values() if history.first < cut]
    old = sum(1 for offset, at_ms, _ in histories.reel.rows() if offset >= cut and at_ms < rule.cutoff_ms)
    return PartitionPlan(
        place,
        log.beginnings[place],
        cut,
        records=len(below),
        bytes=sum(size for _, _, size in below),
        tasks=len(gone),
        oldest_ms=min((at_ms for _, at_ms, _ in below), default=None),
        newest_ms=max((at_ms for _, at_ms, _ in below), default=None),
        reason=reason,
        waiting=old,
        decided_to=max((history.decided for history in gone), default=-1),
    )


def plan_steps(
    place: Place, log: LogShape, records: Iterable[Kept], held: Mapping[str, str], rule: Rule
) -> PartitionPlan:
    """One partition of `steps.events`, read no further than to the first record that stays.

    Args:
        place: the partition.
        log: as it is now.
        records: of the partition, from its beginning.
        held: tasks that must stay, of all partitions: whoever reports a cost may know another partitioner.
        rule: what goes.
    """
    cut, reason, tasks, times, size, count = log.beginnings[place], "", set(), [], 0, 0
    for record in records:
        task_id = task_of(record.value)
        names = {task_id, (record.key or b"").decode(errors="replace")}
        why = next((held[name] for name in names if name in held), None)
        if why is not None or record.timestamp_ms >= rule.cutoff_ms:
            reason = why or _YOUNG
            break
        tasks.add(task_id)
        times.append(record.timestamp_ms)
        size += len(record.key or b"") + len(record.value or b"")
        count, cut = count + 1, record.offset + 1
    else:
        cut = log.ends[place]
    oldest, newest = min(times, default=None), max(times, default=None)
    return PartitionPlan(
        place,
        log.beginnings[place],
        cut,
        records=count,
        bytes=size,
        tasks=len(tasks),
        oldest_ms=oldest,
        newest_ms=newest,
        reason=reason,
    )


def _whole_openings(histories: Iterable[History], cut: int, reason: str) -> tuple[int, str]:
    """A second submission, of a writer that had been replaced, must not outlive the first: it would begin the task anew."""
    doubled = [history for history in histories if history.opened > history.first]
    moved = True
    while moved:
        moved = False
        for history in doubled:
            if history.first < cut <= history.opened:
                cut, moved = history.first, True
                reason = f"task {history.task_id} was written twice, up to offset {history.opened}"
    return cut, reason
