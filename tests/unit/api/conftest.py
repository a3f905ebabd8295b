"""The API over fakes, and an operator who calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.unit.api.terminal import Terminal, terminal
from tests.unit.api.world import World, build


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = build()
    async with made.http:
        yield made


@pytest.fixture
def goaltrail() -> Iterator[Terminal]:
    with terminal() as typed:
        yield typed
