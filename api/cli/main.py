"""`goaltrail`: every command, and the one place where our errors become a sentence and an exit code."""

from __future__ import annotations

import typer
from rich.markup import escape

from api.cli import (
    archive,
    artifacts,
    backtest,
    broker,
    dead_letters,
    desk,
    doctor,
    keys,
    metrics,
    paths,
    prices,
    query,
    queues,
    rebuild,
    status,
    tasks,
    up,
    verify,
    watching,
    webhooks,
    workers,
)
from api.cli.client import err
from events.errors import GoaltrailError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Goals for web sites: queued, performed in a real browser, verified, kept as events.",
)
app.add_typer(up.app)
app.add_typer(status.app)
app.add_typer(tasks.app)
app.add_typer(watching.app)
app.add_typer(artifacts.app)
app.add_typer(queues.single)
app.add_typer(queues.app, name="queues")
app.add_typer(workers.app, name="workers")
app.add_typer(desk.app, name="desk")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(paths.app, name="paths")
app.add_typer(metrics.app)
app.add_typer(prices.app)
app.add_typer(keys.app, name="keys")
app.add_typer(broker.app, name="broker")
app.add_typer(rebuild.app)
app.add_typer(verify.app)
app.add_typer(archive.app, name="archive")
app.add_typer(query.app)
app.add_typer(backtest.app)
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(doctor.app)


def main() -> None:
    """Run one command."""
    try:
        app()
    except GoaltrailError as error:
        err.print(f"[bold red]Error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(1) from error
