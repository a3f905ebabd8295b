"""Keeps programs running: supervisord with generated settings, spoken to over a socket in the data folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from events.errors import SetupIncomplete
from local.children import bound_to_us
from local.home import Home

_LONGEST_SOCKET = 100  #: a unix socket's path may have 107 bytes, supervisord adds its process id
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 90.0
_PAUSE_S = 0.05
_ROOT = Path(__file__).resolve().parent.parent  #: where `python -m processors` finds our packages before others


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep alive; the part of the name before `-` says what it is."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProgramState:
    """What supervisord knows about a program."""

    name: str
    state: str  #: RUNNING, STARTING, BACKOFF (waits before another try), STOPPED, ...
    pid: int  #: 0 unless it runs
    uptime_seconds: int
    note: str  #: supervisord's own sentence


class Supervisor:
    """The supervisord of one data folder."""

    def __init__(self, home: Home) -> None:
        self.home = home
        run = home.run.resolve()
        self._config = run / "supervisord.conf"
        self._pid_file = run / "supervisord.pid"
        socket = run / "supervisor.sock"
        self._socket = socket if len(str(socket)) <= _LONGEST_SOCKET else _short_socket(run)

    def write(self, programs: Sequence[Program]) -> None:
        """Write supervisord's settings; they count from its next start."""
        user = "user=root\n" if os.geteuid() == 0 else ""  # else it warns about dropping nothing
        head = _HEAD.format(socket=self._socket, pid=self._pid_file, log=self.home.logs.resolve(), user=user)
        text = head + "".join(_section(program, self.home.logs.resolve()) for program in programs)
        self._config.touch(mode=0o600)
        self._config.write_text(text)

    def start(self, *, daemon: bool) -> subprocess.Popen[bytes] | None:
        """Start supervisord, its programs still stopped: in the background for good, or as a child of ours.

        Raises:
            SetupIncomplete: it did not come up; its log says why.
        """
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        self._socket.unlink(missing_ok=True)  # of one that was killed
        output = (self.home.logs / "supervisord.out").open("wb")
        with output:
            if daemon:
                subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
                child = None
            else:
                # A session of its own: Ctrl-C is for us, who then stop everything in order.
                child = subprocess.Popen(
                    bound_to_us([*command, "-n"]),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=output,
                    start_new_session=True,
                )
        if not _within(_START_TIMEOUT_S, self.is_running):
            raise SetupIncomplete(f"supervisord did not start; see {output.name}")
        return child

    def is_running(self) -> bool:
        """Whether a supervisord of this folder answers."""
        try:
            self._call("getState")
        except OSError:
            return False
        return True

    def start_program(self, name: str) -> None:
        """Start one program unless it runs."""
        if self._state(name) not in {"RUNNING", "STARTING"}:
            self._call("startProcess", name, False)

    def stop_program(self, name: str) -> None:
        """Stop one program and wait for its end."""
        if self._state(name) not in {"STOPPED", "EXITED", "FATAL"}:
            self._call("stopProcess", name, True)

    def programs(self) -> list[ProgramState]:
        """Every program, in the order they start; none if supervisord does not run."""
        try:
            known = self._call("getAllProcessInfo")
        except OSError:
            return []
        return [
            ProgramState(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"],
                uptime_seconds=max(0, info["now"] - info["start"]) if info["pid"] else 0,
                note=info["description"] or info["spawnerr"],
            )
            for info in sorted(known, key=lambda info: (_order_of(info["name"]), info["name"]))
        ]

    def shut_down(self) -> None:
        """Stop the programs, last started first, then supervisord; return when all are gone.

        Raises:
            SetupIncomplete: something did not end.
        """
        try:
            pid = int(self._call("getPID"))
            self._call("shutdown")
        except OSError:
            return
        if not _within(_STOP_TIMEOUT_S, lambda: not _exists(pid)):
            raise SetupIncomplete(f"supervisord (process {pid}) did not end within {_STOP_TIMEOUT_S:.0f} s")

    def is_ready(self, program: ProgramState) -> bool:
        """Whether the process that runs now has said that it is ready."""
        try:
            said = int(self.home.ready_file(program.name).read_text())
        except (OSError, ValueError):
            return False
        return program.pid != 0 and said == program.pid

    def _state(self, name: str) -> str:
        return str(self._call("getProcessInfo", name)["statename"])

    def _call(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        # the address is not used: the transport speaks to the socket
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)


_HEAD = """\
[unix_http_server]
file={socket}
chmod=0600

[supervisord]
{user}logfile={log}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={pid}
childlogdir={log}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""

#: startretries: never give up; the pause grows by a second with each try that fails at once.
_PROGRAM = """
[program:{name}]
command={command}
directory={root}
priority={order}
autostart=false
autorestart=true
startsecs=2
startretries=1000000
stopasgroup=true
killasgroup=true
stopwaitsecs=20
redirect_stderr=true
stdout_logfile={log}/{name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=2
"""

#: Lower starts earlier and stops later.
_ORDER = {"kafka": 10, "processors": 20, "api": 30, "runner": 40}


def _order_of(name: str) -> int:
    return _ORDER.get(name.split("-", maxsplit=1)[0], 50)


def _section(program: Program, log: Path) -> str:
    # supervisord's own `environment=` has no way to write a quote
    with_environment = ["env", *(f"{name}={value}" for name, value in program.environment.items()), *program.command]
    command = " ".join(_quoted(part) for part in bound_to_us(with_environment))
    return _PROGRAM.format(name=program.name, command=command, order=_order_of(program.name), log=log, root=_ROOT)


def _quoted(text: str) -> str:
    """As supervisord's settings want it: in quotes, and with its own `%(...)s` switched off."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _short_socket(run: Path) -> Path:
    digest = hashlib.sha256(str(run).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"goaltrail-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SetupIncomplete(f"{folder} belongs to somebody else; set GOALTRAIL_HOME to a shorter path")
    return folder / f"{digest}.sock"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:  # one that ended and was not yet collected by its parent, perhaps us, holds nothing any more
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return True


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
    return True
