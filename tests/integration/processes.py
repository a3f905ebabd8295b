"""Our own processes as children of a test, on a log of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from local.children import bound_to_us
from local.ports import free
from tests.wait import until

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0


class Process:
    """`python -m <module>` with the settings given; ready when it says so."""

    def __init__(self, module: str, folder: Path, settings: dict[str, str]) -> None:
        self.module = module
        self.folder = folder
        self.ready_file = folder / f"{module}.ready"
        self.log = folder / f"{module}.log"
        scrubbed = {name: value for name, value in os.environ.items() if not name.startswith(("GOALTRAIL_", "KAFKA_"))}
        self._environment = {**scrubbed, **settings, "GOALTRAIL_READY_FILE": str(self.ready_file)}
        self._child: subprocess.Popen[bytes] | None = None

    def launch(self) -> Self:
        """Start it; returns at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ready_file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                bound_to_us([sys.executable, "-m", self.module]),
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        return self

    def start(self) -> Self:
        """Start it and wait until it is ready."""
        self.launch()
        return self.await_ready()

    def await_ready(self) -> Self:
        """Wait until what was launched is ready."""
        until(self._is_ready, START_SECONDS, what=f"{self.module} is ready: {self.log.read_text()[-2_000:]}")
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = 20.0) -> int:
        """End it; its exit code."""
        if self._child is None:
            return 0
        self._child.send_signal(number)
        return self._child.wait(timeout)

    def _is_ready(self) -> bool:
        assert self._child is not None
        code = self._child.poll()
        assert code is None, f"{self.module} ended with {code}: {self.log.read_text()[-2_000:]}"
        return self.ready_file.exists() and self.ready_file.read_text() == str(self._child.pid)


def settings_of(bootstrap: str, prefix: str, home: Path) -> tuple[dict[str, str], str]:
    """Environment of processes that share one log, and the URL their API gets."""
    port = free(1)[0]
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "GOALTRAIL_KAFKA__PREFIX": prefix,
        "GOALTRAIL_KAFKA__PARTITIONS": "3",
        "GOALTRAIL_HOME": str(home),
        "GOALTRAIL_HTTP__PORT": str(port),
        "GOALTRAIL_HTTP__OUTCOME_WAIT_SECONDS": "5",
        "GOALTRAIL_TASKS__LEASE_SECONDS": "3",
        "GOALTRAIL_BROWSER__ALLOWED": '["127.0.0.0/8"]',
    }
    return environment, f"http://127.0.0.1:{port}"
