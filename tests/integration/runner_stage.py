"""Processors and runners on a log of their own, and swimming schools to send them to."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.goals import PASSWORD_VARIABLE, demo_goals
from demo.site.members import PASSWORDS
from local.kafka_server import Broker
from tests.integration.processes import Process
from tests.integration.processing import Watched

#: Pages of the school answer at once or, by a switch, later than this.
NAVIGATION_SECONDS = 4


class Stage(Watched):
    """Everything a task meets on its way, with short leases and short waits."""

    def __init__(self, broker: Broker, folder: Path, chromium: Path, *, backoff: float = 0.3) -> None:
        super().__init__(broker.bootstrap, folder)
        self.environment |= {
            "GOALTRAIL_BROWSER__EXECUTABLE": str(chromium),
            "GOALTRAIL_BROWSER__CAPACITY": "6",
            "GOALTRAIL_BROWSER__ACTION_TIMEOUT_SECONDS": "2",
            "GOALTRAIL_BROWSER__NAVIGATION_TIMEOUT_SECONDS": str(NAVIGATION_SECONDS),
            "GOALTRAIL_TASKS__BACKOFF_SECONDS": str(backoff),
            PASSWORD_VARIABLE: PASSWORDS["parent"],
        }
        self.runners: list[Process] = []

    def runner(self) -> Process:
        """Start one more runner and wait until it is ready."""
        process = Process("runner", self.folder / f"runner-{len(self.runners)}", self.environment)
        self.runners.append(process)
        return process.start()

    def register(self, school: str, **changes: Any) -> str:
        """Submit the demo's declared plan to the school at this address."""
        statement = demo_goals(school)[0].statement
        return self.submit(**{**statement.model_dump(), **changes})

    def close(self) -> None:
        for process in self.runners:
            process.stop(signal.SIGKILL)
        super().close()


@contextmanager
def staged(broker: Broker, folder: Path, chromium: Path, *, backoff: float = 0.3) -> Iterator[Stage]:
    """A stage with its processors running; runners are started by tests."""
    with Stage(broker, folder, chromium, backoff=backoff) as stage:
        stage.processor()
        yield stage
