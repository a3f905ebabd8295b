"""The API as a process, on a real broker, with a real processor behind it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
import pytest

from benchmarks.http_load import load, missing
from events.codec import encode
from events.commands import PauseTask, ResumeTask
from events.envelope import StepEnvelope
from events.errors import CommandRejected
from events.steps import StepExecuted
from events.topics import Topics
from local.kafka_server import Broker
from producers.artifacts import ArtifactStore
from producers.commands import CommandSender, new_command_id
from producers.goals import GoalClient
from producers.kafka import KafkaPublisher
from producers.reader import LogReader
from tests.integration.processes import Process, settings_of
from tests.wait import until

pytestmark = pytest.mark.kafka

TASKS = "/api/browser-tasks"
GOAL = {"goal": "Register Eden", "site_url": "https://swim.example"}


@dataclass
class System:
    """Two API processes and one processor on one log."""

    bootstrap: str
    topics: Topics
    key: str
    apis: list[Process]
    urls: list[str]
    http: list[httpx.Client]
    homes: tuple[Path, Path]


@pytest.fixture(scope="module")
def system(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    prefix, folder = f"api-{uuid4().hex[:8]}.", tmp_path_factory.mktemp("api")
    first, first_url = settings_of(broker.bootstrap, prefix, folder / "one")
    second, second_url = settings_of(broker.bootstrap, prefix, folder / "two")
    apis = [Process("api", folder / "one", first).start(), Process("api", folder / "two", second).start()]
    processor = Process("processors", folder / "one", first).start()
    key = (folder / "one" / "operator.key").read_text().strip()
    urls = [first_url, second_url]
    clients = [httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=20) for url in urls]
    # The second one has the first one's operator key from the log, a moment after it was recorded.
    until(lambda: clients[1].get(TASKS).status_code == 200)
    until(lambda: clients[0].get(f"{TASKS}/health").json()["data"]["processors"] == 1, 30)
    yield System(broker.bootstrap, Topics(prefix, 3), key, apis, urls, clients, (folder / "one", folder / "two"))
    for client in clients:
        client.close()
    for process in (*apis, processor):
        process.stop()


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def test_a_goal_is_accepted_listed_and_shown(system: System) -> None:
    [one, two] = system.http
    made = data(one.post(TASKS, json={**GOAL, "metadata": {"user_id": 7}}), 201)

    shown = data(one.get(f"{TASKS}/{made['task_id']}"))
    elsewhere = data(two.get(f"{TASKS}/{made['task_id']}", params={"wait_for": made["fact"]}))
    log = data(one.get(f"{TASKS}/{made['task_id']}/execution-log"))

    assert made["status"] == shown["status"] == "PENDING"
    assert shown == elsewhere
    assert shown["metadata"] == {"user_id": 7}
    assert shown["created_at"] == made["queued_at"]
    assert made["task_id"] in [task["id"] for task in data(one.get(TASKS))["tasks"]]
    assert log == {"task_id": made["task_id"], "execution_log": [], "total_steps": 0}


def test_the_outcome_of_every_command_comes_back(system: System) -> None:
    http = system.http[0]
    task = f"{TASKS}/{data(http.post(TASKS, json=GOAL), 201)['task_id']}"

    assert data(http.put(f"{task}/pause"))["status"] == "PAUSED"
    assert data(http.put(f"{task}/pause"))["status"] == "PAUSED"
    assert data(http.put(f"{task}/resume"))["status"] == "PENDING"
    assert data(http.delete(task))["status"] == "CANCELLED"
    assert data(http.delete(task))["cancelled_at"].endswith("Z")
    refused = http.put(f"{task}/pause")
    assert refused.status_code == 409
    assert "CANCELLED" in refused.json()["error"]
    unknown = http.put(f"{TASKS}/018f0000-0000-7000-8000-000000000001/pause")
    assert unknown.status_code == 404


def test_a_command_sent_past_the_apis_is_waited_for_by_its_id_at_each(system: System) -> None:
    task = data(system.http[0].post(TASKS, json=GOAL), 201)["task_id"]
    publisher = KafkaPublisher({"bootstrap.servers": system.bootstrap})
    sender = CommandSender(publisher, system.topics, "test")
    for command, status in ((PauseTask(), "PAUSED"), (PauseTask(), "PAUSED"), (ResumeTask(), "PENDING")):
        command_id = new_command_id()
        sender.send(task, command, command_id=command_id, reply=True).result(20)
        for http in system.http:
            assert data(http.get(f"{TASKS}/{task}", params={"wait_for": command_id}))["status"] == status
    publisher.close()


def test_a_picture_is_had_where_it_is_kept_and_gone_where_it_is_not(system: System, tmp_path: Path) -> None:
    one, two = system.http
    task = data(one.post(TASKS, json=GOAL), 201)["task_id"]
    picture = os.urandom(5_000)
    kept = asyncio.run(ArtifactStore(str(system.homes[0] / "artifacts")).put("screenshot", picture, "image/jpeg"))
    fact = StepEnvelope(
        event_id=uuid4().hex,
        task_id=task,
        worker="w",
        lease_epoch=1,
        recorded_at=datetime.now(UTC),
        event=StepExecuted(step_number=1, action="look", result="success", artifacts=[kept]),
    )
    publisher = KafkaPublisher({"bootstrap.servers": system.bootstrap})
    placed = publisher.send(system.topics.step_events, task, encode(fact)).result(20)
    publisher.close()

    for http in system.http:
        [listed] = data(http.get(f"{TASKS}/{task}/steps/1/artifacts", params={"wait_for": str(placed)}))["artifacts"]
    assert one.get(listed["url"]).content == picture
    assert two.get(listed["url"]).status_code == 410, "the second API has a store of its own here"
    shown = [str(Path(sys.executable).with_name("goaltrail")), "artifacts", task, "--output", str(tmp_path)]
    said = {**os.environ, "GOALTRAIL_URL": system.urls[0], "GOALTRAIL_API_KEY": system.key}
    assert subprocess.run(shown, env=said, check=False, timeout=60).returncode == 0
    [file] = tmp_path.iterdir()
    assert file.read_bytes() == picture


def test_one_idempotency_key_at_two_apis_at_once_is_one_task(system: System) -> None:
    headers = {"Idempotency-Key": uuid4().hex}

    def submit(number: int) -> httpx.Response:
        return system.http[number % 2].post(TASKS, json=GOAL, headers=headers)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(submit, range(40)))

    assert sorted(answer.status_code for answer in answers) == [200] * 39 + [201]
    assert len({answer.json()["data"]["task_id"] for answer in answers}) == 1
    other = system.http[0].post(TASKS, json={**GOAL, "goal": "Register Noa"}, headers=headers)
    assert other.status_code == 409


def test_one_idempotency_key_and_an_api_killed_in_between_is_one_task(system: System) -> None:
    headers, killed = {"Idempotency-Key": uuid4().hex}, threading.Event()

    def submit(number: int) -> str:
        if number == 10:
            system.apis[1].stop(signal.SIGKILL)
            killed.set()
        http = system.http[0 if killed.is_set() else number % 2]
        try:
            answer = http.post(TASKS, json=GOAL, headers=headers)
        except httpx.TransportError:  # as a caller would: once more, at the one that is left, with the same key
            answer = system.http[0].post(TASKS, json=GOAL, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        made: str = answer.json()["data"]["task_id"]
        return made

    with ThreadPoolExecutor(10) as pool:
        ids = set(pool.map(submit, range(40)))
    other = system.http[0].post(TASKS, json={**GOAL, "priority": 9}, headers=headers)
    system.apis[1].start()
    after = data(system.http[1].post(TASKS, json=GOAL, headers=headers))

    assert ids == {after["task_id"]}
    assert other.status_code == 409
    assert submissions(system, headers["Idempotency-Key"]) == [after["task_id"]]


def submissions(system: System, key: str) -> list[str]:
    """Ids of the tasks that the log tells of with this key; read without the API."""
    reader = LogReader({"bootstrap.servers": system.bootstrap}, system.topics)
    facts, _ = reader.facts_since(dict.fromkeys(range(3), 0), lambda _: True)
    reader.close()
    return [fact.task_id for fact, _ in facts if getattr(fact.event, "idempotency_key", None) == key]


def test_a_key_made_at_one_api_opens_the_other_until_it_is_revoked(system: System) -> None:
    [one, two] = system.http
    made = data(one.post("/api/keys", json={"name": "reader", "scopes": ["read"]}), 201)
    shown = {"X-API-Key": made["key"]}

    until(lambda: two.get(TASKS, headers=shown).status_code == 200)
    assert two.post(TASKS, json=GOAL, headers=shown).status_code == 403
    data(two.delete(f"/api/keys/{made['key_id']}"))
    until(lambda: one.get(TASKS, headers=shown).status_code == 401)


def test_records_nobody_can_read_stop_neither_answers_nor_keys(system: System) -> None:
    http = system.http[0]
    publisher = KafkaPublisher({"bootstrap.servers": system.bootstrap})
    for topic in (system.topics.outcomes, system.topics.access_events):
        for body in (b"\xff\xfe", b"{}", b"null", json.dumps({"event": {"type": "key.borrowed"}}).encode()):
            publisher.send(topic, "poison", body).result(10)
    publisher.close()

    data(http.post(TASKS, json=GOAL), 201)
    made = data(http.post("/api/keys", json={"name": "after"}), 201)
    until(lambda: system.http[1].get(TASKS, headers={"X-API-Key": made["key"]}).status_code == 200)


def test_the_goal_client_submits_by_kafka_and_reads_by_http(system: System) -> None:
    connection = {"bootstrap.servers": system.bootstrap}
    with GoalClient(system.urls[0], system.key, connection=connection, topics=system.topics) as goals:
        task_id = goals.submit_goal("Register {{child}}", GOAL["site_url"], 8, inputs={"child": "Eden"})
        assert goals.wait_for_completion(task_id, timeout_seconds=0).status == "PENDING"
        data(system.http[0].delete(f"{TASKS}/{task_id}"))
        assert goals.wait_for_completion(task_id, timeout_seconds=10, poll_interval_seconds=0.05).status == "CANCELLED"

        first = goals.submit_goal("x", GOAL["site_url"], idempotency_key="k")
        assert goals.submit_goal("x", GOAL["site_url"], idempotency_key="k") == first
        with pytest.raises(CommandRejected):
            goals.submit_goal("y", GOAL["site_url"], idempotency_key="k")


def test_many_callers_at_once_get_the_status_promised_and_every_201_is_on_the_log(system: System) -> None:
    tally, _ = load(system.urls[0], system.key, clients=30, requests=10)

    connection = {"bootstrap.servers": system.bootstrap, "log_level": 2}
    assert sum(len(taken) for taken in tally.taken_ms.values()) == 300
    assert dict(tally.wrong) == {}
    assert len(set(tally.accepted)) == 150
    assert missing(connection, system.topics, tally.accepted) == []
    assert missing(connection, system.topics, ["018f0000-0000-7000-8000-000000000001"], seconds=1) != []


def test_stopping_is_quick_and_a_restart_knows_tasks_and_keys(system: System) -> None:
    [_, two] = system.http
    made = data(two.post("/api/keys", json={"name": "lasting", "scopes": ["read"]}), 201)
    task = data(two.post(TASKS, json=GOAL), 201)

    began = monotonic()
    assert system.apis[1].stop() == 0
    assert monotonic() - began < 15
    system.apis[1].start()

    assert data(two.get(f"{TASKS}/{task['task_id']}", headers={"X-API-Key": made["key"]}))["status"] == "PENDING"
    assert data(two.post(TASKS, json=GOAL), 201)


def test_a_killed_api_starts_again_with_its_readings(system: System) -> None:
    two = system.http[1]
    task = data(two.post(TASKS, json=GOAL), 201)

    system.apis[1].stop(signal.SIGKILL)
    system.apis[1].start()

    assert data(two.get(f"{TASKS}/{task['task_id']}"))["status"] == "PENDING"


def test_without_a_processor_a_goal_is_202_and_decided_later(broker: Broker, tmp_path: Path) -> None:
    settings, url = settings_of(broker.bootstrap, f"late-{uuid4().hex[:8]}.", tmp_path)
    api = Process("api", tmp_path, {**settings, "GOALTRAIL_HTTP__OUTCOME_WAIT_SECONDS": "0.5"}).start()
    key = (tmp_path / "operator.key").read_text().strip()
    with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=20) as http:
        waiting = data(http.post(TASKS, json=GOAL), 202)
        assert http.get(f"{TASKS}/{waiting['task_id']}").status_code == 404
        processor = Process("processors", tmp_path, settings).start()
        until(lambda: http.get(f"{TASKS}/{waiting['task_id']}").status_code == 200, 30)
        processor.stop()
    api.stop()


def test_a_broker_that_is_away_is_503_and_said_by_health(own_broker: Broker, tmp_path: Path) -> None:
    settings, url = settings_of(own_broker.bootstrap, "away.", tmp_path)
    api = Process("api", tmp_path, {**settings, "GOALTRAIL_HTTP__OUTCOME_WAIT_SECONDS": "1"}).start()
    key = (tmp_path / "operator.key").read_text().strip()
    with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=20) as http:
        own_broker.pause()
        refused = http.post(TASKS, json=GOAL)
        health = data(http.get("/health"))
        readings = http.get(TASKS)
        own_broker.resume()
        until(lambda: data(http.get("/health"))["broker_reachable"], 30)

    assert refused.status_code == 503
    assert health["status"] == "degraded"
    assert health["broker_reachable"] is False
    assert readings.status_code == 200
    api.stop()
