"""Real runners and processors on one log, with the demo's swimming school or a smaller site, for tests of time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from demo.goals import PASSWORD_VARIABLE
from demo.site.members import PASSWORDS
from tests.integration.processes import Process
from tests.integration.processing import Watched
from tests.integration.runner_site import PASSWORD, Site
from tests.integration.test_runner_browser import BOOKED, FIELDS, GOAL
from tests.wait import until

LEASE_S = 3.0
START_S = 60.0


class Stage:
    """One log and the processes on it."""

    def __init__(self, bootstrap: str, folder: Path, chromium: Path) -> None:
        self.log = Watched(bootstrap, folder)
        self._secrets = {"SCHOOL_PASS": PASSWORD, PASSWORD_VARIABLE: PASSWORDS["parent"]}
        self._browser = {"GOALTRAIL_BROWSER__EXECUTABLE": str(chromium)}
        self._folder = folder
        self._processes: list[Process] = []

    def runner(self, name: str, module: str = "runner", **settings: str) -> Process:
        """One more runner, launched and perhaps not ready."""
        environment = {**self.log.environment, **self._secrets, **self._browser, **settings}
        process = Process(module, self._folder / name, environment)
        self._processes.append(process)
        return process.launch()

    def processor(self, name: str, module: str = "processors", **settings: str) -> Process:
        """One more processor, launched and perhaps not ready."""
        process = Process(module, self._folder / name, {**self.log.environment, **settings})
        self._processes.append(process)
        return process.launch()

    def book(self, site: Site, child: str, **fields: Any) -> str:
        """Submit a registration at the small site, which answers when it is told to."""
        given = {**FIELDS, "inputs": {**FIELDS["inputs"], "child": child}, "success_indicators": BOOKED, **fields}
        return self.log.submit(goal=GOAL, site_url=site.url, **given)

    def posted(self, site: Site, *children: str) -> None:
        """Wait until registrations of these children have reached the site."""
        wanted = set(children)
        until(lambda: {p["child"] for p in list(site.posted)} >= wanted, START_S, what=f"{wanted} reached the site")

    def lease_until(self, task_id: str) -> datetime:
        """When the newest lease ends, as the facts say."""
        ends: list[datetime | None] = [getattr(fact.event, "lease_until", None) for fact in self.log.facts[task_id]]
        return max(end for end in ends if end is not None)

    def close(self) -> None:
        """End everything."""
        for process in self._processes:
            process.stop(signal.SIGKILL)
        self.log.close()


@contextmanager
def stage(bootstrap: str, folder: Path, chromium: Path) -> Iterator[Stage]:
    """A stage, cleared at the end."""
    ready = Stage(bootstrap, folder, chromium)
    try:
        yield ready
    finally:
        ready.close()
