"""What belongs to one data folder: which programs run, on which ports, with which environment."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from events.errors import SetupIncomplete
from local import chromium, java, kafka_jars, ports
from local.home import Home, State
from local.kafka_node import Node
from local.supervisor import Program, Supervisor
from settings import Settings

KAFKA = "kafka"
_OWN_MACHINE = ("localhost", "127.0.0.0/8", "::1")


@dataclass(frozen=True, slots=True)
class Installation:
    """The settings, the data folder and the keeper of its processes."""

    settings: Settings
    home: Home
    keeper: Supervisor

    @classmethod
    def found(cls) -> Installation:
        """The one that the environment names."""
        settings = Settings()
        home = Home(settings.home.resolve())
        return cls(settings, home, Supervisor(home))

    @property
    def wants_own_broker(self) -> bool:
        """Whether no other cluster was named by KAFKA_BOOTSTRAP_SERVERS."""
        return "bootstrap_servers" not in self.settings.model_fields_set

    @property
    def bootstrap(self) -> str:
        """The cluster in use: the one named, or our own on the port it has."""
        if self.wants_own_broker:
            return f"{ports.LOCALHOST}:{self.home.read_state().kafka_port}"
        return self.settings.bootstrap_servers

    def connection(self) -> dict[str, str | int | float | bool]:
        """Connection settings for librdkafka."""
        return {**self.settings.librdkafka(), "bootstrap.servers": self.bootstrap}

    def choose_ports(self) -> State:
        """Keep the ports of the last start where they are still free, and remember the choice."""
        last = self.home.read_state()
        state = replace(
            last,
            kafka_port=ports.keep_or_find(last.kafka_port),
            controller_port=ports.keep_or_find(last.controller_port),
            api_port=ports.keep_or_find(self.settings.http.port),
        )
        self.home.write_state(state)
        return state

    def node(self) -> Node:
        """Our own broker, on the ports chosen.

        Raises:
            SetupIncomplete: Java or the Kafka jars are missing.
        """
        state = self.home.read_state()
        return Node(
            folder=self.home.kafka,
            jars=kafka_jars.find(),
            java=java.find(),
            port=state.kafka_port,
            controller_port=state.controller_port,
        )

    def broker_program(self) -> Program:
        """The broker, its storage formatted if it is new."""
        node = self.node()
        node.prepare()
        return Program(KAFKA, node.command())

    def worker_programs(self, *, processors: int, runners: int) -> list[Program]:
        """Everything but the broker, each with the environment that composition roots read."""
        names = [f"processors-{number}" for number in range(1, processors + 1)]
        names += ["api", *(f"runner-{number}" for number in range(1, runners + 1))]
        shared = self._shared_environment(with_browser=runners > 0)
        return [self._worker(name, shared) for name in names]

    def _worker(self, name: str, shared: dict[str, str]) -> Program:
        ready = self.home.ready_file(name)
        ready.unlink(missing_ok=True)
        package = name.split("-", maxsplit=1)[0]
        return Program(name, [sys.executable, "-m", package], {**shared, "GOALTRAIL_READY_FILE": str(ready)})

    def _shared_environment(self, *, with_browser: bool) -> dict[str, str]:
        environment = {
            "GOALTRAIL_HOME": str(self.home.root),
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "GOALTRAIL_HTTP__PORT": str(self.home.read_state().api_port),
            "PYTHONUNBUFFERED": "1",
        }
        if with_browser:
            # One's own machine is where sites under development and the demo's run; servers name theirs.
            environment["GOALTRAIL_BROWSER__ALLOWED"] = json.dumps([*_OWN_MACHINE, *self.settings.browser.allowed])
            environment["GOALTRAIL_BROWSER__EXECUTABLE"] = str(chromium.find(self.settings.browser.executable))
        return environment


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for the one who must know why something did not start."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return "(no log)"


def refuse_if_running(installation: Installation) -> None:
    """Raise unless nothing, or the broker alone, runs from this data folder; a lone broker is stopped.

    A fresh supervisord has today's environment, of which secrets are a part; the old one would not.

    Raises:
        SetupIncomplete: everything runs already.
    """
    running = [program.name for program in installation.keeper.programs() if program.pid]
    if set(running) - {KAFKA}:
        raise SetupIncomplete(f"{', '.join(running)} run already; see: goaltrail status, or type: goaltrail down")
    installation.keeper.shut_down()
