"""`goaltrail keys create | list | revoke`: API keys from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.client import KEYS, Json, Key, Url, api, err, out, print_json
from api.cli.tables import key_list

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")


@app.command()
def create(
    *,
    name: Annotated[str, typer.Option(help="Whose key it is, for the list.", show_default=False)],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do: read, write, sql, admin; give it several times.")
    ] = None,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Make a key. It is shown this once; only its hash is kept.

    Example: goaltrail keys create --name booking-service --scope read --scope write
    """
    with api(url, key) as door:
        made = door.data("POST", KEYS, json={"name": name, "scopes": scope or ["read"]})
    if json:
        print_json(made)
        return
    out.print(made["key"], highlight=False, soft_wrap=True)
    err.print(f"[dim]key {made['key_id']} ({', '.join(made['scopes'])}); keep it now, it is not shown again[/]")


@app.command("list")
def list_keys(*, json: Json = False, url: Url = None, key: Key = None) -> None:
    """List every key, revoked ones too; the keys themselves are kept nowhere."""
    with api(url, key) as door:
        data = door.data("GET", KEYS)
    if json:
        print_json(data)
    else:
        out.print(key_list(data["keys"]))


@app.command(no_args_is_help=True)
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `goaltrail keys list` shows it.", show_default=False)],
    *,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Make a key useless, for good.

    Example: goaltrail keys revoke 3f2a9c1b7d4e
    """
    with api(url, key) as door:
        data = door.data("DELETE", f"{KEYS}/{key_id}")
    if json:
        print_json(data)
    else:
        out.print(f"{data['key_id']}  revoked", highlight=False)
