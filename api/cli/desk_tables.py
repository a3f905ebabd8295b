"""What the command line draws of the desk: escalations and dead letters. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.cli.tables import Json, coloured, moment

_SHOWN_BYTES = 2_000


def escalation_list(escalations: Iterable[Json]) -> Table:
    """Open escalations, one line each."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("task", no_wrap=True)
    table.add_column("prio", justify="right")
    table.add_column("since", no_wrap=True)
    table.add_column("claimed by")
    table.add_column("what went wrong", overflow="fold", ratio=1)
    table.add_column("goal", no_wrap=True, overflow="ellipsis", max_width=40)
    for one in escalations:
        table.add_row(
            one["task_id"],
            str(one["priority"]),
            moment(one["escalated_at"]),
            escape(one["operator"] or "-"),
            escape(f"{one['error_type']}: {_line(one['error_message'])}"),
            escape(_line(one["goal"])),
        )
    return table


def escalation_view(one: Json) -> RenderableType:
    """One escalation with its evidence and last steps."""
    fields = _grid(
        {
            "task": one["task_id"],
            "goal": one["goal"],
            "site": one["site_url"],
            "went wrong": f"{one['error_type']}: {one['error_message']}",
            "tried": f"{one['attempts']} attempts, {one['recovery_attempts']} recoveries",
            "last page": one["last_url"],
            "since": moment(one["escalated_at"]),
            "claimed by": one["operator"],
            "resolution": one["resolution"],
            "note": one["note"],
            "hints": one["hints"],
            "evidence": json.dumps(one["evidence"], indent=2, ensure_ascii=False) if one["evidence"] else None,
        }
    )
    return Group(fields, Text(""), _last_steps(one["last_steps"]))


def _last_steps(steps: Iterable[Json]) -> RenderableType:
    table = Table(title="last steps", title_justify="left", header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("step", "action", "result", "what went wrong", "artifacts"):
        table.add_column(name, overflow="fold")
    for step in steps:
        kept = "\n".join(f"{artifact['kind']} {artifact['sha256']}" for artifact in step["artifacts"])
        table.add_row(
            str(step["number"]),
            escape(step["action"]),
            coloured(step["result"]),
            escape(_line(step["error_details"] or "")),
            escape(kept),
        )
    return table if table.row_count else Text("no step was taken", style="dim")


def letter_list(letters: Iterable[Json]) -> Table:
    """Dead letters, one line each."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("letter", no_wrap=True)
    table.add_column("state")
    table.add_column("since", no_wrap=True)
    table.add_column("given up by")
    table.add_column("record", no_wrap=True)
    table.add_column("reason", overflow="fold", ratio=1)
    for one in letters:
        record = f"{one['topic']}[{one['partition']}]@{one['offset']}"
        table.add_row(
            one["letter"],
            one["state"],
            moment(one["recorded_at"]),
            escape(one["reader"]),
            escape(record),
            escape(_line(one["reason"])),
        )
    return table


def letter_view(one: Json) -> RenderableType:
    """One dead letter with its record and what was done."""
    done = [f"{moment(act['at'])} {act['type'].partition('.')[2]} by {act['by']} {act['note']}" for act in one["acts"]]
    return _grid(
        {
            "letter": one["letter"],
            "state": one["state"],
            "record": f"{one['topic']}[{one['partition']}]@{one['offset']}",
            "given up by": one["reader"],
            "reason": f"{one['error']}: {one['reason']}",
            "since": moment(one["recorded_at"]),
            "key": _readable(one["key"]),
            "bytes": str(one["value_bytes"]),
            "value": one["text"] or _readable(one["value"]),
            "done": "\n".join(done) or None,
        }
    )


def _grid(fields: Json) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields.items():
        if value:
            table.add_row(name, Text(str(value)))
    return table


def _readable(encoded: str | None) -> str | None:
    return None if encoded is None else base64.b64decode(encoded)[:_SHOWN_BYTES].decode(errors="backslashreplace")


def _line(text: str) -> str:
    return " ".join(text.split())
