"""`goaltrail verify`: recounts the log independently of the readings, and names every cell that says something else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.markup import escape

from api.cli.client import TASKS, Key, Url, api, fail, out
from api.cli.installation import Installation
from api.cli.rebuild import shown
from events.topics import Topics
from projections.bulk.run import Progress
from projections.recount.shelf import ParquetShelf
from projections.recount.verify import topic_ids
from projections.recount.verify import verify as verify_readings
from projections.store import SNAPSHOTS

app = typer.Typer()

_EXIT_DIFFERENT = 2


@app.command()
def verify(
    snapshot: Annotated[
        Path | None, typer.Option(help="File to check; else a snapshot that the running API makes now.", exists=True)
    ] = None,
    most: Annotated[int, typer.Option(help="Differences to name.", min=1)] = 100,
    url: Url = None,
    key: Key = None,
) -> None:
    """Hold the readings against an independent recount of the log, table by table and cell by cell.

    Ends with 0 when they say the same, with 2 when something differs. `goaltrail rebuild` makes the readings anew.
    """
    installation = Installation.found()
    path = snapshot or _made(installation, url, key)
    kafka = installation.settings.kafka
    topics = Topics(kafka.prefix, kafka.partitions)
    try:
        with shown(Console(stderr=True)) as report:
            done = verify_readings(
                installation.connection(),
                topics,
                path,
                lambda records, ahead: report(Progress(records, ahead - records, records / ahead)),
                most=most,
                shelved=ParquetShelf(installation.settings.archive_url, topic_ids(path)),
            )
    except duckdb.Error as error:
        fail(f"{path} cannot be read: {error}")
    for found in done.found:
        out.print(escape(str(found)), highlight=False, soft_wrap=True)
    said = "no difference" if done.good else f"{len(done.found)} differences"
    out.print(f"{done.records} records, {done.rows} rows: {said}", highlight=False)
    if not done.good:
        raise typer.Exit(_EXIT_DIFFERENT)


def _made(installation: Installation, url: str | None, key: str | None) -> Path:
    with api(url, key) as door:
        name = door.data("POST", f"{TASKS}/snapshots")["snapshot"]
    return installation.home.root / SNAPSHOTS / str(name)
