"""List, get, execution log and health."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.parts import Probes
from events.failure import ErrorType
from events.outcome import Outcome
from events.task import Status
from producers.task_ids import new_task_id
from projections.answers import PartitionLag
from tests.unit.api.world import NOW, OLD_ID, World, a_step, a_task

TASKS = "/api/browser-tasks"


async def test_a_list_has_the_shape_of_the_mission(world: World) -> None:
    world.readings.tasks[OLD_ID] = a_task(total_steps=5)

    data = (await world.http.get(TASKS)).json()["data"]

    assert data == {
        "tasks": [
            {
                "id": OLD_ID, "goal": "Register Eden", "site_url": "https://swim.example", "status": "PENDING",
                "progress": 25, "cost": 0.0, "cache_hit": False, "created_at": "2026-11-23T08:30:00Z",
            }
        ],
        "total": 1, "limit": 100, "offset": 0, "next_cursor": None,
    }  # fmt: skip


async def test_every_filter_reaches_the_readings(world: World) -> None:
    await world.http.get(
        f"{TASKS}?status=FAILED&site_url=swim&created_after=2026-11-01T00:00:00%2B01:00"
        "&created_before=2026-11-02&limit=7&offset=14&status=CANCELLED&queue=slow&priority=8&worker=w1"
        "&submitted_by=me&error_type=auth&text=book&metadata=a%3Db%3Dc&metadata=d%3D&completed_after=2026-11-01"
        "&completed_before=2026-11-02&total=false"
    )

    assert world.readings.asked == [
        {
            "status": [Status.FAILED, Status.CANCELLED],
            "queue": "slow",
            "priority": 8,
            "worker": "w1",
            "submitted_by": "me",
            "error_type": ErrorType.AUTH,
            "text": "book",
            "metadata": {"a": "b=c", "d": ""},
            "completed_after": datetime(2026, 11, 1, tzinfo=UTC),
            "completed_before": datetime(2026, 11, 2, tzinfo=UTC),
            "total": False,
            "site_url": "swim",
            "created_after": datetime(2026, 10, 31, 23, tzinfo=UTC),
            "created_before": datetime(2026, 11, 2, tzinfo=UTC),
            "limit": 7,
            "offset": 14,
        }
    ]


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x&offset=1", "metadata=x", "priority=11", "error_type=odd", "queue=", "limit=0", "limit=1001", "offset=-1", f"offset={10**30}", "status=DONE", "created_after=soon", "statsu=FAILED",
        "created_after=0001-01-01T00:00:00%2B10:00",
    ],
)  # fmt: skip
async def test_a_wrong_filter_is_422_and_named(world: World, query: str) -> None:
    answer = await world.http.get(f"{TASKS}?{query}")

    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.json()["error"]


async def test_a_task_has_every_field_of_the_mission(world: World) -> None:
    world.readings.tasks[OLD_ID] = a_task(status=Status.COMPLETED, final_result="done", result_data={"no": 7})

    data = (await world.http.get(f"{TASKS}/{OLD_ID}")).json()["data"]

    promised = {
        "id", "goal", "site_url", "status", "priority", "timeout_minutes", "metadata", "inputs", "secrets",
        "success_indicators", "max_steps", "created_at", "started_at", "completed_at", "total_steps",
        "total_time_seconds", "total_cost", "cached_path_used", "cache_time_saved_seconds", "final_result",
        "result_data", "error_message", "recovery_attempts", "recovery_succeeded",
    }  # fmt: skip
    assert promised <= data.keys()
    assert data["progress"] == 100


async def test_an_unknown_task_is_404_at_once(world: World) -> None:
    answer = await world.http.get(f"{TASKS}/{OLD_ID}")

    assert answer.status_code == 404
    assert OLD_ID in answer.json()["error"]


async def test_a_task_submitted_just_now_is_waited_for(world: World) -> None:
    young = new_task_id()
    world.readings.tasks[young] = a_task(young)
    world.readings.after[young] = 3

    answer = await world.http.get(f"{TASKS}/{young}")

    assert answer.status_code == 200


async def test_a_young_id_that_never_appears_is_404_too(world: World) -> None:
    answer = await world.http.get(f"{TASKS}/{new_task_id()}")

    assert answer.status_code == 404


async def test_wait_for_asks_the_projector_first(world: World) -> None:
    world.readings.tasks[OLD_ID] = a_task()

    seen = await world.http.get(f"{TASKS}/{OLD_ID}?wait_for=goaltrail.tasks.events:3:17")
    late = await world.http.get(f"{TASKS}/{OLD_ID}?wait_for=goaltrail.tasks.events:3:999")
    strange = await world.http.get(f"{TASKS}/{OLD_ID}?wait_for=other.topic:0:1")
    broken = await world.http.get(f"{TASKS}/{OLD_ID}?wait_for=nonsense")

    assert [seen.status_code, late.status_code, strange.status_code, broken.status_code] == [200, 503, 422, 422]
    assert "wait_for" in strange.json()["error"]
    assert world.reached[0] == "goaltrail.tasks.events:3:17"


COMMAND = "0f" * 16


def heard_of(world: World, **changes: Any) -> None:
    known = {"command_id": COMMAND, "task_id": OLD_ID, "result": "accepted", "fact": "goaltrail.tasks.events:3:17"}
    world.publisher.desk.answer(Outcome(**{**known, "decided_at": NOW, **changes}))


async def test_a_command_that_was_heard_of_is_waited_for_by_the_fact_it_led_to(world: World) -> None:
    world.readings.tasks[OLD_ID] = a_task()
    heard_of(world)

    answer = await world.http.get(f"{TASKS}/{OLD_ID}?wait_for={COMMAND}")
    listed = await world.http.get(f"{TASKS}?wait_for={COMMAND}")

    assert (answer.status_code, listed.status_code) == (200, 200)
    assert world.reached == ["goaltrail.tasks.events:3:17"] * 2


async def test_a_command_under_way_is_waited_for_until_it_is_decided(world: World) -> None:
    world.readings.tasks[OLD_ID] = a_task()
    asking = asyncio.create_task(world.http.get(f"{TASKS}/{OLD_ID}?wait_for={COMMAND}"))
    while not len(world.publisher.desk):  # noqa: ASYNC110 - the desk tells nobody who comes
        await asyncio.sleep(0)
    assert not asking.done()
    heard_of(world)

    assert (await asking).status_code == 200
    assert world.reached == ["goaltrail.tasks.events:3:17"]
    assert len(world.publisher.desk) == 0


async def test_a_command_that_led_to_nothing_is_not_waited_for(world: World) -> None:
    world.readings.tasks[OLD_ID] = a_task()
    heard_of(world, result="already_true", fact=None)

    assert (await world.http.get(f"{TASKS}/{OLD_ID}?wait_for={COMMAND}")).status_code == 200
    assert world.reached == []


async def test_a_command_decided_long_ago_shows_in_the_readings(world: World) -> None:
    world.readings.tasks[OLD_ID] = a_task()
    world.readings.decided.add(COMMAND)

    assert (await world.http.get(f"{TASKS}/{OLD_ID}/execution-log?wait_for={COMMAND}")).status_code == 200


async def test_a_command_nobody_heard_of_is_404(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.visible.WAIT_FOR_SECONDS", 0.05)
    world.readings.tasks[OLD_ID] = a_task()

    answer = await world.http.get(f"{TASKS}/{OLD_ID}?wait_for={COMMAND}")

    assert answer.status_code == 404
    assert COMMAND in answer.json()["error"]
    assert len(world.publisher.desk) == 0, "nobody waits on"


async def test_the_execution_log_has_its_rows_and_filters(world: World) -> None:
    world.readings.tasks[OLD_ID] = a_task()
    world.readings.steps = [a_step(1), a_step(2, result="error", error_details="gone")]

    answer = await world.http.get(f"{TASKS}/{OLD_ID}/execution-log?step_min=1&step_max=9&ai_level=0&ai_used=rules")

    data = answer.json()["data"]
    assert data["task_id"] == OLD_ID
    assert data["total_steps"] == 2
    assert [row["error_details"] for row in data["execution_log"]] == [None, "gone"]
    assert {"ai_level", "ai_used", "model", "input_tokens", "output_tokens", "duration_ms", "cost", "created_at"} <= (
        data["execution_log"][0].keys()
    )
    assert world.readings.asked == [{"step_min": 1, "step_max": 9, "ai_level": 0, "ai_used": "rules", "limit": 1000}]


async def test_the_log_of_an_unknown_task_is_404(world: World) -> None:
    assert (await world.http.get(f"{TASKS}/{OLD_ID}/execution-log")).status_code == 404


async def test_health_needs_no_key_and_names_what_is_wrong(world: World) -> None:
    lag = [PartitionLag("goaltrail.tasks.events", 0, 5, 9, stopped="a newer schema")]
    probes = Probes(lambda: True, lambda: 0, lambda: False, lambda: False, lambda: lag)
    transport = httpx.ASGITransport(create_app(replace(world.parts, probes=probes)))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as stranger:
        data = (await stranger.get(f"{TASKS}/health")).json()["data"]

    assert data["status"] == "degraded"
    assert data["projector_lag"] == 4
    assert data["timestamp"].endswith("Z")
    assert len(data["problems"]) == 4


async def test_health_asks_the_broker_once_for_many_callers(world: World) -> None:
    looks: list[int] = []

    def reachable() -> bool:
        looks.append(1)
        return True

    probes = replace(world.parts.probes, broker_reachable=reachable)
    transport = httpx.ASGITransport(create_app(replace(world.parts, probes=probes)))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as stranger:
        answers = [await stranger.get("/health") for _ in range(20)]

    assert {answer.json()["data"]["status"] for answer in answers} == {"ok"}
    assert len(looks) <= 2
