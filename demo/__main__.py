"""`python -m demo`: the main job on real parts, from an empty folder to the outcome; `make demo` calls it."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.operator_key import operator_key
from demo.driver import Driver
from demo.goals import demo_goals
from demo.report import outcome, reasons, what_is_left, where_to_look
from demo.signals import every_end_is_ctrl_c
from demo.stage import Stage, stage
from demo.verdict import complaints
from events.errors import GoaltrailError
from producers.http import Door
from settings import Settings

_WRONG = 1
_INTERRUPTED = 130  # what shells expect after Ctrl-C
_PIPE_WIDTH = 140

app = typer.Typer(pretty_exceptions_enable=False)
console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)


@app.command()
def main(*, keep: Annotated[bool, typer.Option("--keep", help="Leave everything running.")] = False) -> None:
    """Start broker, processors, API, runner and a swimming school; perform three goals; check the school's own book."""
    every_end_is_ctrl_c()
    started = time.monotonic()
    # A folder of the demo's own: it is emptied at each start.
    settings = Settings(home=Settings().home / "demo")
    try:
        with stage(settings, keep=keep, say=_say) as place:
            good = _play(place)
        if not place.kept:
            _section("Everything is stopped. To look at", what_is_left(home=str(settings.home)))
    except KeyboardInterrupt:
        _say("stopped")
        raise typer.Exit(_INTERRUPTED) from None
    except GoaltrailError as error:
        console.print(f"[bold red]The demo failed:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(_WRONG) from error
    _say(f"{'the demo went as it should' if good else 'the demo did not go as it should'}  ({_since(started)})")
    raise typer.Exit(0 if good else _WRONG)


def _play(place: Stage) -> bool:
    """Perform the goals and compare with the book; whether everything is as it should be."""
    _say(f"site is ready at {place.site_url}")
    before = len(place.book())
    started = time.monotonic()
    _say("three goals go to the API:")
    with Door(place.api_url, operator_key(place.home)) as door:
        performed = Driver(door, console).perform(demo_goals(place.site_url))
    book = place.book()[before:]
    _say(f"performed in {_since(started)}")
    console.print()
    console.print(outcome(performed, book))
    _section("Not reached, and why", reasons(performed))
    wrong = complaints(performed, book)
    if wrong:
        _section("[bold red]Not as it should be[/]", wrong)
    else:
        _say("The school's own book holds each registration exactly once, and nothing else.\n")
    if place.kept:
        looks = where_to_look(
            api=place.api_url, site=place.site_url, home=str(place.home), task_id=performed[0].task_id
        )
        _section("It goes on running", looks)
    return not wrong


def _section(title: str, lines: list[str]) -> None:
    if not lines:
        return
    console.print(f"[bold]{title}[/]", highlight=False)
    for line in lines:
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    console.print()


def _say(line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.1f} s"


if __name__ == "__main__":
    app()
