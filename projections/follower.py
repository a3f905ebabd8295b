"""One store following one log, batch by batch; whoever owns it calls `step`, from one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import structlog

from events.errors import StoreMismatch
from events.topics import Topics
from projections.archive.following import ArchiveFirst
from projections.archive.reading import Archive
from projections.batch import Before, fold_batch
from projections.consumer import LogReader
from projections.intake import Decoded, decode_batch
from projections.recent import Recent
from projections.records import LogShape, Place, Record, Tally
from projections.store import REBUILD, Store

_log = structlog.get_logger(__name__)

#: What one bad record raises in a statement over many; the record is found by halving the batch.
_BAD_VALUE = (duckdb.DataError, duckdb.IntegrityError, OverflowError)


class Follower:
    """Folds the log into the file at `path`; rows and offsets change together or not at all."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        topics: Topics,
        path: Path,
        *,
        archive: Callable[[LogShape], Archive] | None = None,
    ) -> None:
        """Open the store and the log, and, if there is to be one, the archive of what left the log.

        Raises:
            StoreMismatch: another log, another version, or open elsewhere; the text names the command to run.
            BrokerUnreachable: Kafka does not answer.
        """
        lasting = (
            topics.task_events,
            topics.step_events,
            topics.queue_events,
            topics.webhook_events,
            topics.path_events,
            topics.dead_letters,
        )
        self._topics = topics
        self.stopped: dict[Place, str] = {}  #: partitions that cannot be read on, and why
        self.models: set[tuple[str, str | None]] = set()  #: providers and models met since the start
        reader = LogReader(connection, (*lasting, topics.workers_alive))
        self.reader: LogReader | ArchiveFirst = reader if archive is None else ArchiveFirst(reader, archive)
        try:
            self.shape: LogShape = self.reader.shape()  #: the log as it was found
            self.store = Store(path)
        except BaseException:
            self.reader.close()
            raise
        try:
            offsets = self.store.adopt(self.shape, lasting, self.reader.reaches)
        except BaseException:
            self.close()
            raise
        #: Replaced entry by entry after each commit, never changed in place: other threads may look.
        self.tallies: dict[Place, Tally] = _tallies(offsets, self.store.tables.load_tallies())
        self._recent = Recent(self.store.tables.newest_task())
        self.reader.start(offsets)

    def step(self, stopping: threading.Event) -> int:
        """Make one micro-batch visible; the number of records in it, 0 when the log is quiet.

        Raises:
            StoreMismatch: the log has lost records that were not read yet.
        """
        intake = self.reader.take(stopping)
        for place in intake.truncated:
            raise StoreMismatch(f"{place.topic}[{place.partition}] was cut short while it was read; {REBUILD}")
        if intake.records:
            self._write(intake.records)
        else:
            self.store.quiet()
        return len(intake.records)

    def behind(self, ends: Mapping[Place, int]) -> int:
        """Records below `ends` that are not visible yet; stopped partitions do not count."""
        tallies = self.tallies
        return sum(
            max(0, end - tallies[place].next_offset)
            for place, end in ends.items()
            if place in tallies and place not in self.stopped
        )

    def close(self) -> None:
        """Leave the broker and close the file."""
        self.reader.close()
        self.store.close()

    def _write(self, records: Sequence[Record]) -> None:
        """One transaction; a record the store cannot hold is found by halving, counted and passed."""
        decoded = decode_batch(records, self.tallies, self._topics, self.stopped)
        try:
            self._commit(decoded)
        except _BAD_VALUE as error:
            self._recent.forget()
            if len(records) == 1:
                self._pass(records[0], error)
                return
            middle = len(records) // 2
            self._write(records[:middle])
            self._write(records[middle:])
            return
        for place in decoded.stopped.keys() - self.stopped.keys():
            self._stop(place, decoded.stopped[place])

    def _commit(self, decoded: Decoded) -> None:
        tables, recent = self.store.tables, self._recent
        task_ids, events = decoded.task_ids(), decoded.events_of_steps()
        recent.tasks.update(tables.load_tasks(recent.to_load(task_ids)))
        before = Before(
            recent.tasks,
            recent.known_steps(events) | tables.known_steps(recent.steps_to_look_for(events)),
            tables.load_orders(decoded.subjects()),
            tables.load_webhooks(decoded.messages()),
            *tables.load_paths([fact for _, fact in decoded.paths]),
        )
        changes = fold_batch(decoded, before)
        tables.write(decoded, changes)
        self.tallies = {**self.tallies, **decoded.tallies}
        self.models |= changes.models()
        recent.written(changes.tasks, task_ids, events)
        self.store.committed()

    def _pass(self, record: Record, error: Exception) -> None:
        place = f"{record.place.topic}[{record.place.partition}]@{record.offset}"
        _log.warning("record passed", action="pass", place=place, error=str(error))
        tally = self.tallies[record.place]
        passed = replace(tally, next_offset=record.offset + 1, undecodable=tally.undecodable + 1)
        self._commit(Decoded(tallies={record.place: passed}))

    def _stop(self, place: Place, reason: str) -> None:
        _log.error("partition stopped", action="stop", reason=reason)
        self.stopped = {**self.stopped, place: reason}
        self.reader.stop_partition(place)


def _tallies(offsets: Mapping[Place, int], stored: Mapping[Place, Tally]) -> dict[Place, Tally]:
    """Counts so far; records that the broker threw away by age since are passed, not waited for."""
    return {place: replace(stored.get(place, Tally()), next_offset=offset) for place, offset in offsets.items()}
