"""What every test may ask for: one real broker and one browser per session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from events.errors import SetupIncomplete
from local import chromium, java, kafka_jars
from local.kafka_server import Broker


def _give_up(part: SetupIncomplete) -> NoReturn:
    """A missing part is an error in CI, where a skipped test would hide it, and a skip elsewhere."""
    if os.environ.get("CI"):
        raise part
    pytest.skip(str(part))


@pytest.fixture(scope="session")
def kafka_parts() -> tuple[Path, Path]:
    """Java and the jars, without which no broker starts."""
    try:
        return java.find(), kafka_jars.find()
    except SetupIncomplete as part:
        _give_up(part)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, kafka_parts: tuple[Path, Path]) -> Iterator[Broker]:  # noqa: ARG001 - skips
    """A running broker shared by the session: use topics of your own, and never stop it."""
    server = Broker(tmp_path_factory.mktemp("kafka")).start()
    yield server
    server.stop()


@pytest.fixture
def own_broker(tmp_path: Path, kafka_parts: tuple[Path, Path]) -> Iterator[Broker]:  # noqa: ARG001 - skips
    """A running broker of one test, which may stop and kill it."""
    server = Broker(tmp_path / "kafka").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser of this machine."""
    try:
        return chromium.find()
    except SetupIncomplete as part:
        _give_up(part)
