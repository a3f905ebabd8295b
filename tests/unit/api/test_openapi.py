"""The reference is true: every route tells its statuses, its key, and shapes that answers really have."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.auth import GuardedRoute
from tests.unit.api import samples
from tests.unit.api.samples import LETTER
from tests.unit.api.world import GOAL, OLD_ID, World, a_step, a_task

OPEN = {"/health", "/api/browser-tasks/health"}


@pytest.fixture
async def reference(world: World) -> dict[str, Any]:
    answer = await world.http.get("/openapi.json")
    found: dict[str, Any] = answer.json()
    return found


def operations(reference: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, call) for path, calls in reference["paths"].items() for verb, call in calls.items()]


async def test_every_route_but_health_is_guarded_and_says_so(reference: dict[str, Any]) -> None:
    for path, verb, call in operations(reference):
        schemes = {name for way in call.get("security", []) for name in way}
        assert schemes == (set() if path in OPEN else {"HTTPBearer", "APIKeyHeader"}), (path, verb)


def test_every_route_of_the_app_is_behind_the_guard() -> None:
    from api import (
        analysts,
        artifacts,
        commands,
        dead_letters,
        desk,
        history,
        keys,
        metrics,
        prices,
        pruning,
        queries,
        queues,
        workers,
    )

    looked_at = (
        analysts,
        artifacts,
        commands,
        dead_letters,
        desk,
        history,
        keys,
        metrics,
        prices,
        pruning,
        queries,
        queues,
    )
    for part in (*looked_at, workers):
        for route in part.router.routes:
            assert isinstance(route, APIRoute)
            assert isinstance(route, GuardedRoute), route.path


async def test_every_failure_has_the_one_shape(reference: dict[str, Any]) -> None:
    for path, verb, call in operations(reference):
        for status, answer in call["responses"].items():
            if (
                set(answer.get("content", {})) <= {"text/event-stream", "application/octet-stream"}
                and int(status) < 400
            ):
                continue
            shape = answer["content"]["application/json"]["schema"]["$ref"]
            assert shape.endswith("/Failure") == (int(status) >= 400), (path, verb, status)
        if path not in OPEN:
            assert {"401", "403", "422"} <= call["responses"].keys(), (path, verb)


async def test_the_statuses_of_a_submission_are_told(reference: dict[str, Any]) -> None:
    told = reference["paths"]["/api/browser-tasks"]["post"]["responses"]

    assert told.keys() == {"200", "201", "202", "401", "403", "409", "413", "422", "503"}


def fits(value: Any, schema: dict[str, Any], reference: dict[str, Any], where: str = "$") -> None:
    """A small check of JSON against the schemas that FastAPI writes: names, presence and kinds."""
    if "$ref" in schema:
        schema = reference["components"]["schemas"][schema["$ref"].rsplit("/", maxsplit=1)[-1]]
    if "anyOf" in schema:
        kinds = [option for option in schema["anyOf"] if kind_fits(value, option)]
        assert kinds, f"{where}: {value!r} is none of {schema['anyOf']}"
        return
    assert kind_fits(value, schema), f"{where}: {value!r} is no {schema.get('type')}"
    if schema.get("type") == "object" and "properties" in schema:
        assert set(schema.get("required", [])) <= value.keys() <= schema["properties"].keys(), where
        for name, inner in value.items():
            fits(inner, schema["properties"][name], reference, f"{where}.{name}")
    if schema.get("type") == "array":
        for item in value:
            fits(item, schema["items"], reference, f"{where}[]")


def kind_fits(value: Any, schema: dict[str, Any]) -> bool:
    kinds: dict[str, type | tuple[type, ...]] = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
        "null": type(None),
    }  # fmt: skip
    return "type" not in schema or isinstance(value, kinds[schema["type"]])


CALLS = [  # a verb, a path, its template in the reference, the status
    ("GET", "/api/browser-tasks", "/api/browser-tasks", 200),
    ("GET", f"/api/browser-tasks/{OLD_ID}", "/api/browser-tasks/{task_id}", 200),
    ("GET", f"/api/browser-tasks/{OLD_ID}/execution-log", "/api/browser-tasks/{task_id}/execution-log", 200),
    ("GET", "/api/browser-tasks/018f0000-0000-7000-8000-00000000ffff", "/api/browser-tasks/{task_id}", 404),
    ("POST", "/api/browser-tasks", "/api/browser-tasks", 201),
    ("PUT", f"/api/browser-tasks/{OLD_ID}/pause", "/api/browser-tasks/{task_id}/pause", 200),
    ("PUT", f"/api/browser-tasks/{OLD_ID}/resume", "/api/browser-tasks/{task_id}/resume", 200),
    ("DELETE", f"/api/browser-tasks/{OLD_ID}", "/api/browser-tasks/{task_id}", 200),
    ("GET", f"/api/browser-tasks/{OLD_ID}/recoveries", "/api/browser-tasks/{task_id}/recoveries", 200),
    ("GET", f"/api/browser-tasks/{OLD_ID}/events", "/api/browser-tasks/{task_id}/events", 200),
    ("GET", f"/api/browser-tasks/{OLD_ID}?as_of=1", "/api/browser-tasks/{task_id}", 200),
    ("GET", f"/api/browser-tasks/{OLD_ID}?as_of=2026-11-23T08:30:00Z", "/api/browser-tasks/{task_id}", 200),
    ("GET", f"/api/browser-tasks/{OLD_ID}?as_of=2", "/api/browser-tasks/{task_id}", 404),
    ("GET", f"/api/browser-tasks/{OLD_ID}?as_of=yesterday", "/api/browser-tasks/{task_id}", 422),
    ("GET", f"/api/browser-tasks/{OLD_ID}/webhooks", "/api/browser-tasks/{task_id}/webhooks", 200),
    ("GET", f"/api/browser-tasks/{OLD_ID}/artifacts", "/api/browser-tasks/{task_id}/artifacts", 200),
    (
        "GET",
        f"/api/browser-tasks/{OLD_ID}/steps/1/artifacts",
        "/api/browser-tasks/{task_id}/steps/{step_number}/artifacts",
        200,
    ),
    (
        "GET",
        f"/api/browser-tasks/{OLD_ID}/artifacts/{'a' * 64}",
        "/api/browser-tasks/{task_id}/artifacts/{sha256}",
        404,
    ),
    ("POST", f"/api/browser-tasks/{OLD_ID}/costs", "/api/browser-tasks/{task_id}/costs", 201),
    ("GET", "/api/browser-tasks/queue/status", "/api/browser-tasks/queue/status", 200),
    ("GET", "/api/browser-tasks/metrics", "/api/browser-tasks/metrics", 200),
    ("POST", "/api/browser-tasks/artifacts/prune", "/api/browser-tasks/artifacts/prune", 200),
    ("GET", "/api/browser-tasks/prices", "/api/browser-tasks/prices", 200),
    ("GET", "/api/browser-tasks/metrics?group_by=year", "/api/browser-tasks/metrics", 422),
    ("GET", "/api/browser-tasks/queues", "/api/browser-tasks/queues", 200),
    ("PUT", "/api/browser-tasks/queues/q/pause", "/api/browser-tasks/queues/{name}/pause", 200),
    ("PUT", "/api/browser-tasks/queues/q/resume", "/api/browser-tasks/queues/{name}/resume", 200),
    ("PUT", "/api/browser-tasks/queues/q/ceilings", "/api/browser-tasks/queues/{name}/ceilings", 200),
    ("GET", "/api/browser-tasks/workers", "/api/browser-tasks/workers", 200),
    ("POST", "/api/browser-tasks/workers/runner-1/drain", "/api/browser-tasks/workers/{worker}/drain", 200),
    ("POST", "/api/browser-tasks/workers/runner-1/resume", "/api/browser-tasks/workers/{worker}/resume", 200),
    ("POST", "/api/browser-tasks/workers/x/drain", "/api/browser-tasks/workers/{worker}/drain", 404),
    ("GET", "/api/browser-tasks/escalations", "/api/browser-tasks/escalations", 200),
    ("GET", f"/api/browser-tasks/escalations/{OLD_ID}", "/api/browser-tasks/escalations/{task_id}", 200),
    ("POST", f"/api/browser-tasks/escalations/{OLD_ID}/claim", "/api/browser-tasks/escalations/{task_id}/claim", 200),
    (
        "POST",
        f"/api/browser-tasks/escalations/{OLD_ID}/resolve",
        "/api/browser-tasks/escalations/{task_id}/resolve",
        200,
    ),
    ("GET", "/api/browser-tasks/dead-letters", "/api/browser-tasks/dead-letters", 200),
    ("GET", f"/api/browser-tasks/dead-letters/{LETTER}", "/api/browser-tasks/dead-letters/{letter}", 200),
    (
        "POST",
        f"/api/browser-tasks/dead-letters/{LETTER}/redrive",
        "/api/browser-tasks/dead-letters/{letter}/redrive",
        409,
    ),
    (
        "POST",
        f"/api/browser-tasks/dead-letters/{LETTER}/discard",
        "/api/browser-tasks/dead-letters/{letter}/discard",
        200,
    ),
    ("GET", "/api/browser-tasks/paths", "/api/browser-tasks/paths", 200),
    ("GET", "/api/browser-tasks/paths/3fa8", "/api/browser-tasks/paths/{key}", 404),
    ("PUT", "/api/browser-tasks/paths/3fa8/expire", "/api/browser-tasks/paths/{key}/expire", 404),
    ("PUT", "/api/browser-tasks/paths/3fa8/pin", "/api/browser-tasks/paths/{key}/pin", 404),
    ("PUT", "/api/browser-tasks/paths/x/unpin", "/api/browser-tasks/paths/{key}/unpin", 422),
    ("GET", "/api/browser-tasks/health", "/api/browser-tasks/health", 200),
    ("GET", "/api/keys", "/api/keys", 200),
    ("POST", "/api/keys", "/api/keys", 422),
]


def body_of(verb: str, path: str) -> dict[str, Any] | None:
    """What a call sends."""
    by_end: dict[str, dict[str, Any]] = {
        "costs": {"cost": 0.5, "ai_provider": "claude"},
        "resolve": {"resolution": "retry", "hints": "x"},
        "browser-tasks": GOAL,
        "keys": GOAL,
        "prune": {"older_than_days": 30, "dry_run": True},
    }
    return None if verb == "GET" else by_end.get(path.rsplit("/", maxsplit=1)[-1], {})


async def test_every_operation_of_the_reference_is_tried_below(reference: dict[str, Any]) -> None:
    tried = {(template, verb.lower()) for verb, _, template, _ in CALLS}
    elsewhere = {("/health", "get"), ("/api/keys/{key_id}", "delete")}
    analysts = {("/api/browser-tasks/sql", "post"), ("/api/browser-tasks/snapshots", "post")}

    streams = {("/api/browser-tasks/stream", "get"), ("/api/browser-tasks/{task_id}/stream", "get")}

    assert {(path, verb) for path, verb, _ in operations(reference)} - elsewhere - analysts - streams == tried


@pytest.mark.parametrize("call", CALLS)
async def test_answers_have_the_shape_the_reference_promises(
    world: World, reference: dict[str, Any], call: tuple[str, str, str, int]
) -> None:
    verb, path, template, status = call
    world.readings.tasks[OLD_ID] = a_task(evidence={"text": "x"}, metadata={"a": [1, None]})
    world.readings.steps = [a_step()]
    world.readings.heard = [samples.worker()]
    world.readings.escalated[OLD_ID] = samples.escalation(OLD_ID)
    world.readings.letters[LETTER] = samples.dead_letter(b"{}", topic="goaltrail.tasks.events", acts=[samples.act()])
    world.accepting()

    answer = await world.http.request(verb, path, json=body_of(verb, path))

    assert answer.status_code == status
    shape = reference["paths"][template][verb.lower()]["responses"][str(status)]["content"]["application/json"]
    fits(answer.json(), shape["schema"], reference)


STRANGE = [
    ("GET", "/nowhere", 404),
    ("PUT", "/api/browser-tasks", 405),
    ("GET", "/api/browser-tasks/", 404),
    ("PATCH", f"/api/browser-tasks/{OLD_ID}", 405),
]


@pytest.mark.parametrize(("verb", "path", "status"), STRANGE)
async def test_what_no_route_takes_has_the_one_shape_too(world: World, verb: str, path: str, status: int) -> None:
    answer = await world.http.request(verb, path)

    assert answer.status_code == status
    assert answer.json().keys() == {"success", "data", "error"}


async def test_a_fault_of_ours_is_500_in_the_one_shape_and_tells_no_secrets(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("password is hunter2")

    monkeypatch.setattr(world.readings, "list_tasks", broken)

    answer = await world.http.get("/api/browser-tasks")

    assert answer.status_code == 500
    assert answer.json()["success"] is False
    assert "hunter2" not in answer.text
