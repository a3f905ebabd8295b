"""`goaltrail up | down`: everything in one terminal, or in the background."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import Annotated

import typer

from api.cli.client import out
from api.cli.installation import Installation
from api.cli.logs import LogFollower
from api.cli.starting import start
from events.errors import SetupIncomplete
from local.supervisor import ProgramState

app = typer.Typer()

_LOOK_S = 0.2


@app.command()
def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when all is ready.")] = False,
    runners: Annotated[int, typer.Option(min=0, max=64, help="Runners, each with a browser of its own.")] = 1,
    processors: Annotated[int, typer.Option(min=1, max=64, help="Processors, which share the partitions.")] = 1,
) -> None:
    """Start everything: broker, processors, API and runners. Ctrl-C stops it again.

    Set KAFKA_BOOTSTRAP_SERVERS to use another cluster than a broker of our own.
    """
    installation = Installation.found()
    _every_end_is_ctrl_c()
    started = time.monotonic()
    logs = LogFollower(installation.home.logs, _names(processors, runners))
    child = start(
        installation,
        processors=processors,
        runners=runners,
        daemon=detach,
        say=lambda line: out.print(line, highlight=False),
    )
    took = time.monotonic() - started
    if detach:
        _print_where(installation, took)
        out.print("stop it with: goaltrail down", highlight=False)
        return
    try:
        _print_where(installation, took)
        _follow(installation, logs, child)
    except KeyboardInterrupt:
        pass  # how one stops it
    finally:
        _let_us_stop_in_peace()
        out.print("stopping ...")
        installation.keeper.shut_down()
        if child is not None:
            child.wait()


@app.command()
def down() -> None:
    """Stop everything that was started from this data folder; the data stays."""
    keeper = Installation.found().keeper
    names = [program.name for program in keeper.programs() if program.pid]
    keeper.shut_down()
    out.print(f"stopped {', '.join(names)}" if names else "nothing was running", highlight=False)


def _names(processors: int, runners: int) -> list[str]:
    return [
        "kafka",
        *(f"processors-{number}" for number in range(1, processors + 1)),
        "api",
        *(f"runner-{number}" for number in range(1, runners + 1)),
    ]


def _every_end_is_ctrl_c() -> None:
    """SIGTERM and a closed terminal stop everything in order, as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def _let_us_stop_in_peace() -> None:
    """A second Ctrl-C must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _print_where(installation: Installation, took: float) -> None:
    url = f"http://{installation.settings.http.host}:{installation.home.read_state().api_port}"
    out.print(f"[bold]all is ready[/]  ({took:.1f} s)", highlight=False)
    for name, value in {
        "API": f"{url}/api/browser-tasks",
        "reference": f"{url}/docs",
        "Kafka": installation.bootstrap,
        "data": str(installation.home.root),
        "try": "goaltrail status",
    }.items():
        out.print(f"  {name:<10} {value}", highlight=False, soft_wrap=True)


def _follow(installation: Installation, logs: LogFollower, child: subprocess.Popen[bytes] | None) -> None:
    known: dict[str, ProgramState] = {}
    while True:
        time.sleep(_LOOK_S)
        for line in logs.new_lines():
            out.print(line, highlight=False, markup=False, soft_wrap=True)
        if child is not None and child.poll() is not None:
            raise SetupIncomplete(f"the keeper of the processes ended (exit code {child.returncode})")
        for program in installation.keeper.programs():
            before = known.get(program.name)
            if before is not None and (before.pid, before.state) != (program.pid, program.state):
                out.print(f"[yellow]{program.name}: {program.state.lower()}, {program.note}[/]", highlight=False)
            known[program.name] = program
