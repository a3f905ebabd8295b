"""`make demo` on real parts: the outcome, the school's own book, and nothing left behind however it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from demo.site import Record
from local import ports
from tests.wait import until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.usefixtures("broker", "chromium_path"),  # so that their absence is told as everywhere else
]

DEMO = [sys.executable, "-m", "demo"]
MARK = "GOALTRAIL_TEST_MARK"


class Machine:
    """A data folder of its own, and an environment by which every process started here is known."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.mark = uuid.uuid4().hex
        self.environment = {**os.environ, "GOALTRAIL_HOME": str(home), MARK: self.mark, "PYTHONUNBUFFERED": "1"}
        self.environment.pop("KAFKA_BOOTSTRAP_SERVERS", None)

    def run(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **more}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)

    def processes(self) -> list[str]:
        """Command lines of everything that still runs."""
        mine = f"{MARK}={self.mark}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mine in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # it ended while we looked
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home")


def test_the_demo_from_an_empty_folder(machine: Machine) -> None:
    done = machine.run(DEMO)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert re.search(r"ok +Register Eden for Tuesday +COMPLETED", said)
    assert re.search(r"ok +Register Noa for Friday +COMPLETED", said)
    assert re.search(r"ok +Register Eden in water polo +FAILED", said)
    assert 'No link or button named "Water polo"' in said
    assert "the demo went as it should" in said

    book = Record(machine.home / "demo" / "registrations.jsonl").entries()
    assert sorted((entry.child, entry.day) for entry in book) == [("Eden", "Tuesday"), ("Noa", "Friday")]
    assert machine.processes() == []
    addresses = re.findall(r"127\.0\.0\.1:(\d+)", said)
    assert len(addresses) >= 2
    assert all(ports.is_free(int(port)) for port in addresses)


@pytest.mark.parametrize(
    ("moment", "number"),
    [("kafka answers", signal.SIGINT), ("goals go", signal.SIGINT), ("goals go", signal.SIGKILL)],
    ids=["ctrl-c while it starts", "ctrl-c while it runs", "killed"],
)
def test_an_end_before_the_end_leaves_nothing_behind(machine: Machine, moment: str, number: int) -> None:
    with subprocess.Popen(
        DEMO,
        env=machine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as terminal:
        assert terminal.stdout is not None
        said = ""
        while moment not in said:
            line = terminal.stdout.readline()
            assert line, said
            said += line
        os.killpg(terminal.pid, number)  # as a terminal does: to the whole foreground group
        said += terminal.stdout.read()
    assert terminal.returncode == (130 if number == signal.SIGINT else -number), said
    until(lambda: machine.processes() == [], 40, what="everything to end")


def test_a_demo_that_is_kept_is_used_again_and_stops_on_demand(machine: Machine) -> None:
    goaltrail = str(Path(sys.executable).with_name("goaltrail"))
    of_the_demo = {"GOALTRAIL_HOME": str(machine.home / "demo")}
    try:
        kept = machine.run([*DEMO, "--keep"])
        assert kept.returncode == 0, kept.stdout + kept.stderr
        status = json.loads(machine.run([goaltrail, "status", "--json"], **of_the_demo).stdout)
        names = {program["name"] for program in status["programs"] if program["ready"]}
        assert names == {"kafka", "processors-1", "api", "runner-1", "site"}
        assert status["urls"]["tasks"] in kept.stdout

        again = machine.run(DEMO)
        assert again.returncode == 0, again.stdout + again.stderr
        assert "is used again" in again.stdout
        assert len(Record(machine.home / "demo" / "registrations.jsonl").entries()) == 4
    finally:
        machine.run([goaltrail, "down"], **of_the_demo)
    assert machine.processes() == []
