"""`goaltrail archive plan | run | list`: what may leave the log, and making it leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from api.cli.ages import days
from api.cli.client import fail, out
from api.cli.installation import Installation
from events.topics import Topics
from producers.admin import ensure_topics
from producers.beginnings import delete_before, publish_beginnings
from projections.archive.log import ArchivableLog
from projections.archive.plan import PartitionPlan, Plan
from projections.archive.reading import Archive
from projections.archive.run import Outside, carry_out
from projections.archive.shelf import Shelf
from projections.archive.survey import survey

app = typer.Typer(no_args_is_help=True, help="Old facts of tasks that are over: out of the log, kept as Parquet.")

#: The lifecycle agent remembers tasks for seven days after their end: their ids, and idempotency keys.
_LEAST_DAYS = 8
_KIB = 1024


_WHY = "the lifecycle agent remembers finished tasks for seven days"

OlderThan = Annotated[
    int, typer.Option(help="Age of records that may go, such as 90d.", parser=days(_LEAST_DAYS, _WHY))
]


@app.command()
def plan(older_than: OlderThan) -> None:
    """Show, partition by partition, what would leave the log, and what holds the rest; nothing is changed."""
    with _opened() as (log, shelf, status):
        found = survey(log, shelf, _cutoff(older_than), lambda line: status.update(escape(line)))
    _show(found)


@app.command()
def run(older_than: OlderThan, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Write what may go to the archive, prove it against the log, and only then delete it from the log.

    Stopped at any point, it can be run again. `goaltrail rebuild` and `goaltrail verify` read archive and log as one.
    """
    with _opened() as (log, shelf, status):
        found = survey(log, shelf, _cutoff(older_than), lambda line: status.update(escape(line)))
        status.stop()
        _show(found)
        if not found.going:
            return
        if not yes:
            typer.confirm(f"Move these records to {shelf.url}, and delete them from the log?", abort=True)
        installation = Installation.found()
        connection, copies = installation.connection(), installation.settings.kafka.replication_factor
        ensure_topics(connection, log.topics, replication_factor=copies)
        outside = Outside(partial(publish_beginnings, connection, log.topics), partial(delete_before, connection))
        with _alone(installation.home.root / "archive.lock"):
            carry_out(found, log, shelf, outside, lambda line: out.print(line, highlight=False, soft_wrap=True))


@app.command("list")
def list_() -> None:
    """Show what the archive holds of this log."""
    table = Table("topic", "partition", "offsets", "records", "MiB", "days", "written")
    with _opened() as (log, shelf, _):
        shape = log.shape()
        archive = Archive(shelf, shape)
        for place in sorted(shape.ends):
            for segment in archive.segments(place):
                size = sum(file.bytes for file in segment.files)
                days = sorted(file.day for file in segment.files)
                table.add_row(
                    place.topic,
                    str(place.partition),
                    f"{segment.first}-{segment.to}",
                    str(segment.records),
                    f"{size / _KIB / _KIB:.1f}",
                    f"{days[0]} .. {days[-1]}" if days else "-",
                    f"{segment.written_at:%Y-%m-%d %H:%M}",
                )
    out.print(f"archive: {shelf.url}", highlight=False, soft_wrap=True)
    out.print(table)


@contextmanager
def _opened() -> Iterator[tuple[ArchivableLog, Shelf, Status]]:
    installation = Installation.found()
    if installation.wants_own_broker and not installation.keeper.is_running():
        fail("the broker is not running; start it with: goaltrail broker start")
    kafka = installation.settings.kafka
    log = ArchivableLog(installation.connection(), Topics(kafka.prefix, kafka.partitions))
    try:
        with Status("reading the log ...", console=Console(stderr=True)) as status:
            yield log, Shelf(installation.settings.archive_url), status
    finally:
        log.close()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One run at a time on this machine; two on two machines stop each other when they meet."""
    with path.open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            fail("another `goaltrail archive run` is under way")
        yield


def _cutoff(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def _show(found: Plan) -> None:
    out.print(f"records before {found.cutoff:%Y-%m-%d %H:%M} UTC of tasks that are over:", highlight=False)
    table = Table("topic", "p", "log", "goes below", "records", "MiB", "tasks", "from", "to")
    for part in found.going:
        table.add_row(*_row(part, found))
    if found.going:
        out.print(table)
    for line in _held(found):
        out.print(escape(line), highlight=False, soft_wrap=True)
    records, size = sum(part.records for part in found.going), sum(part.bytes for part in found.going)
    said = f"{records} records, {size / _KIB / _KIB:.1f} MiB, would go" if records else "nothing would go"
    out.print(said, highlight=False)


def _held(found: Plan) -> Iterator[str]:
    """Why not more, a line for each partition that is held at all, and for each topic that stays."""
    for part in found.partitions:
        if part.reason:
            stays = f" ({part.waiting} records behind it are old enough)" if part.waiting else ""
            yield f"{part.place.topic}[{part.place.partition}] stays from {part.cut} on: {part.reason}{stays}"
    for topic in found.refused:
        if topic.records:
            yield f"{topic.topic} stays ({topic.records} records): {topic.reason}"


def _row(part: PartitionPlan, found: Plan) -> tuple[str, ...]:
    return (
        part.place.topic,
        str(part.place.partition),
        f"{part.beginning}-{found.log.ends[part.place]}",
        str(part.cut),
        str(part.records),
        f"{part.bytes / _KIB / _KIB:.1f}",
        str(part.tasks),
        _day(part.oldest_ms),
        _day(part.newest_ms),
    )


def _day(at_ms: int | None) -> str:
    return "-" if at_ms is None else datetime.fromtimestamp(at_ms / 1_000, UTC).date().isoformat()
