"""`goaltrail prices`: what the models that occurred cost, from the command line."""

from __future__ import annotations

from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from api.cli.client import TASKS, Json, Key, Url, api, out, print_json

app = typer.Typer()


@app.command()
def prices(*, json: Json = False, url: Url = None, key: Key = None) -> None:
    """Show what the models that occurred cost, in USD per million tokens, since when and by which list.

    Example: goaltrail prices --json
    """
    with api(url, key) as door:
        data = door.data("GET", f"{TASKS}/prices")
    if json:
        print_json(data)
    elif data["prices"]:
        out.print(price_list(data["prices"]))
    else:
        out.print("no model was used so far", highlight=False)


def price_list(rows: list[dict[str, Any]]) -> Table:
    """One line for each price; a model without one is marked."""
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("provider", "model", "input", "output", "holds", "from", "tokens used"):
        table.add_column(name, justify="right" if name in {"input", "output", "tokens used"} else "left")
    for row in rows:
        rates = (_rate(row["usd_per_million_input"]), _rate(row["usd_per_million_output"]))
        known = row["listed_as"]
        source = f"{row['source']}: {known}" if known else row["source"]
        who = (escape(row["provider"]), escape(row["model"] or ""))
        table.add_row(*who, *rates, _holds(row), escape(source), f"{row['tokens']:,}")
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
