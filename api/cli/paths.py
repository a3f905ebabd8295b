"""`goaltrail paths list | show | expire | pin | unpin`: what runners have learned, from the command line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from api.cli.client import TASKS, Json, Key, Url, api, out, print_json

app = typer.Typer(
    no_args_is_help=True,
    help="Navigation paths: goals that were reached once and are done again without planning. Look, and steer.",
)

PATHS = f"{TASKS}/paths"
_SHORT = 12  # characters of a key that are shown

PathKey = Annotated[str, typer.Argument(help="As `goaltrail paths list` shows it.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why; kept with the act.")]


class State(StrEnum):
    """Of the edition in use."""

    USABLE = "usable"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"


@app.command("list")
def list_paths(
    *,
    site: Annotated[str | None, typer.Option(help="Only sites that contain this.")] = None,
    goal: Annotated[str | None, typer.Option(help="Only goals that contain this.")] = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000, help="How many at most.")] = 50,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List paths, the last used first.

    Example: goaltrail paths list --site school --state quarantined
    """
    wanted: dict[str, Any] = {"site": site, "goal": goal, "state": state.value if state else None, "limit": limit}
    with api(url, key) as door:
        page = door.data("GET", PATHS, params={name: value for name, value in wanted.items() if value is not None})
    if json:
        print_json(page)
    elif not page["paths"]:
        out.print("no paths: they are learned from tasks whose goal was verified", highlight=False)
    else:
        out.print(_table(page["paths"]))
        out.print(f"[dim]{len(page['paths'])} of {page['total']} paths[/]", highlight=False)


@app.command(no_args_is_help=True)
def show(
    path: PathKey,
    *,
    edition: Annotated[str | None, typer.Option(help="Steps of this edition instead of the one in use.")] = None,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Show a path: how it fares, its editions, and the steps.

    Example: goaltrail paths show 3fa8 --edition 91c2
    """
    with api(url, key) as door:
        found = door.data("GET", f"{PATHS}/{path}")
    if json:
        print_json(found)
        return
    told, chosen = found["path"], edition or found["path"]["edition"] or ""
    out.print(f"[bold]{told['path_key']}[/]  {told['site']}", highlight=False)
    out.print(f"  {escape(told['goal_pattern'])}", highlight=False)
    pinned = ", pinned" if told["pinned"] else ""
    why = f": {escape(told['reason'])}" if told["reason"] else ""
    tallies = f"{told['successes']} replays reached the goal, {told['failures']} did not"
    out.print(f"  {told['state']}{pinned}{why}; {tallies}; {told['saved_seconds']:.1f} s saved", highlight=False)
    if told["last_error"]:
        out.print(f"  last failure: {escape(told['last_error'])}", highlight=False)
    for one in found["editions"]:
        made = f"heals {one['heals'][:_SHORT]}, steps {one['changed']}" if one["heals"] else "learned"
        mark = "*" if one["edition"] == told["edition"] else " "
        out.print(f" {mark} {one['edition'][:_SHORT]}  {one['created_at']}  {made}", highlight=False, markup=False)
        if chosen and one["edition"].startswith(chosen):
            for number, step in enumerate(one["steps"], start=1):
                out.print(f"     {number:2}  {_in_words(step['action'])}", highlight=False, markup=False)


@app.command(no_args_is_help=True)
def expire(path: PathKey, *, reason: Reason = "", json: Json = False, url: Url = None, key: Key = None) -> None:
    """Have a path not replayed any more; the next verified run of its goal learns it anew.

    Example: goaltrail paths expire 3fa8 --reason "the site was redesigned"
    """
    _act(path, "expire", {"reason": reason}, json=json, url=url, key=key)


@app.command(no_args_is_help=True)
def pin(
    path: PathKey,
    edition: Annotated[str | None, typer.Argument(help="The edition; the one in use when left out.")] = None,
    *,
    reason: Reason = "",
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Have one edition replayed, whatever is learned later; it does not expire.

    Example: goaltrail paths pin 3fa8 91c2 --reason "the healed one presses too early"
    """
    _act(path, "pin", {"edition": edition, "reason": reason}, json=json, url=url, key=key)


@app.command(no_args_is_help=True)
def unpin(path: PathKey, *, reason: Reason = "", json: Json = False, url: Url = None, key: Key = None) -> None:
    """Have the newest edition used again.

    Example: goaltrail paths unpin 3fa8
    """
    _act(path, "unpin", {"reason": reason}, json=json, url=url, key=key)


def _act(path: str, verb: str, body: dict[str, Any], *, json: bool, url: str | None, key: str | None) -> None:
    with api(url, key) as door:
        done = door.data("PUT", f"{PATHS}/{path}/{verb}", json=body)
    if json:
        print_json(done)
        return
    already = " (already)" if done["already_true"] else ""
    edition = f"  edition {done['edition'][:_SHORT]}" if done["edition"] else ""
    pinned = ", pinned" if done["pinned"] else ""
    out.print(f"{done['path_key'][:_SHORT]}  {done['state']}{pinned}{already}{edition}", highlight=False)


def _table(paths: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("path", "site", "goal", "state", "ok", "failed", "saved s", "last used"):
        table.add_column(name, justify="right" if name in {"ok", "failed", "saved s"} else "left")
    for path in paths:
        table.add_row(
            path["path_key"][:_SHORT],
            escape(path["site"]),
            escape(path["goal_pattern"]),
            path["state"] + ("*" if path["pinned"] else ""),
            str(path["successes"]),
            str(path["failures"]),
            f"{path['saved_seconds']:.1f}",
            path["last_used_at"] or "-",
        )
    return table


def _in_words(action: dict[str, Any]) -> str:
    target = action.get("target") or {}
    called = target.get("name") or target.get("label") or target.get("text") or target.get("css") or ""
    within = f" in {target['within']!r}" if target.get("within") else ""
    value = action.get("value") or action.get("option") or action.get("url") or action.get("key") or ""
    return " ".join(part for part in (action["op"], f"{called!r}" if called else "", value) if part) + within
