"""Facts as server-sent events: one task's and everybody's, from the start, from now on, and behind an id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from events.task import Status
from tests.unit.api.world import OLD_ID, World, a_task

STREAM = f"/api/browser-tasks/{OLD_ID}/stream"


def sent(text: str) -> list[dict[str, Any]]:
    """The events of a stream's text; pings are comments."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found


@pytest.fixture
def ended(world: World) -> World:
    world.readings.tasks[OLD_ID] = a_task(status=Status.COMPLETED, version=1)
    return world


async def test_a_stream_tells_the_facts_and_ends_with_the_task(ended: World) -> None:
    answer = await ended.http.get(STREAM)
    assert answer.headers["content-type"].startswith("text/event-stream")
    (event,) = sent(answer.text)
    assert (event["id"], event["event"]) == ("1", "task.submitted")
    assert event["data"]["event"] == {"type": "task.submitted"}


async def test_it_goes_on_behind_the_last_event_seen(ended: World) -> None:
    assert sent((await ended.http.get(STREAM, headers={"Last-Event-ID": "1"})).text) == []


@pytest.mark.parametrize("path", [STREAM, "/api/browser-tasks/stream"])
async def test_a_strange_id_is_malformed(ended: World, path: str) -> None:
    answer = await ended.http.get(path, headers={"Last-Event-ID": "yesterday"})
    assert answer.status_code == 422
    assert "Last-Event-ID" in answer.json()["error"]


async def test_nobody_follows_an_unknown_task(world: World) -> None:
    assert (await world.http.get(STREAM)).status_code == 404
