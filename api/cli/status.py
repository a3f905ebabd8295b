"""`goaltrail status`: what runs, where it is, and how far behind the readings are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import httpx
import typer
from rich.table import Table

from api.cli.client import TASKS, Json, out, print_json
from api.cli.installation import KAFKA, Installation
from local import ports

app = typer.Typer()

_HEALTH_TIMEOUT_S = 10.0


@app.command()
def status(*, json: Json = False) -> None:
    """Show processes, addresses and health; exit code 1 if something that should run does not."""
    found = look(Installation.found())
    if json:
        print_json(found)
    else:
        _print(found)
    if not found["running"] or any(not program["ready"] for program in found["programs"]):
        raise typer.Exit(1)


def look(installation: Installation) -> dict[str, Any]:
    """Everything `status` knows, as plain values."""
    state = installation.home.read_state()
    programs = [
        {
            **asdict(program),
            "ready": ports.answers(state.kafka_port)
            if program.name == KAFKA
            else installation.keeper.is_ready(program),
        }
        for program in installation.keeper.programs()
    ]
    url = f"http://{installation.settings.http.host}:{state.api_port}"
    serves = any(program["name"] == "api" and program["ready"] for program in programs)
    health = _health(url) if serves else None
    return {
        "running": any(program["pid"] for program in programs),
        "home": str(installation.home.root),
        "bootstrap": installation.bootstrap,
        "urls": {"api": url, "tasks": url + TASKS, "reference": f"{url}/docs"} if serves else {},
        "programs": programs,
        "lag": (health or {}).get("projector_lag"),
        "health": health,
    }


def _health(url: str) -> dict[str, Any] | None:
    try:
        answer = httpx.get(f"{url}{TASKS}/health", timeout=_HEALTH_TIMEOUT_S).json()
    except (httpx.HTTPError, ValueError):
        return None
    data: dict[str, Any] | None = answer.get("data")
    return data


def _print(found: dict[str, Any]) -> None:
    if not found["running"]:
        out.print(f"nothing runs from {found['home']}; start it with: goaltrail up --detach", highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("process", "state", "pid", "for"):
        table.add_column(column)
    for program in found["programs"]:
        state = "ready" if program["ready"] else program["state"].lower()
        table.add_row(program["name"], state, str(program["pid"] or "-"), f"{program['uptime_seconds']} s")
    out.print(table)
    for name, url in found["urls"].items():
        out.print(f"{name:<10} {url}", highlight=False, soft_wrap=True)
    out.print(f"{'kafka':<10} {found['bootstrap']}", highlight=False)
    health = found["health"]
    if health is not None:
        out.print(f"{'health':<10} {health['status']}, readings {found['lag']} facts behind", highlight=False)
        for problem in health["problems"]:
            out.print(f"           [yellow]{problem}[/]", highlight=False)
