"""`goaltrail workers list | drain | resume`: who is at work, from the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.client import TASKS, Json, Key, Url, api, out, print_json
from api.cli.queue_tables import worker_list

app = typer.Typer(no_args_is_help=True, help="Workers: list them, drain one, let it go on.")

WORKERS = f"{TASKS}/workers"
_ACCEPTED = 202

Name = Annotated[str, typer.Argument(help="As `goaltrail workers list` shows it.", show_default=False)]


@app.command("list")
def list_workers(
    *,
    gone: Annotated[bool, typer.Option("--gone", help="Those that fell silent, too.")] = False,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List workers with their capacity, load and when they were last heard."""
    with api(url, key) as door:
        data = door.data("GET", WORKERS, params={"include_gone": gone})
    if json:
        print_json(data)
    elif data["workers"]:
        out.print(worker_list(data["workers"]))
    else:
        out.print("no worker is there: start some with `goaltrail up --runners 2`", highlight=False)


@app.command(no_args_is_help=True)
def drain(
    worker: Name,
    *,
    reason: Annotated[str, typer.Option(help="Why; shown to whoever wonders later.")] = "",
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Give a worker nothing more; it finishes what it holds. Watch it with `goaltrail workers list`.

    Example: goaltrail workers drain runner-3f2a --reason "the machine is being replaced"
    """
    _order(worker, "drain", {"reason": reason}, "takes no more", json=json, url=url, key=key)


@app.command(no_args_is_help=True)
def resume(worker: Name, *, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Give a drained worker tasks again.

    Example: goaltrail workers resume runner-3f2a
    """
    _order(worker, "resume", None, "takes tasks", json=json, url=url, key=key)


def _order(
    worker: str, verb: str, body: dict[str, Any] | None, done: str, *, json: bool, url: str | None, key: str | None
) -> None:
    with api(url, key) as door:
        status, data = door.ask("POST", f"{WORKERS}/{worker}/{verb}", json=body)
    if json:
        print_json(data)
    elif status == _ACCEPTED:
        out.print(f"{worker}  asked for; the dispatcher has not answered: see `goaltrail status`", highlight=False)
    else:
        out.print(f"{worker}  {done}{' (already)' if data['already_true'] else ''}", highlight=False)
