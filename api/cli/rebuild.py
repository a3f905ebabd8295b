"""`goaltrail rebuild`: makes the readings anew from the log."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.status import Status

from api.cli.client import out
from api.cli.installation import Installation
from api.cli.starting import start_broker_alone
from events.topics import Topics
from projections.rebuild import rebuild as rebuild_readings
from projections.store import FILE

app = typer.Typer()


@app.command()
def rebuild() -> None:
    """Make the readings anew from the log, while the API is stopped; the old file is kept beside the new one.

    Our own broker is started for it if it does not run.
    """
    installation = Installation.found()
    found_running = installation.keeper.is_running()
    if installation.wants_own_broker:
        start_broker_alone(installation, lambda line: out.print(line, highlight=False))
    kafka = installation.settings.kafka
    try:
        with Status("reading the log ...", console=Console(stderr=True)) as shown:
            done = rebuild_readings(
                installation.connection(),
                Topics(kafka.prefix, kafka.partitions),
                installation.home.root / FILE,
                lambda records, ahead: shown.update(f"{records} records, {ahead} ahead"),
            )
    finally:
        if not found_running:
            installation.keeper.shut_down()
    out.print(f"{done.path}: {done.records} records in {done.seconds:.1f} s", highlight=False, soft_wrap=True)
    if done.kept is not None:
        out.print(f"the one before is kept as {done.kept}", highlight=False, soft_wrap=True)
