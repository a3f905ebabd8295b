"""What a benchmark runs on: a private broker in a temporary folder, processors, and the API if asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from events.topics import Topics
from local import ports
from local.kafka_server import Broker
from producers.admin import ensure_topics

_READY_SECONDS = 60.0
_END_SECONDS = 15.0
_NO_SETTINGS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to connect; `home` is the data folder of every process."""

    bootstrap: str
    topics: Topics
    home: Path
    api_port: int

    @property
    def connection(self) -> dict[str, Any]:
        """Settings for confluent-kafka."""
        return {"bootstrap.servers": self.bootstrap, "log_level": 2}

    def environment(self, ready_file: Path | None = None, settings: Mapping[str, str] = _NO_SETTINGS) -> dict[str, str]:
        """Of a process of ours; nothing of the caller's settings leaks in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GOALTRAIL_", "KAFKA_"))}
        ours = {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "GOALTRAIL_HOME": str(self.home),
            "GOALTRAIL_KAFKA__PREFIX": self.topics.prefix,
            "GOALTRAIL_HTTP__PORT": str(self.api_port),
            "GOALTRAIL_LOG_LEVEL": "WARNING",
            "GOALTRAIL_BROWSER__ALLOWED": '["127.0.0.0/8"]',  # where the sites of benchmarks are
        }
        return {**kept, **ours, **settings, **({"GOALTRAIL_READY_FILE": str(ready_file)} if ready_file else {})}

    @contextmanager
    def process(
        self, module: str, *, wait_ready: bool = True, settings: Mapping[str, str] = _NO_SETTINGS
    ) -> Iterator[subprocess.Popen[bytes]]:
        """One `python -m module`, ended with the block."""
        name = f"{module}-{time.monotonic_ns()}"
        ready = self.home / f"{name}.ready"
        with (self.home / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                env=self.environment(ready if wait_ready else None, settings),
                cwd=Path(__file__).parent.parent,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            if wait_ready:
                self._await(ready, process, self.home / f"{name}.log")
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _await(self, ready: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{ready.stem} did not become ready:\n{log.read_text(errors='replace')[-2_000:]}")
            time.sleep(0.05)


@contextmanager
def running(*, processors: int, api: bool = False) -> Iterator[Machine]:
    """A fresh log on a private broker, read and decided by as many processes as asked for."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="goaltrail-bench-")))
        broker = Broker(home / "kafka").start()
        stack.callback(broker.stop)
        machine = Machine(broker.bootstrap, Topics(), home, ports.free(1)[0])
        ensure_topics(machine.connection, machine.topics)
        for _ in range(processors):
            stack.enter_context(machine.process("processors"))
        if api:
            stack.enter_context(machine.process("api"))
        yield machine
