"""`goaltrail prices`: what the models that occurred cost, from the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from api.cli.client import TASKS, Json, Key, Url, api, out, print_json

app = typer.Typer()


@app.command()
def prices(
    *,
    past: Annotated[bool, typer.Option("--all", help="Those that hold no more, too.")] = False,
    json: Json = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Show what the models that occurred cost, in USD per million tokens, since when and by which list.

    Example: goaltrail prices --all
    """
    with api(url, key) as door:
        data = door.data("GET", f"{TASKS}/prices")
    if json:
        print_json(data)
    elif data["prices"]:
        now = datetime.now(UTC).isoformat()
        out.print(price_list([row for row in data["prices"] if past or not row["until"] or row["until"] > now]))
    else:
        out.print("no model was used so far", highlight=False)


def price_list(rows: list[dict[str, Any]]) -> Table:
    """One line for each price; a model without one is marked."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("provider", "model", "input", "output", "holds", "tokens used", "from"):
        table.add_column(name, justify="right" if name in {"input", "output", "tokens used"} else "left")
    for row in rows:
        rates = (_rate(row["usd_per_million_input"]), _rate(row["usd_per_million_output"]))
        source = " ".join(part for part in (row["source"], row["listed_as"]) if part)
        who = (escape(row["provider"]), escape(row["model"] or ""))
        holds = "" if row["usd_per_million_input"] is None else _holds(row)
        table.add_row(*who, *rates, holds, f"{row['tokens']:,}", escape(source))
    return table


def _rate(usd: float | None) -> str:
    return "[yellow]unpriced[/]" if usd is None else f"${usd:g}"


def _holds(row: dict[str, Any]) -> str:
    """When, and for what."""
    since, until = (row[name] and row[name][:10] for name in ("since", "until"))
    said = [f"since {since}" if since else "", f"until {until}" if until else "", row["hours"] or ""]
    said.append(f"over {row['input_above']:,} tokens" if row["input_above"] else "")
    said.append(f"and ${row['usd_per_record']:g} a request" if row["usd_per_record"] else "")
    return ", ".join(part for part in said if part) or "always"
