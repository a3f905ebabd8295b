"""`goaltrail watch`: states and steps as they happen, until the end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.live import Live

from api.cli.client import TASKS, Api, Json, Key, Url, api, out, print_json
from api.cli.tables import progress_view, task_list
from events.task import FINAL, Status

app = typer.Typer()

LOOK_AGAIN_SECONDS = 0.3
_SHOWN = 20
_NEEDS_A_HUMAN = 3  # exit code of a task that waits for one
_ENDS = frozenset({*(status.value for status in FINAL), Status.ESCALATED.value})


@app.command()
def watch(
    task_id: Annotated[str | None, typer.Argument(help="One task; without it, the newest ones.")] = None,
    *,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Watch a task, or the newest ones, until all have ended. Ctrl-C stops watching, not the task.

    Exit code of one task: 0 completed, 1 failed or cancelled, 3 escalated to a human.

    Example: goaltrail watch 01a2063a-1c5c-761c-a584-4480b005fe09
    """
    with api(url, key) as door:
        if task_id is None:
            _follow_all(door, quiet=json)
            return
        task = follow(door, task_id, quiet=json)
    if json:
        print_json(task)
    raise typer.Exit(exit_code(task))


def follow(door: Api, task_id: str, *, quiet: bool) -> dict[str, Any]:
    """Draw one task until it has ended or needs a human; returns it as it is then."""
    path = f"{TASKS}/{task_id}"
    with Live(console=out, refresh_per_second=8, transient=False, auto_refresh=not quiet) as live:
        while True:
            task = door.data("GET", path)
            if not quiet:
                live.update(progress_view(task, door.data("GET", f"{path}/execution-log")))
            if task["status"] in _ENDS:
                break
            time.sleep(LOOK_AGAIN_SECONDS)
    if not quiet and not out.is_terminal:
        out.line()  # rich ends a live view with a line break on terminals only
    return task


def exit_code(task: Mapping[str, Any]) -> int:
    """What a shell is told of a task that has ended."""
    if task["status"] == Status.ESCALATED:
        return _NEEDS_A_HUMAN
    return 0 if task["status"] == Status.COMPLETED else 1


def _follow_all(door: Api, *, quiet: bool) -> None:
    with Live(console=out, refresh_per_second=8, auto_refresh=not quiet) as live:
        while True:
            page = door.data("GET", TASKS, params={"limit": _SHOWN})
            if not quiet:
                live.update(task_list(page["tasks"], width=out.width, title=f"the newest of {page['total']} tasks"))
            if all(task["status"] in _ENDS for task in page["tasks"]):
                break
            time.sleep(LOOK_AGAIN_SECONDS)
    if quiet:
        print_json(page)
