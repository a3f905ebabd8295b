"""Keys: who may do what, what is recorded of them, and what a stranger gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.access import KeyRing
from api.keys import admit_operator
from api.operator_key import operator_key
from events.access import AccessEnvelope
from events.codec import decode
from events.errors import SetupIncomplete
from tests.unit.api.world import GOAL, World

CALLS = [
    ("GET", "/api/browser-tasks", "read"),
    ("GET", "/api/browser-tasks/018f0000-0000-7000-8000-000000000001", "read"),
    ("GET", "/api/browser-tasks/018f0000-0000-7000-8000-000000000001/execution-log", "read"),
    ("POST", "/api/browser-tasks", "write"),
    ("PUT", "/api/browser-tasks/018f0000-0000-7000-8000-000000000001/pause", "write"),
    ("PUT", "/api/browser-tasks/018f0000-0000-7000-8000-000000000001/resume", "write"),
    ("DELETE", "/api/browser-tasks/018f0000-0000-7000-8000-000000000001", "write"),
    ("GET", "/api/keys", "admin"),
    ("POST", "/api/keys", "admin"),
    ("DELETE", "/api/keys/nobody", "admin"),
]
EACH = pytest.mark.parametrize(("method", "path", "scope"), CALLS)


async def a_key(world: World, *scopes: str) -> tuple[str, str]:
    made = await world.http.post("/api/keys", json={"name": "test", "scopes": list(scopes)})
    assert made.status_code == 201
    return made.json()["data"]["key"], made.json()["data"]["key_id"]


@EACH
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer gt_wrong"}, {"X-API-Key": "gt_wrong"}])
async def test_strangers_get_401_before_their_body_is_read(
    world: World, method: str, path: str, header: dict[str, str], scope: str
) -> None:
    del scope, world.http.headers["Authorization"]

    answer = await world.http.request(method, path, content=b"{broken", headers=header)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["success"] is False


@EACH
async def test_a_key_without_the_scope_gets_403_that_names_it(world: World, method: str, path: str, scope: str) -> None:
    others = [other for other in ("read", "write", "sql", "admin") if other != scope]
    key, _ = await a_key(world, *others)
    body = GOAL if path.endswith("tasks") else {"name": "x"}

    answer = await world.http.request(method, path, json=body, headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 403
    assert repr(scope) in answer.json()["error"]


async def test_both_headers_carry_the_key(world: World) -> None:
    key, _ = await a_key(world, "read")
    del world.http.headers["Authorization"]

    bearer = await world.http.get("/api/browser-tasks", headers={"Authorization": f"bearer {key}"})
    header = await world.http.get("/api/browser-tasks", headers={"X-API-Key": key})

    assert [bearer.status_code, header.status_code] == [200, 200]


async def test_the_log_holds_the_hash_and_never_the_key(world: World) -> None:
    key, _ = await a_key(world, "read")

    records = world.publisher.records(world.parts.topics.access_events)

    assert len(records) == 2  # the operator's and this one
    for record in records:
        assert key.encode() not in record.body
        assert world.operator.encode() not in record.body


async def test_a_revoked_key_opens_nothing_and_twice_is_once(world: World) -> None:
    key, key_id = await a_key(world, "read")

    first = await world.http.delete(f"/api/keys/{key_id}")
    again = await world.http.delete(f"/api/keys/{key_id}")
    refused = await world.http.get("/api/browser-tasks", headers={"Authorization": f"Bearer {key}"})

    assert first.json()["data"] == again.json()["data"]
    assert refused.status_code == 401
    assert len(world.publisher.records(world.parts.topics.access_events)) == 3


async def test_revoking_nobody_is_404(world: World) -> None:
    assert (await world.http.delete("/api/keys/nobody")).status_code == 404


async def test_a_ring_folded_from_the_log_agrees_with_the_one_that_wrote_it(world: World) -> None:
    key, _ = await a_key(world, "read")
    gone, gone_id = await a_key(world, "write")
    await world.http.delete(f"/api/keys/{gone_id}")
    ring = KeyRing()

    for record in world.publisher.records(world.parts.topics.access_events) * 2:
        ring.apply(decode(AccessEnvelope, record.body))

    assert ring.all() == world.ring.all()
    assert ring.caller(gone) is None
    known = ring.caller(key)
    assert known is not None
    assert known.scopes == {"read"}


async def test_the_operators_key_is_recorded_once(world: World) -> None:
    admit_operator(world.ring, world.publisher, world.parts.topics, world.operator)

    assert len(world.publisher.records(world.parts.topics.access_events)) == 1


async def test_a_revoked_operator_key_stays_revoked_after_a_restart(world: World) -> None:
    [operator] = world.ring.all()
    await world.http.delete(f"/api/keys/{operator.key_id}")

    admit_operator(world.ring, world.publisher, world.parts.topics, world.operator)

    assert world.ring.caller(world.operator) is None


def test_the_operator_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    first = operator_key(tmp_path / "home")

    assert operator_key(tmp_path / "home") == first
    assert first.startswith("gt_")
    assert (tmp_path / "home" / "operator.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["operator.key"]


def test_an_empty_operator_key_file_is_an_error_and_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "operator.key").touch()

    with pytest.raises(SetupIncomplete):
        operator_key(tmp_path)


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "x", "scopes": ["root"]}, {"name": "x", "scopes": []}, {}])
async def test_a_malformed_key_request_is_422(world: World, body: dict[str, object]) -> None:
    assert (await world.http.post("/api/keys", json=body)).status_code == 422
