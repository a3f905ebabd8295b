"""`goaltrail artifacts | filmstrip | prune`: pictures and traces of tasks, listed, fetched, shown, and deleted when they are old."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from api.cli.ages import days
from api.cli.client import TASKS, Api, Json, Key, TaskId, Url, api, err, out, print_json
from api.cli.filmstrip import page, pictures_of

app = typer.Typer()

_MOST_STEPS = 10_000
_PRUNE_SECONDS = 600.0  # a store with a million files is listed once
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


@app.command(no_args_is_help=True)
def filmstrip(
    task_id: TaskId,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The page to write.", show_default="TASK_ID.html"),
    ] = None,
    url: Url = None,
    key: Key = None,
) -> None:
    """Write one web page with every step of a task: its picture, who decided it and why, how long it took.

    The page needs nothing beside it: send it to whoever asks what happened.

    Example: goaltrail filmstrip 01a2063a-1c5c-761c-a584-4480b005fe09 -o why.html
    """
    target = output or Path(f"{task_id}.html")
    with api(url, key) as door:
        task = door.data("GET", f"{TASKS}/{task_id}")
        steps = door.data("GET", f"{TASKS}/{task_id}/execution-log", params={"limit": _MOST_STEPS})["execution_log"]
        pictures, lost = {}, 0
        for sha256 in track(dict.fromkeys(pictures_of(steps)), "pictures", console=err, transient=True):
            try:
                pictures[sha256] = door.content(f"{TASKS}/{task_id}/artifacts/{sha256}")
            except LookupError:
                lost += 1
    target.write_text(page(task, steps, pictures), encoding="utf-8")
    missing = f", {lost} not kept any more" if lost else ""
    out.print(f"{target}: {len(steps)} steps, {len(pictures)} pictures{missing}", highlight=False, soft_wrap=True)


@app.command(no_args_is_help=True)
def prune(
    older_than: Annotated[int, typer.Option(help="Age of files that may go, such as 90d.", parser=days(1))],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Delete pictures, traces and checkpoints of tasks that are over; what a task that is not over may need stays.

    The API does so by itself every few hours (GOALTRAIL_ARTIFACT_DAYS). Facts stay: they go on naming what is gone.

    Example: goaltrail prune --older-than 90d --dry-run
    """
    with api(url, key) as door:
        asked = {"older_than_days": older_than, "dry_run": dry_run}
        done = door.data("POST", f"{TASKS}/artifacts/prune", json=asked, timeout=_PRUNE_SECONDS)
    if json:
        print_json(done)
        return
    verb = "would go" if dry_run else "are deleted"
    out.print(f"{done['files']} files ({decimal(done['size_bytes'])}) {verb}, last put before {done['before']}")
    if done["held_by"]:
        out.print(f"younger ones stay: task {done['held_by']} is not over yet", highlight=False)
    if done["spared"]:
        out.print(
            f"{done['spared']} old ones stay: unfinished tasks or learned paths give them to sites", highlight=False
        )
    out.print(f"{done['left']} files ({decimal(done['left_bytes'])}) stay", highlight=False)


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
