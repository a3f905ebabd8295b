"""`goaltrail webhooks secret`: what receivers check signatures with."""

from __future__ import annotations

import typer

from api.cli.client import fail
from settings import Settings

app = typer.Typer(no_args_is_help=True, help="Calls to a task's `callback_url`.")


@app.callback()
def webhooks() -> None:
    """Keep `secret` a command of its own: typer takes the only command of a group for the group."""


@app.command()
def secret() -> None:
    """Print the secret that webhooks are signed with, for the receivers that check signatures.

    Example: goaltrail webhooks secret
    """
    settings = Settings()
    configured = settings.webhooks.secret
    try:
        words = configured.get_secret_value() if configured else settings.webhook_secret_file.read_text()
    except FileNotFoundError:
        fail(f"{settings.webhook_secret_file} is not there: the first processor to start makes it (`goaltrail up`)")
    for word in words.split():
        typer.echo(word)
