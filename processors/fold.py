"""What one partition of facts adds up to: the cache that decisions are made from. No I/O; it can always be rebuilt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events.chain import EMPTY, Stream, follows, take
from events.envelope import Envelope, UnknownEnvelope
from events.facts import LeaseRenewed, TaskSubmitted
from events.task import Finished, Task, Unknown
from processors.deadlines import next_deadline
from processors.due import DueTimes

#: Shared by all goals in a fold: pydantic's own copy for each takes more memory than the rest of the goal.
_ALL_FIELDS = set(TaskSubmitted.model_fields)
_SEEN = 16  # command ids remembered per task; a client's retry comes within a few commands


@dataclass(slots=True)
class Entry:
    """One task: its stream, and which commands led to which fact."""

    stream: Stream = EMPTY
    #: (command id, offset of its fact), oldest first; renewals are not kept
    seen: tuple[tuple[str, int], ...] = ()

    def fact_of(self, command_id: str) -> int | None:
        """Offset of the fact that this command led to, if it is remembered."""
        return next((offset for known, offset in self.seen if known == command_id), None)


@dataclass(frozen=True, slots=True)
class FirstUse:
    """The submission an idempotency key was first used for."""

    task_id: str
    body_hash: str | None
    command_id: str


@dataclass(slots=True)
class PartitionFold:
    """All tasks of one partition, and how far its commands are decided."""

    partition: int
    entries: dict[str, Entry] = field(default_factory=dict)
    next_offset: int = 0  #: of the fact that comes next
    decided_to: int = -1  #: highest command offset that a taken fact names
    #: commands at or below `decided_to` whose only fact fell off the chain: still to be decided
    undecided: set[int] = field(default_factory=set)
    keys: dict[tuple[str, str], FirstUse] = field(default_factory=dict)
    strays: int = 0  #: late facts of replaced writers
    unreadable: int = 0
    settled_to: int = -1  #: commands at or below it are decided, whatever facts that came later say
    #: (ended at, task id, idempotency key), oldest first
    finished: deque[tuple[datetime, str, tuple[str, str] | None]] = field(default_factory=deque)
    due_times: DueTimes = field(default_factory=DueTimes)

    def entry(self, task_id: str) -> Entry:
        """The task's entry; an unknown task's is empty and is not kept."""
        return self.entries.get(task_id) or Entry()

    def begin_at(self, offset: int, settled_to: int) -> None:
        """Forget everything and go on at `offset`, before which the log holds only tasks that are over and forgotten.

        What follows there of such a task falls off the chain, as its beginning is gone.

        Args:
            offset: of the fact that comes next.
            settled_to: highest command offset that was decided by then.
        """
        self.entries.clear()
        self.undecided.clear()
        self.keys.clear()
        self.finished.clear()
        self.due_times = DueTimes()
        self.next_offset, self.decided_to, self.settled_to = offset, settled_to, settled_to

    def apply(self, fact: Envelope | UnknownEnvelope, offset: int) -> bool:
        """Take one fact at its offset; false when it does not follow and fell off the chain."""
        self.next_offset = offset + 1
        entry = self.entries.get(fact.task_id)
        stream = entry.stream if entry is not None else EMPTY
        if not follows(stream, fact):
            self.strays += 1
            unsettled = fact.command_offset > self.settled_to
            if unsettled and (fact.command_offset > self.decided_to or not self._decided(fact, entry)):
                self.undecided.add(fact.command_offset)
            return False
        self.accept(fact, offset, take(stream, fact))
        return True

    def accept(self, fact: Envelope | UnknownEnvelope, offset: int, after: Stream) -> None:
        """Take one fact that follows; `after` is its stream with the fact taken."""
        self.next_offset = offset + 1
        entry = self.entries.get(fact.task_id)
        if entry is None:
            entry = self.entries[fact.task_id] = Entry()
        before = entry.stream.task
        entry.stream = after
        self.decided_to = max(self.decided_to, fact.command_offset)
        self.undecided.discard(fact.command_offset)
        self._remember(entry, fact, offset)
        self._note_deadline(fact.task_id, before, after.task)

    def is_decided(self, command_offset: int) -> bool:
        """Whether a command was decided before a restart, so that only its follow-ups are due."""
        return command_offset <= self.decided_to and command_offset not in self.undecided

    def due(self, now: datetime, most: int) -> list[str]:
        """At most `most` tasks with a deadline at or before `now`, for CheckDeadlines; see `DueTimes`."""
        return self.due_times.due(now, self.deadline_of, most)

    def deadline_of(self, task_id: str) -> datetime | None:
        """When the task runs out as things are; none while nothing can run out, or for an unknown task."""
        return next_deadline(self.entry(task_id).stream.task)

    def forget(self, now: datetime, window: timedelta) -> None:
        """Drop tasks that ended longer than `window` ago."""
        while self.finished and self.finished[0][0] < now - window:
            _, task_id, key = self.finished.popleft()
            self.entries.pop(task_id, None)
            if key is not None:
                self.keys.pop(key, None)

    def _decided(self, fact: Envelope | UnknownEnvelope, entry: Entry | None) -> bool:
        """Whether a taken fact names the same command; two writers give one command two event ids."""
        return entry is not None and entry.fact_of(fact.causation_id) is not None

    def _remember(self, entry: Entry, fact: Envelope | UnknownEnvelope, offset: int) -> None:
        event = fact.event
        if not isinstance(event, LeaseRenewed):
            entry.seen = (*entry.seen[-_SEEN + 1 :], (fact.causation_id, offset))
        if isinstance(event, TaskSubmitted):
            object.__setattr__(event, "__pydantic_fields_set__", _ALL_FIELDS)
        if isinstance(event, TaskSubmitted) and event.idempotency_key is not None:
            first = FirstUse(fact.task_id, event.body_hash, fact.causation_id)
            self.keys.setdefault((event.submitted_by, event.idempotency_key), first)

    def _note_deadline(self, task_id: str, before: Task, after: Task) -> None:
        if isinstance(after, Finished):
            key = None
            if not isinstance(before, Unknown | Finished) and before.goal.idempotency_key is not None:
                key = (before.goal.submitted_by, before.goal.idempotency_key)
            if not isinstance(before, Finished):
                self.finished.append((after.ended_at, task_id, key))
            return
        moment = next_deadline(after)
        if moment is not None and moment != next_deadline(before):
            self.due_times.note(task_id, moment, self.deadline_of)
