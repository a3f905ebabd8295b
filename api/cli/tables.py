"""What the command line draws: tasks and steps as tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

Json = Mapping[str, Any]

COLOURS = {
    "PENDING": "cyan",
    "CLAIMED": "blue",
    "IN_PROGRESS": "bright_blue",
    "RECOVERY": "yellow",
    "RECOVERED": "bright_blue",
    "PAUSED": "magenta",
    "ESCALATED": "bold yellow",
    "COMPLETED": "green",
    "FAILED": "bold red",
    "CANCELLED": "dim",
    "success": "green",
    "error": "red",
    "retry": "yellow",
    "skipped": "dim",
}
_HIDDEN = frozenset({"steps", "success_indicators", "secrets", "evidence"})  # long; `--json` has them
_SHORT_GOAL = 60
_ID_WIDTH = 36
_STATUS_WIDTH = 11
_SITE_WIDTH = 32
_WIDE = 110  # columns of the terminal from which the cost, the time and the site are shown as well


def coloured(word: str) -> Text:
    """A status or result in its colour."""
    return Text(word, style=COLOURS.get(word, ""))


def task_list(tasks: Iterable[Json], *, width: int, title: str | None = None) -> Table:
    """Tasks, one line each; what does not fit a narrow terminal is left out, not squeezed."""
    table = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("task", no_wrap=True, min_width=_ID_WIDTH)
    table.add_column("status", no_wrap=True, min_width=_STATUS_WIDTH)
    table.add_column("done", justify="right", no_wrap=True, min_width=5)
    wide = width >= _WIDE
    if wide:
        table.add_column("cost", justify="right", no_wrap=True, min_width=6)
        table.add_column("submitted", no_wrap=True, min_width=20)
    table.add_column("goal", no_wrap=True, overflow="ellipsis", ratio=1)
    if wide:
        table.add_column("site", no_wrap=True, overflow="ellipsis", max_width=_SITE_WIDTH)
    for task in tasks:
        start = [task["id"], coloured(task["status"]), f"{task['progress']} %"]
        more = [f"${task['cost']:.3f}", moment(task["created_at"])] if wide else []
        site = [escape(task["site_url"])] if wide else []
        table.add_row(*start, *more, escape(_short(task["goal"])), *site)
    return table


def step_list(steps: Iterable[Json]) -> Table:
    """The steps of a task, one line each."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("step", "action", "by", "ms", "cost", "result", "what went wrong"):
        table.add_column(name, justify="right" if name in {"step", "ms"} else "left")
    for step in steps:
        table.add_row(
            str(step["step_number"]),
            escape(step["action"]),
            escape(step["ai_used"] or f"level {step['ai_level']}"),
            f"{step['duration_ms']:.0f}",
            f"${step['cost']:.3f}",
            coloured(step["result"]),
            escape(_short(step["error_details"] or "")),
        )
    return table


def task_fields(task: Json) -> Table:
    """What is known of a task, field by field; empty ones are left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in task.items():
        if value in (None, "", {}, []) or name in _HIDDEN:
            continue
        shown = coloured(value) if name == "status" else Text(_plain(name, value))
        table.add_row(name, shown)
    return table


def task_view(task: Json, log: Json) -> RenderableType:
    """A task with its steps."""
    steps = log["execution_log"]
    return Group(task_fields(task), Text(""), step_list(steps) if steps else Text("no steps yet", style="dim"))


def progress_view(task: Json, log: Json) -> RenderableType:
    """A task as it is watched: one line of state, and the steps so far."""
    head = Text.assemble(
        coloured(task["status"]), f"  {task['progress']} %  {task['total_steps']} steps  ${task['total_cost']:.3f}  "
    )
    head.append(_short(task["goal"]), style="bold")
    lines: list[RenderableType] = [head]
    if log["execution_log"]:
        lines.append(step_list(log["execution_log"]))
    end = task["error_message"] or task["final_result"]
    if end:
        lines.append(Text(end, style=COLOURS.get(task["status"], "")))
    return Group(*lines)


def key_list(keys: Iterable[Json]) -> Table:
    """API keys, one line each."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("key id", "name", "scopes", "made", "revoked"):
        table.add_column(name)
    for key in keys:
        revoked = moment(key["revoked_at"]) if key["revoked_at"] else ""
        table.add_row(key["key_id"], escape(key["name"]), " ".join(key["scopes"]), moment(key["created_at"]), revoked)
    return table


def moment(text: str) -> str:
    """A time to the second."""
    return text[:19].replace("T", " ") + "Z"


def _plain(name: str, value: Any) -> str:
    if name.endswith("_at") and isinstance(value, str):
        return moment(value)
    return value if isinstance(value, str) else str(value)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT_GOAL else f"{line[: _SHORT_GOAL - 1]}…"
