"""What one partition of `tasks.events` tells of each task: is it over, since when, and who waits to hear of it. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pydantic_core import from_json

from events import facts as f
from events.chain import EMPTY, Stream, follows, take
from events.codec import decode_fact
from events.envelope import Envelope, UnknownEnvelope
from events.errors import NewerSchema, UndecodableRecord
from events.task import Finished, status_of
from projections.archive.segment import Kept


@dataclass(slots=True)
class History:
    """One task whose beginning is on the log."""

    task_id: str
    first: int  #: offset of its first fact
    opened: int  #: of the last record that would begin it; a replaced writer may have written a second one
    newest_ms: int  #: time of its newest record
    decided: int  #: highest command offset its facts name
    stream: Stream | None = EMPTY  #: none once it is over: nothing changes any more
    ended_at: datetime | None = None
    wants_word: bool = False  #: it has a `callback_url`
    told_of: tuple[tuple[str, int], ...] = ()  #: `event_id` and offset of facts its `callback_url` is told of

    @property
    def status(self) -> str:
        """What a user calls its state."""
        return "over" if self.stream is None else str(status_of(self.stream.task) or "unknown")


@dataclass(slots=True)
class Reel:
    """Offsets, times and sizes of a partition's records, a few bytes each."""

    offsets: array[int] = field(default_factory=lambda: array("q"))
    times: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))

    def add(self, record: Kept) -> None:
        """Take the next record."""
        self.offsets.append(record.offset)
        self.times.append(record.timestamp_ms)
        self.sizes.append(len(record.key or b"") + len(record.value or b""))

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """Offset, time and size of each, in order."""
        return zip(self.offsets, self.times, self.sizes, strict=True)


@dataclass(slots=True)
class Histories:
    """All tasks of one partition, as far as it is read."""

    tasks: dict[str, History] = field(default_factory=dict)
    reel: Reel = field(default_factory=Reel)

    def add(self, record: Kept) -> None:
        """Take the next record.

        Raises:
            NewerSchema: a newer version wrote it, and it may mean anything.
        """
        self.reel.add(record)
        try:
            fact = decode_fact(record.value)
        except NewerSchema:
            raise
        except UndecodableRecord:
            return  # of no task; it goes with its neighbours, byte for byte
        history = self.tasks.get(fact.task_id)
        begins = follows(EMPTY, fact)
        if history is None:
            if not begins:
                return  # what is left of a task whose beginning has gone: of one that is over
            history = History(fact.task_id, record.offset, record.offset, record.timestamp_ms, fact.command_offset)
            self.tasks[fact.task_id] = history
        elif begins:
            history.opened = record.offset
        history.newest_ms = max(history.newest_ms, record.timestamp_ms)
        _take(history, fact, record.offset)


def _take(history: History, fact: Envelope | UnknownEnvelope, offset: int) -> None:
    stream = history.stream
    if stream is None or not follows(stream, fact):
        return
    history.stream = stream = take(stream, fact)
    history.decided = max(history.decided, fact.command_offset)
    event = fact.event
    if isinstance(event, f.TaskSubmitted):
        history.wants_word = bool(event.callback_url)
    over = isinstance(stream.task, Finished)
    if history.wants_word and (over or isinstance(event, f.TaskEscalated)):
        history.told_of = (*history.told_of, (fact.event_id, offset))
    if over:
        history.stream, history.ended_at = None, fact.recorded_at


def task_of(value: bytes | None) -> str:
    """The task a step fact is about; empty when it says none."""
    try:
        record = from_json(value or b"")
    except ValueError:
        return ""
    return str(record.get("task_id", "")) if isinstance(record, dict) else ""
