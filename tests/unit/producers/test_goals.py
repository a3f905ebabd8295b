"""The goal client against an API that answers by a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from events.action import TextVisible
from events.errors import ApiUnreachable, CommandRejected, NoSuchTask, NotAllowed, NotAuthenticated
from events.task import Status
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
