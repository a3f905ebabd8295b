"""The API over fakes, and an operator who calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from api.access import KeyRing, new_key
from api.app import create_app
from api.keys import admit_operator
from api.parts import Parts, Probes
from events.topics import Topics
from tests.unit.api.world import AnsweringPublisher, FakeReadings, World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    topics = Topics()
    publisher = AnsweringPublisher(topics)
    readings, ring, operator = FakeReadings(), KeyRing(), new_key()
    admit_operator(ring, publisher, topics, operator)
    reached: list[str] = []

    def wait_until(fact: str, seconds: float) -> bool:
        del seconds
        if not fact.startswith(topics.prefix):
            raise ValueError(f"{fact!r} names a partition that is not read here")
        reached.append(fact)
        return not fact.endswith(":999")

    probes = Probes(lambda: True, lambda: 1, lambda: True, lambda: True, list)
    parts = Parts(topics, publisher, publisher.desk, ring, readings, wait_until, probes, 0.2)
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {operator}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as http:
        yield World(publisher, readings, ring, parts, http, operator, reached)
