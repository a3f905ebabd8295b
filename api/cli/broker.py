"""`goaltrail broker start | stop | status | wipe`: our own Kafka, by itself."""

from __future__ import annotations

import shutil
from typing import Annotated

import typer

from api.cli.client import fail, out
from api.cli.installation import KAFKA, Installation
from api.cli.starting import start_broker_alone
from local import ports
from local.home import State
from local.supervisor import ProgramState

app = typer.Typer(no_args_is_help=True, help="Our own Kafka broker.")

#: What is a reading of the log, or a place in it, and worthless without it.
_DERIVED = ("readings", "snapshots", "faust")


@app.command()
def start() -> None:
    """Start the broker in the background and create the topics."""
    start_broker_alone(_with_own_broker(), lambda line: out.print(line, highlight=False))


@app.command()
def stop() -> None:
    """Stop the broker; the log stays."""
    installation = _with_own_broker()
    if _program(installation) is None:
        out.print("the broker was not running")
        return
    installation.keeper.stop_program(KAFKA)
    if not any(program.pid for program in installation.keeper.programs()):
        installation.keeper.shut_down()
    out.print("the broker is stopped")


@app.command()
def status() -> None:
    """Say whether the broker runs and answers; exit code 1 if not."""
    installation = _with_own_broker()
    program = _program(installation)
    if program is None:
        fail("the broker is not running; start it with: goaltrail broker start")
    state: State = installation.home.read_state()
    if not ports.answers(state.kafka_port):
        fail(f"the broker (process {program.pid}) does not answer at {installation.bootstrap} yet")
    out.print(f"kafka at {installation.bootstrap}, process {program.pid}, {program.note}", highlight=False)


@app.command()
def wipe(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete the log and everything read from it: every task, for good. Artifacts and the operator key stay."""
    installation = _with_own_broker()
    if any(program.pid for program in installation.keeper.programs()):
        fail("processes are running; first type: goaltrail down")
    home = installation.home
    if not yes:
        typer.confirm(f"Delete the log in {home.kafka} and every reading of it?", abort=True)
    installation.keeper.shut_down()
    for folder in (home.kafka, *(home.root / name for name in _DERIVED)):
        shutil.rmtree(folder, ignore_errors=True)
    out.print(f"deleted the log in {home.kafka}", highlight=False)


def _with_own_broker() -> Installation:
    installation = Installation.found()
    if not installation.wants_own_broker:
        fail(f"KAFKA_BOOTSTRAP_SERVERS names another cluster ({installation.bootstrap}); it is not ours to manage")
    return installation


def _program(installation: Installation) -> ProgramState | None:
    return next((p for p in installation.keeper.programs() if p.name == KAFKA and p.pid), None)
