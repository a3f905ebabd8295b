"""A broker's log with a processor and an API on it: what clients meet, without a runner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from events.topics import Topics
from tests.integration.processes import Process, settings_of
from tests.wait import until

HEALTH = "/api/browser-tasks/health"


@dataclass(frozen=True)
class Installation:
    """Where it is, and a key that opens everything."""

    url: str
    key: str
    bootstrap: str
    topics: Topics
    api: Process

    @property
    def connection(self) -> dict[str, str]:
        return {"bootstrap.servers": self.bootstrap}


@contextmanager
def installed(bootstrap: str, folder: Path, prefix: str | None = None, partitions: int = 3) -> Iterator[Installation]:
    """Start both processes and wait until goals are decided."""
    prefix = prefix or f"clients-{uuid4().hex[:8]}."
    environment, url = settings_of(bootstrap, prefix, folder)
    environment["GOALTRAIL_KAFKA__PARTITIONS"] = str(partitions)
    api = Process("api", folder, environment).launch()
    processor = Process("processors", folder, environment).launch()
    try:
        api.await_ready()
        processor.await_ready()
        until(lambda: httpx.get(f"{url}{HEALTH}").json()["data"]["processors"] == 1, 30, what="a processor at work")
        key = (folder / "operator.key").read_text().strip()
        yield Installation(url, key, bootstrap, Topics(prefix, partitions), api)
    finally:
        api.stop()
        processor.stop()
