"""Where the demo runs: an installation of its own, with the swimming school as one of its programs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from api.cli.installation import Installation
from api.cli.starting import start
from demo.goals import PASSWORD_VARIABLE
from demo.signals import deaf
from demo.site.members import PASSWORDS
from demo.site.record import Entry, Record
from local import ports
from local.home import Home
from local.supervisor import Program, Supervisor
from settings import Settings

_SITE = "site"  #: the program's name in status and logs
_PORT_FILE = "site.port"
_RECORD_FILE = "registrations.jsonl"

Say = Callable[[str], None]


class DemoInstallation(Installation):
    """An installation whose runners know the school's password, with the school started after them."""

    def worker_programs(self, *, processors: int, runners: int) -> list[Program]:
        """See `Installation.worker_programs`."""
        password = {PASSWORD_VARIABLE: PASSWORDS["parent"]}
        programs = [
            replace(program, environment={**program.environment, **password})
            if program.name.startswith("runner")
            else program
            for program in super().worker_programs(processors=processors, runners=runners)
        ]
        return [*programs, self._site_program()]

    def _site_program(self) -> Program:
        ready = self.home.ready_file(_SITE)
        ready.unlink(missing_ok=True)
        port = ports.free(1)[0]
        (self.home.root / _PORT_FILE).write_text(str(port))
        options = {"--port": port, "--record": self.home.root / _RECORD_FILE, "--ready-file": ready}
        words = [str(word) for option in options.items() for word in option]
        return Program(_SITE, [sys.executable, "-m", "demo.site", *words])


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything runs, and can be found here."""

    installation: Installation
    kept: bool  #: it ran before, and stays

    @property
    def api_url(self) -> str:
        """The API."""
        return f"http://{self.installation.settings.http.host}:{self.installation.home.read_state().api_port}"

    @property
    def site_url(self) -> str:
        """The swimming school."""
        return f"http://{ports.LOCALHOST}:{(self.installation.home.root / _PORT_FILE).read_text()}"

    @property
    def home(self) -> Path:
        """The data folder."""
        return self.installation.home.root

    def book(self) -> list[Entry]:
        """What the school's own file says, read without asking the school."""
        return Record(self.home / _RECORD_FILE).entries()


@contextmanager
def stage(settings: Settings, *, keep: bool, say: Say) -> Iterator[Stage]:
    """Everything started; stopped again at the end, unless it is to be kept or was kept by an earlier demo.

    Args:
        settings: with the demo's own data folder, which is emptied unless something is kept running there.
        keep: leave it running.
        say: tells what happens.

    Raises:
        SetupIncomplete, BrokerUnreachable, TopicMismatch: see `api.cli.starting.start`; nothing is left running.
    """
    home = Home(settings.home.resolve())
    installation = DemoInstallation(settings, home, Supervisor(home))
    if _all_ready(installation):
        say(f"the demo of last time still runs, with its data in {home.root}: it is used again, and goes on running")
        yield Stage(installation, kept=True)
        return
    installation.keeper.shut_down()
    shutil.rmtree(home.root, ignore_errors=True)
    child = start(installation, processors=1, runners=1, daemon=keep, say=say)
    done = False
    try:
        yield Stage(installation, kept=keep)
        done = True
    finally:
        if not (keep and done):
            with deaf():
                say("stopping everything ...")
                installation.keeper.shut_down()
                if child is not None:
                    child.wait()


def _all_ready(installation: Installation) -> bool:
    programs = installation.keeper.programs()
    workers = [program for program in programs if program.name != "kafka"]
    site_runs = any(program.name == _SITE for program in workers)
    return site_runs and all(p.pid for p in programs) and all(installation.keeper.is_ready(p) for p in workers)
