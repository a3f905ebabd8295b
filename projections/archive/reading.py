"""Reads archived records again, each partition in the order of its offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb

from events.errors import StoreMismatch
from projections.archive.segment import Kept, Segment, chain
from projections.archive.shelf import Shelf
from projections.records import LogShape, Place

_WINDOW = 20_000  # offsets read at once


class Archive:
    """What a shelf holds of one log, as it was found."""

    def __init__(self, shelf: Shelf, log: LogShape) -> None:
        """Read all manifests; raises StoreMismatch."""
        self._shelf = shelf
        self._segments = shelf.segments(log)

    def segments(self, place: Place) -> Sequence[Segment]:
        """All there are of one partition."""
        return self._segments.get(place, [])

    def reaches(self, place: Place, start: int) -> int:
        """Up to which offset everything from `start` on is archived; `start` itself when nothing is."""
        linked = chain(self.segments(place), start)
        return linked[-1][0].to if linked else start

    def records(self, place: Place, start: int, stop: int) -> Iterator[Kept]:
        """All records from `start` up to, but not including, `stop`.

        Raises:
            StoreMismatch: they are not all here.
        """
        if self.reaches(place, start) < stop:
            raise StoreMismatch(
                f"{place.topic}[{place.partition}] is archived up to {self.reaches(place, start)}, not to {stop},"
                f" in {self._shelf.url}"
            )
        for segment, begin in chain(self.segments(place), start):
            if begin < stop:
                yield from self._of(segment, begin, min(stop, segment.to))

    def _of(self, segment: Segment, start: int, stop: int) -> Iterator[Kept]:
        with self._shelf.local(segment) as files, duckdb.connect(config={"threads": "1"}) as reading:
            for begin in range(start, stop, _WINDOW):
                end = min(begin + _WINDOW, stop)
                names = _names(segment, files, begin, end)
                if names:
                    rows = reading.execute(
                        f'SELECT "offset", timestamp_ms, "key", "value", headers FROM read_parquet({names},'  # noqa: S608 - our own paths, quoted
                        ' hive_partitioning = false) WHERE "offset" >= $start AND "offset" < $stop ORDER BY "offset"',
                        {"start": begin, "stop": end},
                    ).fetchall()
                    yield from (Kept(*row) for row in rows)


def archive_at(url: str) -> Callable[[LogShape], Archive]:
    """Opens the archive at an fsspec URL for whichever log is asked about."""
    return lambda log: Archive(Shelf(url), log)


def _names(segment: Segment, files: dict[str, Path], start: int, stop: int) -> str:
    """A SQL list of the files that may hold offsets of that stretch; empty when none does."""
    wanted = [files[file.path] for file in segment.files if file.first < stop and file.last >= start]
    if not wanted:
        return ""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in wanted) + "]"
