"""`goaltrail metrics`: how tasks went, from the command line."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from api.cli.client import TASKS, Json, Key, Url, api, out, print_json
from api.cli.queue_tables import metrics_view

app = typer.Typer()

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default=False)]


class GroupBy(StrEnum):
    """What a row stands for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@app.command()
def metrics(
    *,
    since: Day = None,
    until: Day = None,
    by: Annotated[GroupBy, typer.Option(help="What a row stands for.")] = GroupBy.DAY,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Show how the tasks went that ended on these days (UTC, both included); the last 30 days when left out.

    Example: goaltrail metrics --since 2026-11-01 --until 2026-11-30 --by week
    """
    wanted: dict[str, Any] = {"date_from": _day(since), "date_to": _day(until), "group_by": by.value}
    with api(url, key) as door:
        data = door.data(
            "GET", f"{TASKS}/metrics", params={name: value for name, value in wanted.items() if value is not None}
        )
    if json:
        print_json(data)
    else:
        out.print(metrics_view(data))


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else moment.date().isoformat()
