"""`goaltrail up` on a machine: everything comes up, comes back when it is killed, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import ports
from local.kafka_server import Broker
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
GOALTRAIL = str(Path(sys.executable).with_name("goaltrail"))


class Machine:
    """A data folder of its own and the command line that works on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "GOALTRAIL_HOME": str(home), "GOALTRAIL_KAFKA__SESSION_TIMEOUT_SECONDS": "6"}
        self.environment.pop("KAFKA_BOOTSTRAP_SERVERS", None)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [GOALTRAIL, *arguments], env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return found

    def processes(self) -> list[str]:
        """Command lines of everything that still works on this folder."""
        mine = f"GOALTRAIL_HOME={self.home}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mine in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # it ended while we looked
        return found


@pytest.fixture
def machine(tmp_path: Path, kafka_parts: tuple[Path, Path]) -> Iterator[Machine]:  # noqa: ARG001 - skips
    machine = Machine(tmp_path / "home")
    yield machine
    machine.run("down")


@pytest.mark.browser
@pytest.mark.usefixtures("chromium_path")
def test_up_status_kill_down(machine: Machine) -> None:
    started = machine.run("up", "--detach", "--processors", "2")
    assert started.returncode == 0, started.stdout + started.stderr
    found = machine.status()
    assert [program["name"] for program in found["programs"]] == [
        "kafka",
        "processors-1",
        "processors-2",
        "api",
        "runner-1",
    ]
    assert all(program["ready"] for program in found["programs"])
    until(lambda: machine.status()["lag"] == 0, what="the readings to hold everything")  # runners say that they live
    assert (machine.home / "operator.key").stat().st_mode & 0o777 == 0o600
    assert machine.run("doctor").returncode == 0
    assert "run already" in machine.run("up", "--detach").stderr

    victim = found["programs"][1]["pid"]
    os.kill(victim, signal.SIGKILL)
    until(
        lambda: (
            [p["pid"] for p in machine.status()["programs"] if p["name"] == "processors-1" and p["ready"]]
            not in ([], [victim])
        ),
        60,
        what="another processor",
    )

    assert machine.run("down").returncode == 0
    assert machine.processes() == []
    assert machine.run("status").returncode == 1
    assert all(ports.is_free(int(at.rsplit(":", 1)[1])) for at in (found["bootstrap"], found["urls"]["api"]))


def test_ctrl_c_stops_everything(machine: Machine) -> None:
    with subprocess.Popen(
        [GOALTRAIL, "up", "--runners", "0"],
        env=machine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as terminal:
        assert terminal.stdout is not None
        said = [next(terminal.stdout)]
        while "all is ready" not in said[-1]:
            said.append(next(terminal.stdout))
        os.killpg(terminal.pid, signal.SIGINT)  # as a terminal does: to the whole foreground group
        rest = terminal.stdout.read()
    assert terminal.returncode == 0, rest
    assert "stopping" in rest
    assert machine.processes() == []


def test_ctrl_c_while_starting_leaves_nothing(machine: Machine) -> None:
    with subprocess.Popen(
        [GOALTRAIL, "up", "--runners", "0"], env=machine.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as terminal:
        assert terminal.stdout is not None
        said = b""
        while b"kafka answers" not in said:  # after a line about ports, if another installation has ours
            line = terminal.stdout.readline()
            assert line, said
            said += line
        terminal.send_signal(signal.SIGINT)
        assert b"all is ready" not in terminal.stdout.read()
    assert terminal.returncode != 0
    assert machine.processes() == []


def test_a_killed_keeper_takes_its_processes_along(machine: Machine) -> None:
    assert machine.run("broker", "start").returncode == 0
    keeper = int((machine.home / "run" / "supervisord.pid").read_text())
    os.kill(keeper, signal.SIGKILL)
    until(lambda: machine.processes() == [], 30, what="the broker to end with its keeper")
    assert machine.run("broker", "start").returncode == 0
    assert machine.run("broker", "status").returncode == 0
    assert "first type: goaltrail down" in machine.run("broker", "wipe", "--yes").stderr
    assert machine.run("broker", "stop").returncode == 0
    assert machine.run("broker", "wipe", "--yes").returncode == 0
    assert not (machine.home / "kafka").exists()
    assert machine.processes() == []


def test_another_cluster_gets_no_broker_of_ours(machine: Machine, broker: Broker) -> None:
    machine.environment |= {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap, "GOALTRAIL_KAFKA__PREFIX": "elsewhere."}
    started = machine.run("up", "--detach", "--runners", "0")
    assert started.returncode == 0, started.stdout + started.stderr
    assert [program["name"] for program in machine.status()["programs"]] == ["processors-1", "api"]
    assert "not ours to manage" in machine.run("broker", "start").stderr
