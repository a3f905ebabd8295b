"""`goaltrail queue` and `goaltrail queues list | pause | resume | ceilings`: queues from the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.client import TASKS, Json, Key, Url, api, out, print_json
from api.cli.queue_tables import queue_list, queue_status

app = typer.Typer(no_args_is_help=True, help="Queues: list them, pause and resume one, set its ceilings.")
single = typer.Typer()

QUEUES = f"{TASKS}/queues"
_ACCEPTED = 202

Name = Annotated[str, typer.Argument(help="The queue; goals that name none go to `default`.", show_default=False)]
AtMost = Annotated[int | None, typer.Option(min=1, show_default=False)]


@single.command("queue")
def queue(*, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Show how the queues are doing: what waits, what runs, how long it takes, and what is wrong.

    Exit code 1 when the health is critical. Example: goaltrail queue --json
    """
    with api(url, key) as door:
        status = door.data("GET", f"{TASKS}/queue/status")
    if json:
        print_json(status)
    else:
        out.print(queue_status(status))
    if status["health"] == "critical":
        raise typer.Exit(1)


@app.command("list")
def list_queues(*, json: Json = False, url: Url = None, key: Key = None) -> None:
    """List queues with what waits and runs in them, and their ceilings."""
    with api(url, key) as door:
        data = door.data("GET", QUEUES)
    if json:
        print_json(data)
    elif data["queues"]:
        out.print(queue_list(data["queues"]))
    else:
        out.print("no queue has tasks; the first goal makes one: goaltrail submit --help", highlight=False)


@app.command(no_args_is_help=True)
def pause(
    name: Name,
    *,
    reason: Annotated[str, typer.Option(help="Why; shown to whoever wonders later.")] = "",
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Give out nothing more of a queue. What runs goes on, and goals are still taken on.

    Example: goaltrail queues pause default --reason "the site is being rebuilt"
    """
    _order(name, "pause", {"reason": reason}, "paused", json=json, url=url, key=key)


@app.command(no_args_is_help=True)
def resume(name: Name, *, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Give out a queue's tasks again.

    Example: goaltrail queues resume default
    """
    _order(name, "resume", None, "goes on", json=json, url=url, key=key)


@app.command(no_args_is_help=True)
def ceilings(
    name: Name,
    *,
    running: AtMost = None,
    per_site: AtMost = None,
    per_account: AtMost = None,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Replace the ceilings of a queue: how many tasks may run at once, in all, per site and per account.

    What is left out is unlimited from now on; without any option the queue has no ceilings.

    Example: goaltrail queues ceilings default --running 20 --per-site 2
    """
    wanted = {"running": running, "per_site": per_site, "per_account": per_account}
    _order(name, "ceilings", wanted, "has these ceilings", json=json, url=url, key=key)


def _order(
    name: str, verb: str, body: dict[str, Any] | None, done: str, *, json: bool, url: str | None, key: str | None
) -> None:
    with api(url, key) as door:
        status, data = door.ask("PUT", f"{QUEUES}/{name}/{verb}", json=body)
    if json:
        print_json(data)
    elif status == _ACCEPTED:
        out.print(f"{name}  asked for; the dispatcher has not answered: see `goaltrail status`", highlight=False)
    else:
        out.print(f"{name}  {done}{' (already)' if data['already_true'] else ''}", highlight=False)
