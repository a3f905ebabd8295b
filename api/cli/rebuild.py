"""`goaltrail rebuild`: makes the readings anew from the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from api.cli.client import out
from api.cli.installation import Installation
from api.cli.starting import start_broker_alone
from events.topics import Topics
from projections.archive.reading import archive_at
from projections.bulk.run import Progress as Rebuilding
from projections.rebuild import rebuild as rebuild_readings
from projections.store import FILE

app = typer.Typer()

_LINE_SECONDS = 2.0  # between lines where there is no terminal to draw on


@app.command()
def rebuild() -> None:
    """Make the readings anew from the archive and the log, while the API is stopped; the old file is kept beside the new one.

    Our own broker is started for it if it does not run.
    """
    installation = Installation.found()
    found_running = installation.keeper.is_running()
    if installation.wants_own_broker:
        start_broker_alone(installation, lambda line: out.print(line, highlight=False))
    kafka = installation.settings.kafka
    try:
        with shown(Console(stderr=True)) as report:
            done = rebuild_readings(
                installation.connection(),
                Topics(kafka.prefix, kafka.partitions),
                installation.home.root / FILE,
                report,
                archive=archive_at(installation.settings.archive_url),
            )
    finally:
        if not found_running:
            installation.keeper.shut_down()
    out.print(f"{done.path}: {done.records} records in {done.seconds:.1f} s", highlight=False, soft_wrap=True)
    if done.kept is not None:
        out.print(f"the one before is kept as {done.kept}", highlight=False, soft_wrap=True)


@contextmanager
def shown(console: Console) -> Iterator[Callable[[Rebuilding], None]]:
    """A bar with rate and time left on a terminal, lines elsewhere."""
    started = said = monotonic()
    if not console.is_terminal:

        def say(progress: Rebuilding) -> None:
            nonlocal said
            if monotonic() - said >= _LINE_SECONDS or progress.records == 0:
                said = monotonic()
                console.print(said_of(progress, said - started), highlight=False, soft_wrap=True)

        yield say
        return
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("asking for the log ...", total=1.0)
        yield lambda progress: bar.update(
            task, completed=progress.done, description=said_of(progress, monotonic() - started)
        )


def said_of(progress: Rebuilding, seconds: float) -> str:
    """How far, how fast, how long it will take: one line."""
    left = progress.seconds_left(seconds)
    rate = f"{progress.records / seconds:,.0f}/s" if progress.records and seconds else "begins"
    rest = f", {left:.0f} s left" if left is not None else ""
    return f"{progress.records:,} records, {progress.ahead:,} ahead, {rate}{rest}"
