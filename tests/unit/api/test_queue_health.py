"""The health of the queues: every threshold of the page, from both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.queue_health import judge, serving
from projections.queue_answers import QueueCeilings, QueueRow
from tests.unit.api import samples
from tests.unit.api.world import World

AT_REST = QueueRow("night", paused=True, reason="r", ceilings=QueueCeilings(), waiting=2, running=0)
CASES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "ok", ""),
    ({"oldest_waiting_seconds": 299.0}, "ok", ""),
    ({"oldest_waiting_seconds": 300.0}, "degraded", "300 s"),
    ({"oldest_waiting_seconds": 3_600.0}, "critical", "3600 s"),
    ({"completed_today": 91, "failed_today": 9}, "ok", ""),
    ({"completed_today": 90, "failed_today": 10}, "degraded", "10 %"),
    ({"completed_today": 5, "failed_today": 5}, "critical", "50 %"),
    ({"completed_today": 0, "failed_today": 9}, "ok", ""),
    ({"escalated_tasks": 9}, "ok", ""),
    ({"escalated_tasks": 10}, "degraded", "human"),
    ({"queues": [AT_REST]}, "degraded", "'night'"),
]


@pytest.mark.parametrize(("changes", "health", "named"), CASES)
def test_each_threshold(changes: dict[str, Any], health: str, named: str) -> None:
    fine = {"completed_today": 10, "failed_today": 0}

    found, reasons = judge(samples.queue_status(**{**fine, **changes}), [samples.worker()])

    assert found == health
    assert named in " ".join(reasons)
    assert bool(reasons) == (health != "ok")


@pytest.mark.parametrize("change", [{"state": "gone"}, {"state": "draining"}, {"state": "drained"}, {"capacity": 0}])
def test_waiting_with_nobody_who_takes_anything_is_critical(change: dict[str, Any]) -> None:
    idle = samples.worker(**change)

    assert serving([idle]) == 0
    assert judge(samples.queue_status(completed_today=0, failed_today=0), [idle])[0] == "critical"
    assert judge(samples.queue_status(queue_depth=0, completed_today=0, failed_today=0), [idle])[0] == "ok"


def test_the_gravest_comes_first() -> None:
    status = samples.queue_status(escalated_tasks=10, completed_today=0, failed_today=0)

    _, reasons = judge(status, [])

    assert "no worker" in reasons[0]
    assert "human" in reasons[-1]


async def test_the_status_has_the_missions_fields_and_is_as_of_now(world: World) -> None:
    world.readings.heard = [samples.worker()]

    data = (await world.http.get("/api/browser-tasks/queue/status")).json()["data"]

    mission = {
        "queue_depth", "pending_tasks", "running_tasks", "completed_today", "failed_today", "avg_wait_time_seconds",
        "avg_completion_time_seconds", "health",
    }  # fmt: skip
    assert mission <= data.keys()
    assert (data["health"], data["workers"]) == ("degraded", 1)
    assert abs(world.readings.asked[0]["now"] - datetime.now(UTC)) < timedelta(minutes=1)
