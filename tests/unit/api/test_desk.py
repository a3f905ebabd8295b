"""The desk over HTTP: what is shown, who acts, and which decisions make sense."""

from __future__ import annotations

from typing import Any

import pytest

from events.commands import ClaimEscalation, ResolveEscalation
from events.task import Status
from tests.unit.api import samples
from tests.unit.api.world import OLD_ID, World

DESK = "/api/browser-tasks/escalations"


async def test_the_list_asks_for_what_the_caller_wants(world: World) -> None:
    world.readings.escalated[OLD_ID] = samples.escalation(OLD_ID)

    page = (await world.http.get(DESK, params={"unclaimed": True, "operator": "ann", "limit": 7})).json()["data"]

    assert world.readings.asked == [{"operator": "ann", "unclaimed": True, "limit": 7, "offset": 0}]
    assert page["total"] == 1
    assert page["escalations"][0]["last_steps"][0]["artifacts"] == [{"kind": "screenshot", "sha256": "ab" * 32}]


async def test_one_is_shown_and_one_that_never_was_is_404(world: World) -> None:
    world.readings.escalated[OLD_ID] = samples.escalation(OLD_ID)

    shown = await world.http.get(f"{DESK}/{OLD_ID}")
    other = await world.http.get(f"{DESK}/018f0000-0000-7000-8000-00000000ffff")

    assert shown.json()["data"]["evidence"] == {"url": "https://swim.example/x"}
    assert other.status_code == 404
    assert "never been escalated" in other.json()["error"]


@pytest.mark.parametrize(("body", "operator"), [(None, "operator"), ({"operator": "ann"}, "ann")])
async def test_claiming_is_done_by_the_key_or_by_whoever_is_named(
    world: World, body: dict[str, str] | None, operator: str
) -> None:
    world.accepting(Status.ESCALATED)

    answer = await world.http.post(f"{DESK}/{OLD_ID}/claim", json=body)

    assert answer.status_code == 200
    assert answer.json()["data"]["operator"] == operator
    assert [sent.command for sent in world.publisher.commands] == [ClaimEscalation(operator=operator)]


async def test_what_is_claimed_already_is_claimed_since_then(world: World) -> None:
    world.readings.escalated[OLD_ID] = samples.escalation(OLD_ID, claimed_at=samples.AT.replace(hour=1))
    world.accepting(Status.ESCALATED, result="already_true")

    answer = await world.http.post(f"{DESK}/{OLD_ID}/claim")

    assert answer.json()["data"]["claimed_at"] == "2026-11-23T01:30:00Z"


RESOLUTIONS: list[tuple[dict[str, Any], Status]] = [
    ({"resolution": "retry", "hints": "press Book now"}, Status.PENDING),
    ({"resolution": "complete", "final_result": "by phone", "result_data": {"no": 4711}}, Status.COMPLETED),
    ({"resolution": "cancel", "note": "too late"}, Status.CANCELLED),
]


@pytest.mark.parametrize(("body", "status"), RESOLUTIONS)
async def test_a_decision_is_sent_as_it_was_made(world: World, body: dict[str, Any], status: Status) -> None:
    world.accepting(status)

    answer = await world.http.post(f"{DESK}/{OLD_ID}/resolve", json=body)

    assert answer.status_code == 200
    assert answer.json()["data"]["status"] == status
    assert [sent.command for sent in world.publisher.commands] == [ResolveEscalation(operator="operator", **body)]


NONSENSE = [
    ({}, "resolution"),
    ({"resolution": "perhaps"}, "resolution"),
    ({"resolution": "complete"}, "final_result"),
    ({"resolution": "retry", "final_result": "x"}, "complete"),
    ({"resolution": "cancel", "hints": "x"}, "retry"),
    ({"resolution": "cancel", "operator": "  "}, "operator"),
]


@pytest.mark.parametrize(("body", "named"), NONSENSE)
async def test_a_decision_that_makes_no_sense_is_422(world: World, body: dict[str, Any], named: str) -> None:
    answer = await world.http.post(f"{DESK}/{OLD_ID}/resolve", json=body)

    assert answer.status_code == 422
    assert named in answer.json()["error"]
    assert world.publisher.commands == []


@pytest.mark.parametrize("verb", ["claim", "resolve"])
async def test_what_the_state_does_not_allow_is_409_and_what_takes_longer_202(world: World, verb: str) -> None:
    body = {"resolution": "cancel"} if verb == "resolve" else {}
    waiting = await world.http.post(f"{DESK}/{OLD_ID}/{verb}", json=body)
    world.accepting(result="refused", code="illegal_transition", reason="the task is COMPLETED")
    refused = await world.http.post(f"{DESK}/{OLD_ID}/{verb}", json=body)

    assert (waiting.status_code, refused.status_code) == (202, 409)
    assert "COMPLETED" in refused.json()["error"]
