"""`python -m demo.site`: the swimming school by itself, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from demo.site.server import serve
from demo.site.switches import Switches


def main(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 0,
    record: Annotated[Path | None, typer.Option(help="File of JSON lines that every registration goes to.")] = None,
    switches: Annotated[
        str, typer.Option(help='What goes wrong, as JSON: {"cookie_modal": true, "slow_ms": 300}.')
    ] = "{}",
    ready_file: Annotated[Path | None, typer.Option(help="Written once it answers; holds the process id.")] = None,
) -> None:
    """Serve the school on 127.0.0.1; change switches at run time with POST /switches."""
    try:
        chosen = Switches.model_validate_json(switches)
    except ValidationError as error:
        raise typer.BadParameter(str(error), param_hint="--switches") from error
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with serve(record, chosen, port=port) as site:
        typer.echo(site.url)
        if ready_file is not None:
            ready_file.write_text(str(os.getpid()))
        stopping.wait()


if __name__ == "__main__":
    typer.run(main)
