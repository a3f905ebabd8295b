"""POST /api/browser-tasks: what is taken, what is refused, and what the caller is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from events.commands import SubmitTask
from events.task import Status
from producers.task_ids import made_at, task_id_for
from tests.unit.api.world import GOAL, World, an_outcome

TASKS = "/api/browser-tasks"


async def test_an_accepted_goal_is_201_with_what_the_mission_promises(world: World) -> None:
    world.accepting()

    answer = await world.http.post(TASKS, json={**GOAL, "priority": "high", "metadata": {"user_id": 7}})

    body = answer.json()
    assert answer.status_code == 201
    assert body["success"] is True
    assert body["error"] is None
    [sent] = world.publisher.commands
    assert body["data"] == {
        "task_id": sent.task_id,
        "status": "PENDING",
        "queued_at": "2026-11-23T08:30:00Z",
        "priority": 8,
        "timeout_minutes": 30.0,
        "fact": "goaltrail.tasks.events:3:17",
    }
    assert isinstance(sent.command, SubmitTask)
    assert sent.command.metadata == {"user_id": 7}
    assert sent.reply
    assert sent.issued_by == sent.command.submitted_by
    assert sent.issued_by.startswith("api:operator-")
    assert made_at(sent.task_id) is not None


def nested(levels: int) -> Any:
    return {"a": nested(levels - 1)} if levels else 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"site_url": "https://a.example"}, "goal"),
    ({**GOAL, "goal": "   "}, "goal"),
    ({**GOAL, "goal": "\ud800"}, "body"),
    ({"goal": "x"}, "site_url"),
    ({**GOAL, "site_url": "ftp://a.example"}, "site_url"),
    ({**GOAL, "site_url": "https://"}, "site_url"),
    ({**GOAL, "site_url": "https://a:b@c.example"}, "site_url"),
    ({**GOAL, "priority": 11}, "priority"),
    ({**GOAL, "priority": 0}, "priority"),
    ({**GOAL, "priority": "SOON"}, "priority"),
    ({**GOAL, "timeout_minutes": 0}, "timeout_minutes"),
    ({**GOAL, "metadata": {"blob": "x" * 2_000_000}}, "metadata"),
    ({**GOAL, "metadata": [1]}, "metadata"),
    ({**GOAL, "inputs": {"child": None}}, "inputs.child"),
    ({**GOAL, "secrets": {"pass": "hunter2"}}, "secrets.pass"),
    ({**GOAL, "colour": "red"}, "colour"),
    ({**GOAL, "metadata": nested(65)}, "metadata"),
    ({**GOAL, "not_before": "9999-12-31T23:59:59-14:00"}, "not_before"),
    ({**GOAL, "expires_at": "2026-11-24T00:00:00"}, "expires_at"),
    ({**GOAL, "steps": [{"op": "fly"}]}, "steps.0"),
    ({**GOAL, "submitted_by": "somebody else"}, "submitted_by"),
]


@pytest.mark.parametrize(("body", "field"), BAD, ids=lambda value: value if isinstance(value, str) else None)
async def test_malformed_goals_are_422_with_the_field_named_and_nothing_sent(
    world: World, body: Any, field: str
) -> None:
    answer = await world.http.post(TASKS, content=json.dumps(body), headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["success"] is False
    assert f"{field}" in answer.json()["error"].split(":")[0]
    assert world.publisher.commands == []


@pytest.mark.parametrize("body", [b"{nope", b"", b"null", b"[1]", b'"x"', b"[" * 50_000, b'{"goal": NaN}', b"\xff\xfe"])
async def test_broken_json_is_422(world: World, body: bytes) -> None:
    answer = await world.http.post(TASKS, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["error"].startswith("body")


async def test_numbers_that_json_does_not_know_never_reach_the_log(world: World) -> None:
    body = json.dumps({**GOAL, "inputs": {"a": float("nan")}})

    answer = await world.http.post(TASKS, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert world.publisher.commands == []


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "streamed"])
async def test_a_body_beyond_the_limit_is_413(world: World, announced: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 1024 * 1024

    content = b"x" * 5 * 1024 * 1024 if announced else pieces()

    answer = await world.http.post(TASKS, content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413
    assert answer.json()["success"] is False


async def test_a_command_over_256_kib_is_413(world: World) -> None:
    step = {"op": "fill", "target": {"label": "x"}, "value": "y" * 9_000}

    answer = await world.http.post(TASKS, json={**GOAL, "steps": [step] * 40})

    assert answer.status_code == 413
    assert world.publisher.commands == []


async def test_no_outcome_in_time_is_202_with_the_command_id_and_nobody_waits_on(world: World) -> None:
    answer = await world.http.post(TASKS, json=GOAL)

    [sent] = world.publisher.commands
    assert answer.status_code == 202
    assert answer.json()["data"] == {"task_id": sent.task_id, "command_id": sent.command_id}
    assert len(world.publisher.desk) == 0


async def test_an_idempotency_key_draws_the_id_into_its_partition(world: World) -> None:
    from events.partitioner import partition_of

    world.accepting()
    partitions = world.parts.topics.partitions
    caller = "api:" + world.ring.all()[0].key_id

    for key in ("a", "b", "c"):
        await world.http.post(TASKS, json=GOAL, headers={"Idempotency-Key": key})

    expected = [partition_of(task_id_for(caller, key, partitions), partitions) for key in ("a", "b", "c")]
    assert [partition_of(sent.task_id, partitions) for sent in world.publisher.commands] == expected


async def test_a_repeated_idempotency_key_is_200_with_the_first_task(world: World) -> None:
    first = "018f0000-0000-7000-8000-00000000000a"
    world.accepting(task_id=first, result="already_true", fact=None)

    answer = await world.http.post(TASKS, json=GOAL, headers={"Idempotency-Key": "k"})

    assert answer.status_code == 200
    assert answer.json()["data"]["task_id"] == first
    assert answer.json()["data"]["queued_at"].startswith("2024-04-")


async def test_saying_the_defaults_is_the_same_body_and_another_goal_is_not(world: World) -> None:
    world.accepting()
    for body in (GOAL, {**GOAL, "priority": 5, "metadata": {}}, {**GOAL, "priority": 6}):
        await world.http.post(TASKS, json=body, headers={"Idempotency-Key": "k"})

    hashes = [sent.command.body_hash for sent in world.publisher.commands]  # type: ignore[union-attr]
    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]


async def test_a_refused_submission_is_409_with_the_reason(world: World) -> None:
    world.accepting(result="refused", code="conflict", reason="the key was used with another body", status=None)

    answer = await world.http.post(TASKS, json=GOAL, headers={"Idempotency-Key": "k"})

    assert answer.status_code == 409
    assert answer.json() == {"success": False, "data": None, "error": "the key was used with another body"}


async def test_an_answer_lost_in_a_restart_is_asked_for_again_under_the_same_command_id(world: World) -> None:
    answers = iter(
        [
            {"result": "refused", "code": "try_again", "reason": "again"},
            {"result": "accepted", "status": Status.PENDING},
        ]
    )
    world.publisher.decide = lambda command: an_outcome(command, **next(answers))

    answer = await world.http.post(TASKS, json=GOAL)

    assert answer.status_code == 201
    assert len({(sent.command_id, sent.task_id) for sent in world.publisher.commands}) == 1
    assert len(world.publisher.commands) == 2


async def test_a_broker_that_takes_nothing_is_503(world: World) -> None:
    world.publisher.close()

    answer = await world.http.post(TASKS, json=GOAL)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert len(world.publisher.desk) == 0
