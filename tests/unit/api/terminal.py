"""Types `goaltrail ...` against the real app over HTTP, with fakes behind it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from typer.testing import CliRunner, Result

from api.app import create_app
from api.cli.main import app
from tests.unit.api.world import World, build
from tests.wait import until


class Terminal:
    """Types commands for one world."""

    def __init__(self, url: str, world: World) -> None:
        self.url = url
        self.world = world

    def __call__(self, *words: str, key: str | None = None) -> Result:
        environment = {"GOALTRAIL_URL": self.url, "GOALTRAIL_API_KEY": key or self.world.operator}
        return CliRunner().invoke(app, list(words), env=environment)


@contextmanager
def terminal() -> Iterator[Terminal]:
    """A terminal, as long as the app behind it serves."""
    world = build()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(world.parts), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    until(lambda: server.started)
    yield Terminal(f"http://127.0.0.1:{listener.getsockname()[1]}", world)
    server.should_exit = True
    thread.join(10)
    listener.close()
