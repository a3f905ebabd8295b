"""What the README types is typed, and every line it shows is printed, but for figures and ids."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import ports

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("broker", "chromium_path"),  # so that their absence is told as everywhere else
]

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
TASK_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
SITE_PORT = "8311"


def sessions() -> list[list[tuple[str, list[str]]]]:
    """The README's consoles: each a list of commands and the lines shown after them."""
    found = []
    for text in CONSOLE.findall((ROOT / "README.md").read_text()):
        session: list[tuple[str, list[str]]] = []
        for line in text.splitlines():
            if line.startswith("$ "):
                session.append((line[2:], []))
            else:
                session[-1][1].append(line)
        found.append(session)
    return found


def shape(line: str) -> str:
    """A line without what differs from run to run."""
    return re.sub(r"\s+", " ", re.sub(r"\d+(?:\.\d+)*", "0", TASK_ID.sub("ID", line))).strip()


class Terminal:
    """A shell's worth: commands of the venv, a data folder of its own, and what runs in the background."""

    def __init__(self, home: Path) -> None:
        self.port = str(ports.free(1)[0])
        venv = str(Path(sys.executable).parent)
        path = f"{venv}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "GOALTRAIL_HOME": str(home), "PATH": path, "COLUMNS": "160"}
        self.environment.pop("KAFKA_BOOTSTRAP_SERVERS", None)
        self.background: list[subprocess.Popen[str]] = []

    def type(self, line: str) -> str:
        """What the command prints; `make demo` without the set-up, which the tests have behind them."""
        line = line.replace("make demo", "python -m demo").replace(SITE_PORT, self.port)
        if line.endswith("&"):
            started = subprocess.Popen(
                ["bash", "-c", f"exec {line[:-1]}"], env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
            )
            self.background.append(started)
            assert started.stdout is not None
            return started.stdout.readline()
        done = subprocess.run(
            ["bash", "-c", line],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def close(self) -> None:
        """End what was left running."""
        for process in self.background:
            process.terminate()
            process.communicate()
        subprocess.run(["goaltrail", "down"], env=self.environment, capture_output=True, check=False, timeout=120)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path / "home")
    yield opened
    opened.close()


@pytest.mark.parametrize("session", sessions(), ids=lambda session: session[0][0])
def test_the_readme_shows_what_is_printed(terminal: Terminal, session: list[tuple[str, list[str]]]) -> None:
    for command, shown in session:
        printed = terminal.type(command)
        missing = [line for line in shown if not any(shape(line) in shape(other) for other in printed.splitlines())]
        assert missing == [], f"$ {command}\n{printed}"


def test_the_readme_has_its_sessions() -> None:
    commands = [command for session in sessions() for command, _ in session]
    assert "make demo" in commands
    assert any(command.startswith("goaltrail submit") for command in commands)
    assert all(shown for session in sessions() for command, shown in session if not command.endswith("&"))
