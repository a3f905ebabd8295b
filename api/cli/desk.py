"""`goaltrail desk list | show | claim | resolve`: tasks that need a human, from the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli import goal_options
from api.cli.client import TASKS, Json, Key, TaskId, Url, api, err, out, print_json
from api.cli.desk_tables import escalation_list, escalation_view

app = typer.Typer(no_args_is_help=True, help="Tasks that need a human: look, take one on, decide how it goes on.")

DESK = f"{TASKS}/escalations"
_ACCEPTED = 202

Operator = Annotated[str | None, typer.Option("--as", help="Who acts; the API key's name when left out.")]


@app.command("list")
def list_escalations(
    *,
    mine: Annotated[str | None, typer.Option("--claimed-by", help="Only those this operator has claimed.")] = None,
    unclaimed: Annotated[bool, typer.Option("--unclaimed", help="Only those nobody has claimed.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000, help="How many at most.")] = 50,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """List tasks that wait for a human: the most urgent first, then those that wait longest.

    Example: goaltrail desk list --unclaimed
    """
    wanted: dict[str, Any] = {"operator": mine, "unclaimed": unclaimed, "limit": limit}
    with api(url, key) as door:
        page = door.data("GET", DESK, params={name: value for name, value in wanted.items() if value is not None})
    if json:
        print_json(page)
    elif not page["escalations"]:
        out.print("no task waits for a human", highlight=False)
    else:
        out.print(escalation_list(page["escalations"]))
        out.print(f"[dim]{len(page['escalations'])} of {page['total']}; look at one: goaltrail desk show TASK[/]")


@app.command(no_args_is_help=True)
def show(task_id: TaskId, *, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Show why a task needs a human: the error, the evidence, the last steps and where their pictures are.

    Example: goaltrail desk show 01a2063a-1c5c-761c-a584-4480b005fe09
    """
    with api(url, key) as door:
        found = door.data("GET", f"{DESK}/{task_id}")
    if json:
        print_json(found)
        return
    out.print(escalation_view(found))
    if found["resolution"] is None:
        out.print(f"\n[dim]decide: goaltrail desk resolve {task_id} --retry|--complete|--cancel[/]", soft_wrap=True)


@app.command(no_args_is_help=True)
def claim(task_id: TaskId, *, operator: Operator = None, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Take a task on, so that nobody else decides about it.

    Example: goaltrail desk claim 01a2063a-1c5c-761c-a584-4480b005fe09
    """
    body = {} if operator is None else {"operator": operator}
    with api(url, key) as door:
        status, data = door.ask("POST", f"{DESK}/{task_id}/claim", json=body)
    if json:
        print_json(data)
    elif status == _ACCEPTED:
        out.print(f"{task_id}  asked for; not decided yet", highlight=False)
    else:
        out.print(f"{task_id}  claimed by {data['operator']}", highlight=False, markup=False)


@app.command(no_args_is_help=True)
def resolve(
    task_id: TaskId,
    *,
    retry: Annotated[bool, typer.Option("--retry", help="Put it back into its queue.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="It was done by hand; needs --result or --data.")
    ] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Do not do it.")] = False,
    hints: Annotated[str, typer.Option(help="With --retry: what the next attempt should know.")] = "",
    note: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    result: Annotated[str, typer.Option(help="With --complete: what came of it.")] = "",
    result_data: Annotated[
        str | None, typer.Option("--data", metavar="JSON", help="With --complete: the same for programs.")
    ] = None,
    operator: Operator = None,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Decide how a task goes on. A task that another operator has claimed is theirs to decide.

    Examples:
      goaltrail desk resolve 01a2063a-1c5c-761c-a584-4480b005fe09 --retry --hints "the button is called Book now"

      goaltrail desk resolve 01a2063a-1c5c-761c-a584-4480b005fe09 --complete --result "booked by phone, no. 4711"
    """
    body: dict[str, Any] = {
        "resolution": _one_of(retry=retry, complete=complete, cancel=cancel),
        "hints": hints,
        "note": note,
        "final_result": result,
        "result_data": goal_options.json_object(result_data, "--data"),
        "operator": operator,
    }
    with api(url, key) as door:
        status, data = door.ask("POST", f"{DESK}/{task_id}/resolve", json=body)
    if json:
        print_json(data)
    elif status == _ACCEPTED:
        out.print(f"{task_id}  asked for; not decided yet", highlight=False)
    else:
        out.print(f"{task_id}  {data['status']}", highlight=False)
        if retry:
            err.print(f"[dim]follow it: goaltrail watch {task_id}[/]", highlight=False)


def _one_of(**chosen: bool) -> str:
    named = [name for name, wanted in chosen.items() if wanted]
    if len(named) != 1:
        raise typer.BadParameter("give exactly one of --retry, --complete, --cancel")
    return named[0]
