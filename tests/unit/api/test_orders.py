"""Queues and workers over HTTP: orders reach the dispatcher, and its answer decides the status."""

from __future__ import annotations

from typing import Any

import pytest

from events.queues import (
    Ceilings,
    DispatchCommand,
    DrainWorker,
    PauseQueue,
    ResumeQueue,
    ResumeWorker,
    SetCeilings,
)
from tests.unit.api import samples
from tests.unit.api.world import World

TASKS = "/api/browser-tasks"
ORDERS: list[tuple[str, str, dict[str, Any] | None, DispatchCommand, str]] = [
    ("PUT", "/queues/night/pause", {"reason": "site is down"}, PauseQueue(reason="site is down"), "night"),
    ("PUT", "/queues/night/pause", None, PauseQueue(), "night"),
    ("PUT", "/queues/night/resume", None, ResumeQueue(), "night"),
    ("PUT", "/queues/night/ceilings", {"running": 3}, SetCeilings(ceilings=Ceilings(running=3)), "night"),
    ("PUT", "/queues/night/ceilings", {}, SetCeilings(ceilings=Ceilings()), "night"),
    ("POST", "/workers/runner-1/drain", {"reason": "old"}, DrainWorker(reason="old"), "runner-1"),
    ("POST", "/workers/runner-1/resume", None, ResumeWorker(), "runner-1"),
]


@pytest.fixture
def world(world: World) -> World:
    world.readings.heard = [samples.worker(), samples.worker("runner-0", state="gone")]
    return world


@pytest.mark.parametrize(("method", "path", "body", "command", "subject"), ORDERS)
async def test_an_order_reaches_the_dispatcher(  # noqa: PLR0917 - a row of the table
    world: World, method: str, path: str, body: dict[str, Any] | None, command: DispatchCommand, subject: str
) -> None:
    world.accepting(None)

    answer = await world.http.request(method, f"{TASKS}{path}", json=body)

    assert answer.status_code == 200
    assert answer.json()["data"]["already_true"] is False
    [sent] = world.publisher.orders
    assert (sent.subject, sent.command, sent.reply) == (subject, command, True)
    assert sent.issued_by.startswith("api:operator-")


@pytest.mark.parametrize(("method", "path"), sorted({(order[0], order[1]) for order in ORDERS}))
async def test_what_is_so_already_succeeds_and_what_takes_longer_is_202(world: World, method: str, path: str) -> None:
    waiting = await world.http.request(method, f"{TASKS}{path}", json={})
    world.accepting(None, result="already_true", fact=None)
    repeated = await world.http.request(method, f"{TASKS}{path}", json={})

    assert waiting.status_code == 202
    assert waiting.json()["data"]["command_id"] == world.publisher.orders[0].command_id
    assert repeated.json()["data"]["already_true"] is True


async def test_a_worker_nobody_heard_is_404_and_a_silent_one_is_not(world: World) -> None:
    world.accepting(None)

    unheard = await world.http.post(f"{TASKS}/workers/runner-l/drain")
    silent = await world.http.post(f"{TASKS}/workers/runner-0/drain")

    assert (unheard.status_code, silent.status_code) == (404, 200)
    assert "runner-l" in unheard.json()["error"]


MALFORMED = [
    ("PUT", "/queues/a b/pause", None),
    ("PUT", "/queues/night/ceilings", {"running": 0}),
    ("PUT", "/queues/night/ceilings", {"per_page": 1}),
    ("PUT", "/queues/night/ceilings", None),
    ("POST", "/workers/runner-1/drain", {"reason": 3}),
]


@pytest.mark.parametrize(("method", "path", "body"), MALFORMED)
async def test_malformed_orders_are_422_and_nothing_is_sent(
    world: World, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = await world.http.request(method, f"{TASKS}{path}", json=body)

    assert answer.status_code == 422
    assert world.publisher.orders == []


async def test_queues_and_workers_are_listed(world: World) -> None:
    queues = (await world.http.get(f"{TASKS}/queues")).json()["data"]["queues"]
    workers = (await world.http.get(f"{TASKS}/workers")).json()["data"]["workers"]
    everyone = (await world.http.get(f"{TASKS}/workers", params={"include_gone": True})).json()["data"]["workers"]

    assert [(queue["name"], queue["ceilings"]["running"]) for queue in queues] == [("default", 4)]
    assert [worker["worker"] for worker in workers] == ["runner-1"]
    assert len(everyone) == 2


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("PUT", "/queues/night/pause", ["read", "write"]),
        ("POST", "/workers/runner-1/drain", ["read", "write"]),
        ("POST", f"/dead-letters/{samples.LETTER}/discard", ["read", "write"]),
        ("POST", "/escalations/018f0000-0000-7000-8000-000000000001/claim", ["read", "admin"]),
        ("POST", "/018f0000-0000-7000-8000-000000000001/costs", ["read", "admin"]),
        ("GET", "/queue/status", ["write"]),
        ("GET", "/metrics", ["write"]),
        ("GET", "/dead-letters", ["admin"]),
    ],
)
async def test_each_act_needs_its_scope(world: World, method: str, path: str, scopes: list[str]) -> None:
    made = await world.http.post("/api/keys", json={"name": "weak", "scopes": scopes})
    body = {"cost": 1, "ai_provider": "x"} if path.endswith("costs") else None

    answer = await world.http.request(
        method, f"{TASKS}{path}", json=body, headers={"Authorization": f"Bearer {made.json()['data']['key']}"}
    )

    assert answer.status_code == 403
