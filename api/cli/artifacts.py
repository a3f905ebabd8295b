"""`goaltrail artifacts`: screenshots and traces of a task, listed and fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from api.cli.client import TASKS, Api, Json, Key, TaskId, Url, api, err, out, print_json

app = typer.Typer()

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/zip": "zip"}


@app.command(no_args_is_help=True)
def artifacts(
    task_id: TaskId,
    *,
    step: Annotated[int | None, typer.Option(min=0, help="Only those of this step.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Fetch them into this folder.")
    ] = None,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List the files that a task's steps kept, and fetch them.

    A trace is looked at with: playwright show-trace FILE.zip

    Example: goaltrail artifacts 01a2063a-1c5c-761c-a584-4480b005fe09 --step 3 --output pictures
    """
    part = "" if step is None else f"/steps/{step}"
    with api(url, key) as door:
        found = door.data("GET", f"{TASKS}/{task_id}{part}/artifacts")["artifacts"]
        if output is not None:
            lost = _fetch(door, found, output, quiet=json)
            if json:
                print_json(found)
            raise typer.Exit(1 if lost else 0)
    if json:
        print_json(found)
        return
    table = Table("STEP", "KIND", "SIZE", "SHA-256", box=None, pad_edge=False)
    for one in found:
        kind = f"{escape(one['kind'])} ({escape(one['media_type'])})"
        table.add_row(str(one["step_number"]), kind, decimal(one["size_bytes"]), one["sha256"])
    out.print(table)
    out.print(f"[dim]{len(found)} files; fetch them with --output DIR[/]", highlight=False)


def _fetch(door: Api, found: list[dict[str, Any]], folder: Path, *, quiet: bool) -> int:
    """Write each file under a name that tells its step; how many could not be had."""
    folder.mkdir(parents=True, exist_ok=True)
    lost = 0
    for number, one in enumerate(found, start=1):
        target = folder / _name(one)
        said = f"{number}/{len(found)}  {target}"
        try:
            target.write_bytes(door.content(one["url"]))
        except LookupError as error:
            lost += 1
            err.print(f"{escape(said)}: {escape(str(error))}", highlight=False, soft_wrap=True)
            continue
        if not quiet:
            out.print(f"{escape(said)}  {decimal(one['size_bytes'])}", highlight=False, soft_wrap=True)
    return lost


def _name(one: dict[str, Any]) -> str:
    """The kind comes from whoever took the step: only its letters are used."""
    kind = "".join(letter for letter in one["kind"] if letter.isalnum() or letter in "_-")[:40] or "artifact"
    ending = _ENDINGS.get(one["media_type"], "bin")
    return f"step-{one['step_number']:03}-{kind}-{one['sha256'][:8]}.{ending}"
