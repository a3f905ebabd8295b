"""The data folder: where everything lies, and what the last start decided (`state.json`)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class State:
    """What outlives a stop: ports are found once and kept; the rest describes the last start."""

    kafka_port: int = 0
    controller_port: int = 0
    api_port: int = 0
    bootstrap: str = ""  #: the cluster in use
    own_broker: bool = True  #: False when KAFKA_BOOTSTRAP_SERVERS named another one
    programs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below GOALTRAIL_HOME."""

    root: Path

    @property
    def run(self) -> Path:
        """Sockets, process ids, ready files, the supervisor's generated settings."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.root / "logs"

    @property
    def kafka(self) -> Path:
        """The broker's settings and, below it, the log itself."""
        return self.root / "kafka"

    @property
    def state_file(self) -> Path:
        """Ports and programs of the last start."""
        return self.root / "state.json"

    def ready_file(self, program: str) -> Path:
        """Written by a process once it is ready; holds its process id."""
        return self.run / f"{program}.ready"

    def create(self) -> None:
        """Make the folders; nobody else on the machine may look inside."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.run, self.logs, self.kafka):
            folder.mkdir(exist_ok=True)

    def read_state(self) -> State:
        """The state of the last start; the empty one before the first."""
        try:
            known = json.loads(self.state_file.read_text())
        except FileNotFoundError:
            return State()
        fields = State.__dataclass_fields__
        return State(**{name: value for name, value in known.items() if name in fields})

    def write_state(self, state: State) -> None:
        """Replace the state file in one move, so that a reader sees the old or the new one."""
        fresh = self.state_file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(state), indent=2) + "\n")
        fresh.replace(self.state_file)
