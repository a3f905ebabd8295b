"""Pause, resume and cancel over HTTP: the outcome decides the status."""

from __future__ import annotations

from typing import Any

import pytest

from events.task import Status
from tests.unit.api.world import NOW, OLD_ID, World, a_task

CALLS = [("PUT", "/pause", "pause_task"), ("PUT", "/resume", "resume_task"), ("DELETE", "", "cancel_task")]
EACH = pytest.mark.parametrize(("method", "verb"), [call[:2] for call in CALLS], ids=[call[2] for call in CALLS])
REFUSALS = {"illegal_transition": 409, "unknown_task": 404, "undeliverable": 422, "try_again": 503, "conflict": 409}


def path(verb: str) -> str:
    return f"/api/browser-tasks/{OLD_ID}{verb}"


@pytest.mark.parametrize(("method", "verb", "command"), CALLS)
async def test_the_command_is_sent_for_the_task(world: World, method: str, verb: str, command: str) -> None:
    world.accepting()

    answer = await world.http.request(method, path(verb))

    assert answer.status_code == 200
    assert answer.json()["data"]["task_id"] == OLD_ID
    assert [(sent.task_id, sent.command.type) for sent in world.publisher.commands] == [(OLD_ID, command)]


@EACH
@pytest.mark.parametrize("code", REFUSALS)
async def test_a_refusal_has_the_status_of_its_code(world: World, method: str, verb: str, code: str) -> None:
    world.accepting(result="refused", code=code, reason="because the task is COMPLETED")

    answer = await world.http.request(method, path(verb))

    assert answer.status_code == REFUSALS[code]
    assert answer.json()["error"] == "because the task is COMPLETED"


@EACH
async def test_no_outcome_in_time_is_202(world: World, method: str, verb: str) -> None:
    answer = await world.http.request(method, path(verb))

    assert answer.status_code == 202
    assert answer.json()["data"]["command_id"] == world.publisher.commands[0].command_id


@EACH
async def test_an_id_that_is_none_is_422_and_nothing_is_sent(world: World, method: str, verb: str) -> None:
    answer = await world.http.request(method, f"/api/browser-tasks/nonsense{verb}")

    assert answer.status_code == 422
    assert "task_id" in answer.json()["error"]
    assert world.publisher.commands == []


PAUSES: list[tuple[dict[str, Any], str | None]] = [
    ({"status": Status.PAUSED}, "2026-11-23T08:30:00Z"),
    ({"status": Status.IN_PROGRESS}, None),
    ({"status": Status.PAUSED, "result": "already_true"}, "2026-11-23T08:29:00Z"),
]


@pytest.mark.parametrize(("outcome", "since"), PAUSES, ids=["at once", "asked for", "already"])
async def test_paused_at_is_when_it_came_to_rest(world: World, outcome: dict[str, Any], since: str | None) -> None:
    world.readings.tasks[OLD_ID] = a_task(total_steps=3, paused_at=NOW.replace(minute=29))
    world.accepting(**outcome)

    data = (await world.http.put(path("/pause"))).json()["data"]

    assert data["paused_at"] == since
    assert data["steps_completed"] == 3
    assert data["status"] == outcome["status"]


async def test_a_running_task_is_cancelled_later(world: World) -> None:
    world.accepting(status=Status.IN_PROGRESS)

    data = (await world.http.delete(path(""))).json()["data"]

    assert data["cancelled_at"] is None
    assert data["status"] == "IN_PROGRESS"
