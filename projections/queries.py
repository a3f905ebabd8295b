"""Typed read answers over the tables; used by the API and by Python callers."""

from __future__ import annotations

from projections.answers import ReadingCounts
from projections.desk_queries import DeskReadings
from projections.metrics_queries import MetricsReadings
from projections.named_lists import NamedLists
from projections.needed_files import FileReadings
from projections.path_queries import PathReadings
from projections.queue_queries import QueueReadings
from projections.timeline_queries import TimelineReadings


class Readings(NamedLists, QueueReadings, MetricsReadings, DeskReadings, PathReadings, FileReadings, TimelineReadings):
    """All answers of one store; any thread may ask."""

    def counts(self) -> list[ReadingCounts]:
        """What the reading met, per topic."""
        return [ReadingCounts(row[0], *(int(value) for value in row[1:])) for row in self._rows(_COUNTS)]


_COUNTS = """
SELECT topic, sum(taken), sum(strays), sum(repeats), sum(unknown), sum(undecodable)
FROM projection_offsets GROUP BY topic ORDER BY topic
"""
