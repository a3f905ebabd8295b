"""`goaltrail dead-letters list | show | redrive | discard`: records nobody could process, from the command line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from api.cli.client import TASKS, Json, Key, Url, api, err, out, print_json
from api.cli.desk_tables import letter_list, letter_view

app = typer.Typer(
    no_args_is_help=True, help="Records nobody could process: look, send one again, or lay one aside; each act is kept."
)

LETTERS = f"{TASKS}/dead-letters"

Letter = Annotated[str, typer.Argument(help="As `goaltrail dead-letters list` shows it.", show_default=False)]
Note = Annotated[str, typer.Option(help="Why; kept with the act.")]


class State(StrEnum):
    """By the newest act."""

    OPEN = "open"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


@app.command("list")
def list_letters(
    *,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only records of this topic.")] = None,
    reader: Annotated[str | None, typer.Option(help="Only those this consumer gave up on, such as webhooks.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000, help="How many at most.")] = 50,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List dead letters, newest first.

    Example: goaltrail dead-letters list --state open --reader webhooks
    """
    wanted: dict[str, Any] = {"state": state.value if state else None, "topic": topic, "reader": reader, "limit": limit}
    with api(url, key) as door:
        page = door.data("GET", LETTERS, params={name: value for name, value in wanted.items() if value is not None})
    if json:
        print_json(page)
    elif not page["dead_letters"]:
        out.print("no dead letters", highlight=False)
    else:
        out.print(letter_list(page["dead_letters"]))
        out.print(f"[dim]{len(page['dead_letters'])} of {page['total']} dead letters[/]", highlight=False)


@app.command(no_args_is_help=True)
def show(letter: Letter, *, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Show a dead letter: the reason, the record as it was kept, and what was done about it.

    Example: goaltrail dead-letters show goaltrail.dead-letters:3:41
    """
    with api(url, key) as door:
        found = door.data("GET", f"{LETTERS}/{letter}")
    if json:
        print_json(found)
    else:
        out.print(letter_view(found))


@app.command(no_args_is_help=True)
def redrive(
    letter: Letter,
    *,
    note: Note = "",
    force: Annotated[bool, typer.Option("--force", help="Once more, though it was redriven before.")] = False,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Send a command again as it was, or have a webhook tried again. Once the cause is gone, that is.

    Example: goaltrail dead-letters redrive goaltrail.dead-letters:3:41 --note "the receiver is back"
    """
    _act(letter, "redrive", {"note": note, "force": force}, json=json, url=url, key=key)


@app.command(no_args_is_help=True)
def discard(letter: Letter, *, note: Note = "", json: Json = False, url: Url = None, key: Key = None) -> None:
    """Lay a dead letter aside: nothing is to be done about it. It stays in the log and can still be shown.

    Example: goaltrail dead-letters discard goaltrail.dead-letters:3:41 --note "a test of ours"
    """
    _act(letter, "discard", {"note": note}, json=json, url=url, key=key)


def _act(letter: str, verb: str, body: dict[str, Any], *, json: bool, url: str | None, key: str | None) -> None:
    with api(url, key) as door:
        done = door.data("POST", f"{LETTERS}/{letter}/{verb}", json=body)
    if json:
        print_json(done)
        return
    out.print(f"{letter}  {done['state']}{' (already)' if done['already_true'] else ''}", highlight=False)
    if done["already_true"] and verb == "redrive":
        err.print(f"[dim]once more: goaltrail dead-letters redrive {letter} --force[/]", highlight=False)
