"""What the SQL does not read: records folded in Python, as the follower does it, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import duckdb

from events.errors import StoreMismatch
from events.topics import Topics
from projections.batch import Before, Changes, fold_batch
from projections.daily_fold import DailySums
from projections.intake import Decoded, decode_batch
from projections.records import Place, Record, Tally
from projections.store import Store

#: What one bad record raises in a statement over many; the record is found by halving.
BAD_VALUE = (duckdb.DataError, duckdb.IntegrityError, OverflowError)
_COUNTS = tuple(field.name for field in fields(Tally) if field.name != "next_offset")


class SlowRoad:
    """Folds records in Python and keeps their tallies."""

    def __init__(self, store: Store, topics: Topics, tallies: dict[Place, Tally]) -> None:
        """`tallies` are counted up here, in place; offsets are another's."""
        self._store, self._topics, self._tallies = store, topics, tallies

    def count(self, place: Place, **counts: int) -> None:
        """Add to what was met in a partition."""
        tally = self._tallies.setdefault(place, Tally())
        for name, number in counts.items():
            setattr(tally, name, getattr(tally, name) + number)

    def decoded(self, records: Sequence[Record]) -> Decoded:
        """Records as the follower decodes them; those that are none of ours are counted.

        Raises:
            StoreMismatch: a newer version wrote one.
        """
        decoded = decode_batch(records, {}, self._topics, {})
        for reason in decoded.stopped.values():
            raise StoreMismatch(reason)
        return decoded

    def fold(self, records: Sequence[Record]) -> None:
        """Fold and write; of a partition in order, of a task from its first fact on.

        Raises:
            StoreMismatch: a newer version wrote one of the records.
        """
        decoded = self.decoded(records)
        try:
            self._write(decoded)
        except BAD_VALUE:
            if len(records) == 1:
                self.count(records[0].place, undecodable=1)  # it decodes, but no column can hold it
                return
            middle = len(records) // 2
            self.fold(records[:middle])
            self.fold(records[middle:])
            return
        self.add(decoded.tallies)

    def add(self, tallies: Mapping[Place, Tally]) -> None:
        """Add what was met."""
        for place, tally in tallies.items():
            self.count(place, **{name: getattr(tally, name) for name in _COUNTS})

    def _write(self, decoded: Decoded) -> None:
        tables = self._store.tables
        before = Before(
            tables.load_tasks(decoded.task_ids()),
            (),
            tables.load_orders(decoded.subjects()),
            tables.load_webhooks(decoded.messages()),
            *tables.load_paths([fact for _, fact in decoded.paths]),
        )
        changes = fold_batch(decoded, before)
        _leave_to_sql(changes)
        decoded.tallies, tallies = {}, decoded.tallies
        tables.write(decoded, changes)
        decoded.tallies = tallies


def _leave_to_sql(changes: Changes) -> None:
    """Sums over days and copies of steps are made for all tasks at once when every step is there."""
    changes.daily = DailySums()
    changes.history.first_escalated.clear()
    changes.history.escalation_steps.clear()
