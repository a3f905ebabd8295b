"""Metrics and costs over HTTP: which days are meant, and what a cost report puts on the log."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from events.codec import decode_step
from events.envelope import StepEnvelope
from events.steps import CostReported
from events.task import Status
from tests.unit.api.world import OLD_ID, World, a_task

METRICS = "/api/browser-tasks/metrics"
COSTS = f"/api/browser-tasks/{OLD_ID}/costs"


async def test_left_out_days_are_the_last_thirty(world: World) -> None:
    data = (await world.http.get(METRICS)).json()["data"]

    today = datetime.now(UTC).date()
    asked = world.readings.asked[0]
    assert (today - asked["date_to"]).days in {0, 1}  # midnight may pass within this test
    assert asked["date_to"] - asked["date_from"] == timedelta(days=29)
    assert asked["group_by"] == "day"
    assert data["date_to"] == asked["date_to"].isoformat()
    assert data["summary"]["success_rate"] == 90.0
    assert data["metrics_by_date"][0]["date"] == "2026-11-23"
    assert data["ai_routing_breakdown"] == {
        "claude": {"count": 3, "cost": 0.2, "priced_cost": None, "unpriced_tokens": 77, "unpriced_cost": 0.2}
    }


DAYS: list[tuple[dict[str, str], date, date]] = [
    ({"date_from": "2026-01-01", "date_to": "2026-01-31"}, date(2026, 1, 1), date(2026, 1, 31)),
    ({"date_to": "2026-01-30"}, date(2026, 1, 1), date(2026, 1, 30)),
    ({"date_to": "0001-01-05"}, date.min, date(1, 1, 5)),
    ({"date_from": "2999-01-01"}, date(2999, 1, 1), date(2999, 1, 1)),
]


@pytest.mark.parametrize(("asked", "first", "last"), DAYS)
async def test_the_days_asked_for(world: World, asked: dict[str, str], first: date, last: date) -> None:
    answer = await world.http.get(METRICS, params={**asked, "group_by": "month"})

    assert answer.status_code == 200
    assert world.readings.asked == [{"date_from": first, "date_to": last, "group_by": "month"}]


@pytest.mark.parametrize(
    "asked",
    [
        {"date_from": "2026-02-02", "date_to": "2026-02-01"},
        {"date_from": "yesterday"},
        {"group_by": "year"},
        {"days": "3"},
    ],
)
async def test_malformed_days_are_422(world: World, asked: dict[str, str]) -> None:
    assert (await world.http.get(METRICS, params=asked)).status_code == 422


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.COMPLETED])
async def test_a_cost_is_on_the_log_also_after_the_end(world: World, status: Status) -> None:
    world.readings.tasks[OLD_ID] = a_task(status=status)

    answer = await world.http.post(COSTS, json={"cost": 0.0125, "ai_provider": "claude", "input_tokens": 900})

    assert answer.status_code == 201
    [record] = world.publisher.records("goaltrail.steps.events")
    fact = decode_step(record.body)
    assert isinstance(fact, StepEnvelope)
    assert (fact.task_id, fact.lease_epoch, record.key) == (OLD_ID, 0, OLD_ID)
    assert fact.event == CostReported(cost=0.0125, ai_provider="claude", input_tokens=900)
    assert answer.json()["data"]["fact"] == str(record.placement)


async def test_a_cost_of_an_unknown_task_is_404(world: World) -> None:
    answer = await world.http.post(COSTS, json={"cost": 1, "ai_provider": "claude"})

    assert answer.status_code == 404
    assert world.publisher.records("goaltrail.steps.events") == []


WRONG: list[dict[str, Any]] = [
    {"cost": -0.01, "ai_provider": "x"},
    {"cost": "much", "ai_provider": "x"},
    {"cost": 1},
    {"cost": 1, "ai_provider": " "},
    {"cost": 1, "ai_provider": "x", "input_tokens": -1},
    {"cost": 1, "ai_provider": "x", "currency": "EUR"},
]


@pytest.mark.parametrize("body", WRONG)
async def test_malformed_costs_are_422(world: World, body: dict[str, Any]) -> None:
    world.readings.tasks[OLD_ID] = a_task()

    assert (await world.http.post(COSTS, json=body)).status_code == 422
