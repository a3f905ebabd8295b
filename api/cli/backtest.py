"""`goaltrail backtest`: the recorded failures under another recovery policy, decided by the processors' own code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.installation import Installation

app = typer.Typer()


@app.command()
def backtest(
    policy: Annotated[Path, typer.Option(help="Recovery rules to try: TOML, see docs/recovery.md.", exists=True)],
    since: Annotated[str | None, typer.Option(help="A date, or a span such as 24h, 30d or 4w.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Decide the failures on the log again, under other recovery rules, and print what would have changed.

    Nothing is changed: the facts stay as they are, and no task is touched.
    """
    installation = Installation.found()
    command = [sys.executable, "-m", "processors.backtest", "--policy", str(policy)]
    command += ["--since", since] if since is not None else []
    command += ["--json"] if as_json else []
    environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": installation.bootstrap}
    # The door decides nothing: who decides is asked, in a process of its own.
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)
