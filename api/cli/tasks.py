"""`goaltrail submit | list | show | pause | resume | cancel`: tasks from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import goal_options
from api.cli.client import TASKS, Api, Json, Key, TaskId, Url, api, out, print_json
from api.cli.tables import task_list, task_view
from api.cli.watching import exit_code, follow
from events.failure import ErrorType
from events.task import Status

app = typer.Typer(no_args_is_help=True)

_ACCEPTED = 202

Many = Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000, help="How many at most.")]


@app.command(no_args_is_help=True)
def submit(
    goal: Annotated[str, typer.Argument(help="What to do, in words.", show_default=False)],
    *,
    site: Annotated[str, typer.Option("--site", help="The web site's address.", show_default=False)],
    priority: Annotated[str, typer.Option(help="1 to 10 (10 is most urgent), or LOW, NORMAL, HIGH, CRITICAL.")] = "5",
    timeout_minutes: Annotated[float, typer.Option(help="How long one attempt may take.")] = 30.0,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", "-i", metavar="NAME=VALUE", help="A value the goal needs.")
    ] = None,
    metadata: Annotated[
        str | None, typer.Option(metavar="JSON", help="Anything of yours to keep with the task.")
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=env:VARIABLE", help="Where the runner finds a secret; never the secret itself."),
    ] = None,
    success_text: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Text on the page that proves success.")
    ] = None,
    success_url: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="Part of the address that proves success.")
    ] = None,
    steps: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="A plan: a list of actions to take in order.")
    ] = None,
    queue: Annotated[str, typer.Option(help="Which workers take it.")] = "default",
    account: Annotated[
        str | None, typer.Option(help="The site's account it works with; ceilings are kept per account.")
    ] = None,
    not_before: Annotated[
        str | None, typer.Option(metavar="TIME|2h", help="Start no earlier: a time, or a length of time from now.")
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option(metavar="10m", help="Give up if it is not started within this time.")
    ] = None,
    callback_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Told by a signed POST once the task ended or needs a human.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Submitting again with this key gives the same task.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Watch it to its end; exit code 0 only if completed.")
    ] = False,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Submit a goal.

    Examples:
      goaltrail submit 'open "/classes", press "Tuesday"' --site https://swim.example --success-text Register --wait

      goaltrail submit "Register {{child}} for {{day}} swimming" --site https://swim.example --input child=Eden
      --input day=Tuesday --secret password=env:SWIM_PASS --steps register.json --priority HIGH

      goaltrail submit "Book the court" --site https://tennis.example --not-before 2026-12-01T08:00 --expires-in 10d
    """
    body: dict[str, Any] = {
        "goal": goal,
        "site_url": site,
        "priority": goal_options.priority(priority),
        "timeout_minutes": timeout_minutes,
        "metadata": goal_options.metadata(metadata, account),
        "inputs": goal_options.pairs(inputs or [], "--input"),
        "secrets": goal_options.pairs(secret or [], "--secret"),
        "success_indicators": goal_options.indicators(success_text or [], success_url or []),
        "steps": goal_options.steps(steps),
        "queue": queue,
        "not_before": goal_options.not_before(not_before),
        "expires_in_seconds": None if expires_in is None else goal_options.seconds(expires_in, "--expires-in"),
        "callback_url": callback_url,
    }
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    with api(url, key) as door:
        status, made = door.ask("POST", TASKS, json=body, headers=headers)
        if wait:
            _wait(door, made["task_id"], quiet=json)
        elif json:
            print_json(made)
        elif status == _ACCEPTED:
            out.print(f"{made['task_id']}  on the log, not decided yet")
        else:
            out.print(f"{made['task_id']}  {made['status']}", highlight=False)
            out.print(f"[dim]follow it: goaltrail watch {made['task_id']}[/]", highlight=False)


def _wait(door: Api, task_id: str, *, quiet: bool) -> None:
    task = follow(door, task_id, quiet=quiet)
    if quiet:
        print_json(task)
    raise typer.Exit(exit_code(task))


@app.command("list")
def list_tasks(
    *,
    status: Annotated[
        list[Status] | None, typer.Option(case_sensitive=False, help="Only tasks in this state, or in one of several.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Only sites whose address holds this.")] = None,
    text: Annotated[str | None, typer.Option(help="Only goals that hold this.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only this queue.")] = None,
    worker: Annotated[str | None, typer.Option(help="Only tasks that this worker holds, or held at their end.")] = None,
    error_type: Annotated[
        ErrorType | None, typer.Option(case_sensitive=False, help="Only tasks whose last failure was of this type.")
    ] = None,
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only tasks with this in a metadata field of yours.")
    ] = None,
    created_after: Annotated[str | None, typer.Option(metavar="TIME", help="Submitted then or later (UTC).")] = None,
    created_before: Annotated[str | None, typer.Option(metavar="TIME", help="Submitted then or earlier.")] = None,
    limit: Many = 20,
    offset: Annotated[int, typer.Option(min=0, help="Pass over so many.")] = 0,
    cursor: Annotated[str | None, typer.Option(help="Go on behind a page that was shown: fast at any depth.")] = None,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List tasks, newest first.

    Example: goaltrail list --status FAILED --status ESCALATED --site swim --limit 50
    """
    wanted: dict[str, Any] = {
        "status": [each.value for each in status or []],
        "site_url": site,
        "text": text,
        "queue": queue,
        "worker": worker,
        "error_type": error_type.value if error_type else None,
        "metadata": metadata,
        "created_after": created_after,
        "created_before": created_before,
        "limit": limit,
        "offset": offset or None,
        "cursor": cursor,
    }
    with api(url, key) as door:
        page = door.data("GET", TASKS, params={name: value for name, value in wanted.items() if value})
    if json:
        print_json(page)
        return
    out.print(task_list(page["tasks"], width=out.width))
    out.print(f"[dim]{len(page['tasks'])} of {page['total']} tasks[/]", highlight=False)
    if page["next_cursor"] is not None:
        out.print(f"[dim]more: the same with --cursor {page['next_cursor']}[/]", highlight=False, soft_wrap=True)


@app.command(no_args_is_help=True)
def show(task_id: TaskId, *, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Show everything about a task, and its steps.

    Example: goaltrail show 01a2063a-1c5c-761c-a584-4480b005fe09
    """
    with api(url, key) as door:
        task = door.data("GET", f"{TASKS}/{task_id}")
        log = door.data("GET", f"{TASKS}/{task_id}/execution-log")
    if json:
        print_json({**task, "execution_log": log["execution_log"]})
    else:
        out.print(task_view(task, log))


@app.command(no_args_is_help=True)
def pause(task_id: TaskId, *, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Let a task rest: a waiting one at once, a running one at the end of its step."""
    _command("PUT", task_id, "/pause", json=json, url=url, key=key)


@app.command(no_args_is_help=True)
def resume(task_id: TaskId, *, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Let a paused task go on."""
    _command("PUT", task_id, "/resume", json=json, url=url, key=key)


@app.command(no_args_is_help=True)
def cancel(task_id: TaskId, *, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Cancel a task: a waiting one at once, a running one at the end of its step."""
    _command("DELETE", task_id, "", json=json, url=url, key=key)


def _command(method: str, task_id: str, verb: str, *, json: bool, url: str | None, key: str | None) -> None:
    with api(url, key) as door:
        status, data = door.ask(method, f"{TASKS}/{task_id}{verb}")
    if json:
        print_json(data)
    elif status == _ACCEPTED:
        out.print(f"{task_id}  asked for; not decided yet", highlight=False)
    else:
        out.print(f"{task_id}  {data['status']}", highlight=False)
