"""The goal client against an API that answers by a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.errors import ApiUnreachable, CommandRejected, NoSuchTask, NotAllowed, NotAuthenticated
from events.indicators import TextVisible
from events.task import Status
from producers import goals as goals_module
from producers.async_goals import AsyncGoalClient
from producers.goal_answers import TaskResult
from producers.goals import GoalClient
from producers.http import Door
from producers.task_ids import new_task_id

OLD_ID = "018f0000-0000-7000-8000-000000000001"
Script = Callable[[httpx.Request], httpx.Response]


def a_task(**changes: Any) -> dict[str, Any]:
    return {
        "id": OLD_ID, "status": "PENDING", "final_result": None, "result_data": None, "error_type": None,
        "error_message": None, "created_at": "2026-11-23T08:30:00Z", "started_at": None, "completed_at": None,
        "total_time_seconds": None, "total_steps": 0, "total_cost": 0.25, "cached_path_used": True,
        "cache_time_saved_seconds": 3.5, "recovery_attempts": 0, "a_field_of_a_newer_version": 1, **changes,
    }  # fmt: skip


def good(data: dict[str, Any], status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"success": True, "data": data, "error": None})


def bad(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"success": False, "data": None, "error": message})


@pytest.fixture
def client() -> Iterator[Callable[[Script], GoalClient]]:
    made: list[GoalClient] = []

    def scripted(script: Script) -> GoalClient:
        goals = GoalClient("http://api", "gt_x")
        goals._door.__exit__()
        goals._door = Door("http://api", "gt_x", transport=httpx.MockTransport(script))
        made.append(goals)
        return goals

    yield scripted
    for goals in made:
        goals.close()


Client = Callable[[Script], GoalClient]


def test_a_goal_without_kafka_goes_through_the_api(client: Client) -> None:
    seen: list[httpx.Request] = []

    def script(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return good({"task_id": OLD_ID}, 201)

    task_id = client(script).submit_goal(
        "Register {{child}}",
        "https://swim.example",
        8,
        inputs={"child": "Eden"},
        success_indicators=[TextVisible(value="Confirmation")],
        idempotency_key="k",
    )

    [request] = seen
    body = json.loads(request.content)
    assert task_id == OLD_ID
    assert request.headers["Authorization"] == "Bearer gt_x"
    assert request.headers["Idempotency-Key"] == "k"
    assert (body["priority"], body["inputs"]) == (8, {"child": "Eden"})
    assert body["success_indicators"] == [{"kind": "text_visible", "value": "Confirmation", "at": None}]


@pytest.mark.parametrize("wrong", [{"priority": 11}, {"site_url": "ftp://x.example"}, {"goal": ""}])
def test_a_wrong_field_is_named_before_anything_is_sent(client: Client, wrong: dict[str, Any]) -> None:
    goals = client(lambda _: bad(500, "must not be called"))

    with pytest.raises(ValueError, match=next(iter(wrong))):
        goals.submit_goal(**{"goal": "x", "site_url": "https://swim.example", **wrong})


def test_a_result_has_status_timing_cost_and_cache_metrics(client: Client) -> None:
    result = client(lambda _: good(a_task(status="COMPLETED", total_time_seconds=2.5))).get_task_result(OLD_ID)

    assert result.status is Status.COMPLETED
    assert result.is_complete
    assert (result.total_time_seconds, result.total_cost) == (2.5, 0.25)
    assert (result.cache.cached_path_used, result.cache.time_saved_seconds) == (True, 3.5)


def test_waiting_ends_with_the_first_final_state(client: Client) -> None:
    states = iter(["PENDING", "IN_PROGRESS", "FAILED", "COMPLETED"])
    goals = client(lambda _: good(a_task(status=next(states))))

    assert goals.wait_for_completion(OLD_ID, 5, 0.001).status is Status.FAILED


def test_escalated_is_reported_when_the_time_is_up(client: Client) -> None:
    result = client(lambda _: good(a_task(status="ESCALATED"))).wait_for_completion(OLD_ID, 0.01, 0.001)

    assert result.status is Status.ESCALATED
    assert not result.is_complete


def test_a_young_task_that_is_not_read_yet_is_waited_for(client: Client) -> None:
    answers = iter([bad(404, "no such task"), bad(404, "no such task"), good(a_task(status="COMPLETED"))])

    assert client(lambda _: next(answers)).wait_for_completion(new_task_id(), 5, 0.001).is_complete


def test_an_old_task_nobody_knows_is_said_at_once(client: Client) -> None:
    with pytest.raises(NoSuchTask):
        client(lambda _: bad(404, "no such task")).wait_for_completion(OLD_ID, 60)


FAILURES: list[tuple[httpx.Response, type[Exception]]] = [
    (bad(401, "who?"), NotAuthenticated),
    (bad(403, "no"), NotAllowed),
    (bad(404, "none"), NoSuchTask),
    (bad(409, "not now"), CommandRejected),
    (bad(422, "priority: wrong"), ValueError),
    (bad(503, "later"), ApiUnreachable),
    (httpx.Response(200, text="<html>a proxy</html>"), ApiUnreachable),
    (httpx.Response(200, json=[1]), ApiUnreachable),
    (good({"id": OLD_ID}), ApiUnreachable),
]


@pytest.mark.parametrize(("answer", "error"), FAILURES, ids=lambda value: getattr(value, "__name__", None))
def test_failures_are_errors_of_ours(client: Client, answer: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        client(lambda _: answer).get_task_result(OLD_ID)


def test_no_api_is_said(client: Client) -> None:
    def script(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ApiUnreachable):
        client(script).get_task_result(OLD_ID)


def test_figures_come_from_the_queue_and_the_metrics(client: Client) -> None:
    queue = {
        "queue_depth": 7, "pending_tasks": 9, "running_tasks": 3, "completed_today": 1, "failed_today": 0,
        "avg_wait_time_seconds": None, "avg_completion_time_seconds": 2.5, "health": "ok", "of_a_newer_version": 1,
    }  # fmt: skip
    summary = {
        "total_tasks_completed": 9, "total_tasks_failed": 1, "success_rate": 90.0, "avg_task_time_seconds": 2.5,
        "avg_task_cost": 0.01, "total_cost": 0.1, "cache_hit_rate": None, "recovery_rate": 100.0,
    }  # fmt: skip
    answers: dict[str, dict[str, Any]] = {
        "/api/browser-tasks/queue/status": queue,
        "/api/browser-tasks/metrics": {"summary": summary, "metrics_by_date": [], "ai_routing_breakdown": {}},
    }
    goals = client(lambda request: good(answers[request.url.path]))

    assert (goals.get_queue_depth(), goals.get_active_task_count()) == (7, 3)
    assert goals.get_metrics_summary().model_dump() == summary


@pytest.mark.parametrize(("metadata", "chain"), [({"chain_id": "c"}, "c"), ({"chain_id": 7}, "7"), ({}, None)])
def test_the_chain_is_in_the_metadata(client: Client, metadata: dict[str, Any], chain: str | None) -> None:
    assert client(lambda _: good(a_task(metadata=metadata))).get_task_chain_id(OLD_ID) == chain


def test_a_cost_without_kafka_goes_through_the_api(client: Client) -> None:
    seen: list[httpx.Request] = []

    def script(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return good({}, 201)

    client(script).report_task_cost(OLD_ID, 0.25, "claude", input_tokens=10)

    [request] = seen
    assert request.url.path == f"/api/browser-tasks/{OLD_ID}/costs"
    assert json.loads(request.content) == {
        "cost": 0.25, "ai_provider": "claude", "model": None, "input_tokens": 10, "output_tokens": 0,
    }  # fmt: skip
    with pytest.raises(ValueError, match="cost"):
        client(script).report_task_cost(OLD_ID, -1, "claude")


def test_moments_and_addresses_of_a_goal_are_sent(client: Client) -> None:
    seen: list[httpx.Request] = []

    def script(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return good({"task_id": OLD_ID}, 201)

    client(script).submit_goal(
        "x",
        "https://swim.example",
        not_before=datetime(2026, 12, 1, 8, tzinfo=UTC),
        expires_in_seconds=60,
        callback_url="https://engine.example/done",
    )

    body = json.loads(seen[0].content)
    assert (body["not_before"], body["expires_in_seconds"]) == ("2026-12-01T08:00:00Z", 60)
    assert body["callback_url"] == "https://engine.example/done"


def test_a_function_is_called_back_through_the_api_alone(client: Client) -> None:
    heard: list[TaskResult] = []
    states = iter(["PENDING", "COMPLETED", "COMPLETED"])

    def script(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return good({"task_id": OLD_ID}, 201)
        return good(a_task(status=next(states)))

    goals = client(script)
    goals.submit_goal("x", "https://swim.example", on_complete=heard.append)

    assert [goals.check_and_call_callbacks() for _ in range(3)] == [0, 1, 0]
    assert [result.status for result in heard] == ["COMPLETED"]


def test_a_name_needs_a_file(client: Client) -> None:
    goals = client(lambda _: bad(500, "must not be called"))

    with pytest.raises(ValueError, match="callbacks_file"):
        goals.submit_goal("x", "https://swim.example", on_complete="tell")
    with pytest.raises(ValueError, match="callbacks_file"):
        goals.register_handler("tell", print)


async def test_coroutines_wait_without_a_thread_and_handlers_may_be_coroutines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = iter(["PENDING", "IN_PROGRESS", *["COMPLETED"] * 9])
    transport = httpx.MockTransport(lambda _: good(a_task(status=next(states))))
    monkeypatch.setattr(goals_module, "Door", partial(Door, transport=transport))
    heard: list[str] = []

    async def tell(result: TaskResult) -> None:
        await asyncio.sleep(0)
        heard.append(result.task_id)

    async with AsyncGoalClient("http://api", "gt_x", callbacks_file=tmp_path / "owed.db") as goals:
        done = await goals.wait_for_completion(OLD_ID, 5, 0.001)
        goals.register_handler("tell", tell)
        await goals.register_complete_callback(OLD_ID, "tell")
        made = await goals.check_and_call_callbacks()

    assert (done.status, made, heard) == (Status.COMPLETED, 1, [OLD_ID])
    with pytest.raises(RuntimeError, match="async with"):
        await AsyncGoalClient("http://api", "gt_x").get_queue_depth()
