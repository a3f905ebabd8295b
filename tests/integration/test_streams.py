"""Server-sent events of a running API: everything that happens, and how a caller goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.kafka_server import Broker
from tests.integration.processes import Process, settings_of

pytestmark = pytest.mark.kafka

TASKS = "/api/browser-tasks"
GOAL = {"goal": "Register Eden", "site_url": "https://swim.example"}


@pytest.fixture(scope="module")
def http(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("streams")
    environment, url = settings_of(broker.bootstrap, f"sse-{uuid4().hex[:8]}.", folder)
    processes = [Process(name, folder, environment).start() for name in ("api", "processors")]
    key = (Path(folder) / "operator.key").read_text().strip()
    with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=30) as client:
        yield client
    for process in processes:
        process.stop()


def told(http: httpx.Client, path: str, count: int, **headers: str) -> list[dict[str, Any]]:
    """The next so many events of a stream."""
    found: list[dict[str, Any]] = []
    fields: dict[str, str] = {}
    with http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name in {"id", "event", "data"}:
                fields[name] = value
            elif not line and fields:
                found.append({**fields, "data": json.loads(fields["data"])})
                fields = {}
            if len(found) == count:
                break
    return found


def submitted(http: httpx.Client) -> str:
    return str(http.post(TASKS, json=GOAL).json()["data"]["task_id"])


def test_a_task_is_followed_to_its_end_and_from_any_point(http: httpx.Client) -> None:
    task_id = submitted(http)
    assert http.delete(f"{TASKS}/{task_id}").status_code == 200
    whole = told(http, f"{TASKS}/{task_id}/stream", 99)
    assert [event["event"] for event in whole] == ["task.submitted", "task.cancelled"]
    rest = told(http, f"{TASKS}/{task_id}/stream", 99, **{"Last-Event-ID": whole[0]["id"]})
    assert rest == whole[1:]
    listed = http.get(f"{TASKS}/{task_id}/events").json()["data"]["events"]
    assert listed == [event["data"] for event in whole]


def test_everything_is_followed_without_a_gap_across_a_break(http: httpx.Client) -> None:
    first = submitted(http)
    begun = told(http, f"{TASKS}/stream", 1, **{"Last-Event-ID": "0,0,0"})
    more = [submitted(http) for _ in range(5)]
    seen = {event["data"]["task_id"] for event in begun}
    last = begun[-1]["id"]
    while not {first, *more} <= seen:
        for event in told(http, f"{TASKS}/stream", 1, **{"Last-Event-ID": last}):
            key = (event["data"]["task_id"], event["data"]["version"])
            assert key not in seen, "an event comes once"
            seen |= {key, event["data"]["task_id"]}
            last = event["id"]


def test_a_task_is_shown_as_it_was(http: httpx.Client) -> None:
    task_id = submitted(http)
    http.put(f"{TASKS}/{task_id}/pause")
    now = http.delete(f"{TASKS}/{task_id}").json()["data"]
    shown = http.get(f"{TASKS}/{task_id}", params={"wait_for": now["fact"]}).json()["data"]
    assert shown["status"] == "CANCELLED"
    statuses = [http.get(f"{TASKS}/{task_id}", params={"as_of": v}).json()["data"]["status"] for v in (1, 2, 3)]
    assert statuses == ["PENDING", "PAUSED", "CANCELLED"]
    assert http.get(f"{TASKS}/{task_id}", params={"as_of": "2020-01-01T00:00:00Z"}).status_code == 404
