"""What the demo shows: goals as they go, the outcome, and where to look next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from api.cli.tables import COLOURS, coloured
from demo.site.record import Entry
from demo.verdict import Performed, confirmation_of


def progress(performed: Sequence[Performed], newest_step: dict[str, str]) -> Group:
    """The goals while they are performed: a line of state each, and the newest step."""
    lines = []
    for one in performed:
        state = Text(f"{one.status:<11}", style=COLOURS.get(one.status, ""))
        lines.append(Text.assemble("  ", state, f"{one.task['progress']:>4} %  ", (one.goal.title, "bold")))
        step = f"{'':21}{newest_step.get(one.task_id, 'no step yet')}"
        lines.append(Text(step, style="dim", no_wrap=True, overflow="ellipsis"))
    return Group(*lines)


def step_line(step: dict[str, Any]) -> str:
    """A step in one line."""
    ended = "" if step["result"] == "success" else f"  {step['result']}: {step['error_details']}"
    return f"{step['step_number']}. {step['action']} ({step['duration_ms']:.0f} ms){ended}"


def outcome(performed: Sequence[Performed], book: Sequence[Entry]) -> Table:
    """What became of the goals."""
    table = Table(title="Outcome", title_justify="left", box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    right = {"tries", "time", "cost"}
    for name in ("", "goal", "status", "tries", "time", "cost", "number"):
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for one in performed:
        mark = Text("ok", style="green") if one.as_expected else Text("wrong", style="bold red")
        took = one.task["total_time_seconds"]
        table.add_row(
            mark,
            one.goal.title,
            coloured(one.status),
            str(one.task["attempts"]),
            "-" if took is None else f"{took:.1f} s",
            f"${one.task['total_cost']:.3f}",
            confirmation_of(one.goal.registers, book) or "-",
        )
    return table


def reasons(performed: Sequence[Performed]) -> list[str]:
    """Why goals were not reached, in the task's own words."""
    return [f"{one.goal.title}: {one.task['error_message']}" for one in performed if one.task["error_message"]]


def where_to_look(*, api: str, site: str, home: str, task_id: str) -> list[str]:
    """Addresses and commands of a demo that is left running."""
    with_home = f"GOALTRAIL_HOME={home} .venv/bin/goaltrail"
    return [
        f"school      {site}  (log in as parent, open-water; its book: {site}/record.json)",
        f"API         {api}/api/browser-tasks  (reference: {api}/docs)",
        f"status      {with_home} status",
        f"one task    {with_home} show {task_id}",
        f"all tasks   {with_home} list",
        f"logs        {home}/logs",
        f"stop it     {with_home} down",
    ]


def what_is_left(*, home: str) -> list[str]:
    """What can be looked at after everything was stopped."""
    return [
        f"logs        {home}/logs",
        f"book        {home}/registrations.jsonl",
        f"readings    {home}/readings",
        f"pictures    {home}/artifacts  (of steps, and traces of those that failed)",
        "leave it running, with URLs to click on:  make demo KEEP=1",
        "an installation of your own:  .venv/bin/goaltrail up --detach",
    ]
