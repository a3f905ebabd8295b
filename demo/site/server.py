"""Runs the site in a thread of this process, on a free port of 127.0.0.1."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from demo.site.app import School, create_app
from demo.site.record import Entry, Record
from demo.site.switches import Switches
from demo.site.troubles import Troubles

LOCALHOST = "127.0.0.1"
_START_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 5
_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True)
class RunningSite:
    """A site that answers."""

    url: str
    school: School

    def record(self) -> list[Entry]:
        """What the school's book says, oldest first."""
        return self.school.record.entries()

    def switch(self, **changes: Any) -> Switches:
        """Change switches while it runs."""
        return self.school.troubles.change(changes)


@contextmanager
def serve(record: Path | None = None, switches: Switches | None = None, *, port: int = 0) -> Iterator[RunningSite]:
    """Serve until the block ends.

    Args:
        record: file of the school's book; one that exists is continued. None keeps the book in memory alone.
        switches: what goes wrong from the start.
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken.
        RuntimeError: the server did not start.
    """
    school = School(Record(record), Troubles(switches or Switches()))
    with socket.create_server((LOCALHOST, port), backlog=512) as listener:
        server = uvicorn.Server(_config(school))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="demo-site", daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield RunningSite(f"http://{LOCALHOST}:{listener.getsockname()[1]}", school)
        finally:
            server.should_exit = True
            thread.join()


def _config(school: School) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(school),
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=_STOP_TIMEOUT_S,
    )


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(_START_TIMEOUT_S / _PAUSE_S)):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(_PAUSE_S)
    raise RuntimeError("the demo site did not start")
