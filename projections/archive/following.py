"""Reads archive and log as one: first what left the log, then what is on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from projections.archive.reading import Archive
from projections.consumer import LogReader
from projections.records import Intake, LogShape, Place, Record

_BATCH = 4_000


class ArchiveFirst:
    """Stands where a `LogReader` stands."""

    def __init__(self, reader: LogReader, opened: Callable[[LogShape], Archive]) -> None:
        """Read the archive that `opened` finds for the log, before what `reader` reads."""
        self._reader = reader
        self._opened = opened
        self._old: Iterator[Record] = iter(())
        self._stopped: set[Place] = set()
        self._shape: LogShape | None = None
        self._archive: Archive | None = None

    def shape(self) -> LogShape:
        """The log as it is now, which then is the one that is read; raises BrokerUnreachable."""
        self._shape = self._reader.shape()
        self._archive = self._opened(self._shape)
        return self._shape

    def reaches(self, place: Place, start: int) -> int:
        """Up to which offset the archive holds everything from `start` on."""
        return start if self._archive is None else self._archive.reaches(place, start)

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """The offset the next record of each partition gets; raises BrokerUnreachable."""
        return self._reader.ends(places)

    def start(self, offsets: Mapping[Place, int]) -> None:
        """Read these partitions from these offsets on."""
        begins = {} if self._shape is None else self._shape.beginnings
        old = {place: offset for place, offset in offsets.items() if offset < begins.get(place, 0)}
        self._old = self._archived({place: (offset, begins[place]) for place, offset in old.items()})
        self._reader.start({place: max(offset, begins.get(place, 0)) for place, offset in offsets.items()})

    def take(self, stopping: threading.Event) -> Intake:
        """The next batch of the archive; when that is read, of the log. Raises StoreMismatch."""
        batch = [record for record in islice(self._old, _BATCH) if record.place not in self._stopped]
        return Intake(batch) if batch else self._reader.take(stopping)

    def stop_partition(self, place: Place) -> None:
        """Read no more of one partition."""
        self._stopped.add(place)
        self._reader.stop_partition(place)

    def close(self) -> None:
        """Leave the broker."""
        self._reader.close()

    def _archived(self, spans: Mapping[Place, tuple[int, int]]) -> Iterator[Record]:
        if self._archive is None:
            return
        for place, (start, stop) in sorted(spans.items()):
            for kept in self._archive.records(place, start, stop):
                yield Record(place, kept.offset, kept.value, kept.timestamp_ms)
