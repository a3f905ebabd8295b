"""What set-up looks for, what it says when a part is missing, and what it keeps."""

import hashlib
import os
import shlex
import socket
from pathlib import Path

import pytest

from events.errors import SetupIncomplete
from local import chromium, debian, java, kafka_jars, ports
from local.home import Home, State
from local.kafka_node import Node
from local.supervisor import Program, Supervisor


def program(folder: Path, name: str, script: str = "exit 0") -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on PATH but what a test puts into the folder returned."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return folder


def test_a_missing_java_is_named_with_the_line_to_type(bare_machine: Path) -> None:
    with pytest.raises(SetupIncomplete, match="apt-get install openjdk-17-jre-headless"):
        java.find()
    assert list(bare_machine.iterdir()) == []


@pytest.mark.parametrize(("told", "version"), [("1.8.0_392", 8), ("11.0.2", 11)])
def test_an_old_java_is_refused(bare_machine: Path, told: str, version: int) -> None:
    program(bare_machine, "java", f"echo 'openjdk version \"{told}\"' >&2")
    with pytest.raises(SetupIncomplete, match=f"is Java {version}, the broker needs 17"):
        java.find()


def test_java_home_comes_before_path(bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare_machine, "java", "echo 'openjdk version \"17.0.1\"' >&2")
    (tmp_path / "jdk" / "bin").mkdir(parents=True)
    wanted = program(tmp_path / "jdk" / "bin", "java", "echo 'openjdk version \"21\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    assert java.find() == wanted


def test_browsers_are_taken_in_order(bare_machine: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupIncomplete, match="apt-get install chromium-headless-shell"):
        chromium.find()
    for name in ("google-chrome", "chromium", "chromium-headless-shell"):
        added = program(bare_machine, name)
        assert chromium.find() == added
    revision = chromium._expected_revision()
    own = tmp_path / "browsers" / f"chromium_headless_shell-{revision}" / "chrome-headless-shell-linux64"
    own.mkdir(parents=True)
    shell = program(own, "chrome-headless-shell")
    assert chromium.find() == shell
    chosen = program(tmp_path, "mine")
    assert chromium.find(chosen) == chosen


def test_a_chosen_browser_that_is_missing_is_not_replaced(bare_machine: Path) -> None:
    program(bare_machine, "chromium")
    with pytest.raises(SetupIncomplete, match="GOALTRAIL_BROWSER__EXECUTABLE names '/nowhere/chrome'"):
        chromium.find(Path("/nowhere/chrome"))


def test_jars_are_reused_only_unchanged(bare_machine: Path) -> None:
    folder = kafka_jars.cache()
    folder.mkdir(parents=True)
    jar = folder / "kafka_2.13.jar"
    jar.write_bytes(b"as fetched")
    with pytest.raises(SetupIncomplete, match="make setup"):
        kafka_jars.find()
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(b'as fetched').hexdigest()}  {jar.name}\n")
    assert kafka_jars.find() == folder
    jar.write_bytes(b"half of i")
    with pytest.raises(SetupIncomplete, match="missing or damaged"):
        kafka_jars.find()
    assert list(bare_machine.iterdir()) == []


def test_a_fetch_that_fails_leaves_the_old_jars(bare_machine: Path) -> None:
    program(bare_machine, "mvn", "echo 'Could not resolve org.apache.kafka'; exit 1")
    old = kafka_jars.cache() / "old.jar"
    old.parent.mkdir(parents=True)
    old.touch()
    with pytest.raises(SetupIncomplete, match="Could not resolve"):
        kafka_jars.fetch()
    assert [path.name for path in kafka_jars.cache().parent.iterdir()] == [kafka_jars.cache().name]
    assert old.exists()


def test_who_is_not_root_gets_the_line_to_type(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare_machine, "apt-get", "exit 7")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupIncomplete, match="type: sudo apt-get install maven"):
        debian.install("maven")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    debian._update.cache_clear()
    with pytest.raises(SetupIncomplete, match="apt-get update failed"):
        debian.install("maven")


def test_state_outlives_the_process_that_wrote_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    assert home.read_state() == State()
    home.write_state(State(kafka_port=1, controller_port=2, api_port=3, programs=["kafka"]))
    assert Home(home.root).read_state() == State(kafka_port=1, controller_port=2, api_port=3, programs=["kafka"])
    assert home.root.stat().st_mode & 0o077 == 0


def test_ports_of_one_call_differ_and_a_taken_one_is_replaced() -> None:
    found = ports.free(20)
    assert len(set(found)) == 20
    with socket.create_server((ports.LOCALHOST, found[0])):
        assert ports.answers(found[0])
        assert ports.keep_or_find(found[0]) != found[0]
    assert ports.keep_or_find(found[0]) == found[0]
    assert not ports.answers(found[0])


def test_the_broker_listens_on_this_machine_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").touch()  # formatted: Java is not asked
    Node(tmp_path, tmp_path / "jars", tmp_path / "java", port=19092, controller_port=19093).prepare()
    written = (tmp_path / "server.properties").read_text()
    listeners = [line for line in written.splitlines() if line.startswith(("listeners=", "advertised.listeners="))]
    assert len(listeners) == 2
    assert all(
        part.split("://")[1].startswith("127.0.0.1:") for line in listeners for part in line.split("=")[1].split(",")
    )


def test_percent_signs_and_quotes_reach_a_program_unchanged(tmp_path: Path) -> None:
    from supervisor.options import ServerOptions

    home = Home(tmp_path)
    home.create()
    odd = 'a%b "c" \\d, e=f'
    Supervisor(home).write([Program("runner-1", ["/bin/echo", odd], {"ODD": odd})])
    options = ServerOptions()
    options.realize(["-c", str(tmp_path / "run" / "supervisord.conf")], doc="")
    process = options.process_group_configs[0].process_configs[0]
    assert shlex.split(process.command)[-3:] == [f"ODD={odd}", "/bin/echo", odd]
    assert options.process_group_configs[0].name == "runner-1"


def test_a_long_home_gets_a_short_socket(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long" * 40))
    home.create()
    assert len(str(Supervisor(home)._socket)) < 100
    assert Supervisor(home)._socket == Supervisor(home)._socket
    assert not Supervisor(home).is_running()
