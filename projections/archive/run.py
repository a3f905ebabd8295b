"""Carries a plan out: write, prove, publish, cut. Killed anywhere, it is simply run again; nothing is cut unproven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest

import duckdb
import structlog

from events.beginning import LogBeginning
from events.errors import StoreMismatch
from projections.archive.log import ArchivableLog
from projections.archive.plan import PartitionPlan, Plan
from projections.archive.reading import Archive
from projections.archive.shelf import Shelf
from projections.archive.writing import write_segment
from projections.records import Place

_log = structlog.get_logger(__name__)

_SEGMENT = 1_000_000  # offsets of one manifest: what has to be written again after a crash


@dataclass(frozen=True, slots=True)
class Outside:
    """What changes the log; handed in, as projections only read it."""

    publish: Callable[[Sequence[LogBeginning]], None]  #: returns once the broker has them
    cut: Callable[[dict[Place, int]], None]  #: delete all records below these offsets


def carry_out(
    plan: Plan, log: ArchivableLog, shelf: Shelf, outside: Outside, tell: Callable[[str], None] = lambda _: None
) -> None:
    """Archive what goes, then cut the log.

    Args:
        plan: made a moment ago.
        log: it was made of.
        shelf: where records go.
        outside: what changes the log.
        tell: told each step before it is done; `write`, `manifest`, `prove`, `publish`, `cut` or `done`, and of what.

    Raises:
        BrokerUnreachable: Kafka does not answer; run it again.
        StoreMismatch: what was written does not say what the log says; nothing was cut.
    """
    for part in plan.going:
        _write(plan, part, log, shelf, tell)
    for part in plan.going:
        tell(f"prove {part.place.topic}[{part.place.partition}]")
        if not _proven(plan, part, log, shelf):
            _require_unchanged(plan, [part], log)
            _withdraw(plan, part, shelf)
            _write(plan, part, log, shelf, tell)
            if not _proven(plan, part, log, shelf):
                raise StoreMismatch(f"{part.place}: the archive {shelf.url} does not give back what was written")
    if plan.going:
        tell("publish")
        _require_unchanged(plan, plan.going, log)
        outside.publish([_beginning(plan, part) for part in plan.going])
    for part in plan.going:
        tell(f"cut {part.place.topic}[{part.place.partition}] at {part.cut}")
        outside.cut({part.place: part.cut})
    shelf.tidy(plan.log, datetime.now(UTC))
    tell("done")


def _write(plan: Plan, part: PartitionPlan, log: ArchivableLog, shelf: Shelf, tell: Callable[[str], None]) -> None:
    """Whatever of it is not on the shelf yet."""
    position = Archive(shelf, plan.log).reaches(part.place, 0)
    while position < part.cut:
        to = min(position + _SEGMENT, part.cut)
        tell(f"write {part.place.topic}[{part.place.partition}] {position}-{to}")
        records = log.records(part.place, position, to)
        segment = write_segment(shelf, plan.log, part.place, records, first=position, to=to)
        tell(f"manifest {part.place.topic}[{part.place.partition}] {position}-{to}")
        shelf.commit(segment)
        position = to


def _proven(plan: Plan, part: PartitionPlan, log: ArchivableLog, shelf: Shelf) -> bool:
    """Whether the archive, read back, gives record by record what the log still holds."""
    here = Archive(shelf, plan.log).records(part.place, part.beginning, part.cut)
    there = log.records(part.place, part.beginning, part.cut)
    try:
        return all(kept == record for kept, record in zip_longest(here, there))
    except (StoreMismatch, duckdb.Error) as error:
        _log.warning("not proven", action="archive.prove", place=str(part.place), error=str(error))
        return False
    finally:
        there.close()


def _require_unchanged(plan: Plan, parts: Sequence[PartitionPlan], log: ArchivableLog) -> None:
    """Two runs at once must neither take each other's manifests for wrong, nor let the log begin earlier than it does."""
    now = log.shape().beginnings
    for part in parts:
        if now[part.place] != plan.log.beginnings[part.place]:
            raise StoreMismatch(
                f"{part.place.topic}[{part.place.partition}] begins at {now[part.place]}, not at {part.beginning}"
                " any more: archived by somebody else meanwhile; plan again"
            )


def _withdraw(plan: Plan, part: PartitionPlan, shelf: Shelf) -> None:
    """What the log still holds whole can be written again."""
    for segment in Archive(shelf, plan.log).segments(part.place):
        if segment.first >= part.beginning:
            shelf.withdraw(segment)


def _beginning(plan: Plan, part: PartitionPlan) -> LogBeginning:
    return LogBeginning(
        topic=part.place.topic,
        topic_id=plan.log.topic_ids[part.place.topic],
        partition=part.place.partition,
        beginning=part.cut,
        decided_to=part.decided_to,
        recorded_at=datetime.now(UTC),
    )
