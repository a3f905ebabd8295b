"""What operators do over HTTP, on a real broker with a real processor and dispatcher behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from confluent_kafka import Producer

from events.codec import decode, encode
from events.commands import CommandEnvelope, FailAttempt, SubmitTask
from events.partitioner import partition_of
from events.queues import DispatchEnvelope
from events.worker import Assignment
from local.kafka_server import Broker
from producers.commands import new_command_id
from producers.follower import TopicFollower
from producers.task_ids import new_task_id
from tests.integration.processes import Process
from tests.integration.processing import PARTITIONS, Watched, Worker
from tests.wait import until

pytestmark = pytest.mark.kafka

TASKS = "/api/browser-tasks"
GOAL = {"goal": "Register Eden", "site_url": "https://swim.example"}


@dataclass
class Stage:
    """One API and one processor on a log that is watched."""

    log: Watched
    http: httpx.Client
    orders: list[DispatchEnvelope]

    def submit(self, **fields: Any) -> str:
        made: str = data(self.http.post(TASKS, json={**GOAL, **fields}), 201)["task_id"]
        return made

    def get(self, path: str, **params: Any) -> Any:
        return data(self.http.get(f"{TASKS}{path}", params=params))


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


@pytest.fixture(scope="module")
def stage(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Watched(broker.bootstrap, tmp_path_factory.mktemp("operators")) as log:
        api = Process("api", log.folder / "home", log.environment).launch()
        log.processor()
        api.await_ready()
        orders: list[DispatchEnvelope] = []
        follower = TopicFollower(
            log.connection,
            log.topics.queue_events,
            lambda body: orders.append(decode(DispatchEnvelope, body)),
            since="beginning",
        )
        follower.start()
        key = (log.folder / "home" / "operator.key").read_text().strip()
        url = f"http://127.0.0.1:{log.environment['GOALTRAIL_HTTP__PORT']}"
        with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=30) as http:
            yield Stage(log, http, orders)
        follower.close()
        api.stop()


def finish(stage: Stage, worker: Worker, task_id: str) -> Assignment:
    """Let the worker do the task, and go; what it was told."""
    note = worker.assignment(task_id)
    worker.start(task_id, note.lease_epoch)
    stage.log.send(task_id, worker.completion(note.lease_epoch))
    stage.log.await_fact(task_id, "task.completed")
    worker.die()
    assert isinstance(note.message, Assignment)
    return note.message


def test_a_finished_task_cannot_be_paused_and_its_costs_still_count(stage: Stage) -> None:
    worker, task_id = Worker(stage.log), stage.submit()
    finish(stage, worker, task_id)

    refused = stage.http.put(f"{TASKS}/{task_id}/pause")
    cost = data(stage.http.post(f"{TASKS}/{task_id}/costs", json={"cost": 0.125, "ai_provider": "claude"}), 201)

    assert refused.status_code == 409
    assert "COMPLETED" in refused.json()["error"]
    assert stage.get(f"/{task_id}", wait_for=cost["fact"])["total_cost"] == 0.125
    metrics = stage.get("/metrics")
    assert metrics["summary"]["total_tasks_completed"] >= 1
    assert metrics["summary"]["total_cost"] == 0.125
    claude = metrics["ai_routing_breakdown"]["claude"]
    assert (claude["count"], claude["cost"]) == (1, 0.125)


def test_pausing_twice_succeeds_and_an_unknown_id_is_404(stage: Stage) -> None:
    task_id = stage.submit(queue="nobody")

    assert [data(stage.http.put(f"{TASKS}/{task_id}/pause"))["status"] for _ in range(2)] == ["PAUSED", "PAUSED"]
    for method, verb in (("PUT", "/pause"), ("PUT", "/resume"), ("DELETE", "")):
        assert stage.http.request(method, f"{TASKS}/018f0000-0000-7000-8000-000000000001{verb}").status_code == 404


def test_a_paused_queue_gives_out_nothing_until_it_is_resumed(stage: Stage) -> None:
    paused = data(stage.http.put(f"{TASKS}/queues/default/pause", json={"reason": "site is down"}))
    again = data(stage.http.put(f"{TASKS}/queues/default/pause"))
    until(lambda: [order for order in stage.orders if order.subject == "default"], what="the dispatcher's record")
    worker, task_id = Worker(stage.log), stage.submit()
    queue = until(lambda: [q for q in stage.get("/queues")["queues"] if q["name"] == "default" and q["waiting"]])[0]
    before = stage.log.kinds(task_id)
    status = stage.get("/queue/status")

    data(stage.http.put(f"{TASKS}/queues/default/resume"))
    finish(stage, worker, task_id)

    assert (paused["already_true"], again["already_true"]) == (False, True)
    assert paused["fact"].startswith(f"{stage.log.topics.queue_events}:0:")
    assert (queue["paused"], queue["reason"]) == (True, "site is down")
    assert before == ["task.submitted"]
    assert status["health"] != "ok"
    assert any("'default'" in reason for reason in status["health_reasons"])


def test_ceilings_are_replaced_and_shown(stage: Stage) -> None:
    data(stage.http.put(f"{TASKS}/queues/night/ceilings", json={"running": 3, "per_site": 1}))
    wanted = {"running": 3, "per_site": 1, "per_account": None}
    until(lambda: [q for q in stage.get("/queues")["queues"] if q["name"] == "night" and q["ceilings"] == wanted])
    data(stage.http.put(f"{TASKS}/queues/night/ceilings", json={}))
    none = dict.fromkeys(wanted)
    until(lambda: [q for q in stage.get("/queues")["queues"] if q["name"] == "night" and q["ceilings"] == none])


def test_a_drained_worker_gets_nothing_until_it_is_resumed(stage: Stage) -> None:
    worker = Worker(stage.log)

    def seen(state: str) -> bool:
        return any(w["worker"] == worker.name and w["state"] == state for w in stage.get("/workers")["workers"])

    until(lambda: seen("alive"), what="the worker is listed")
    data(stage.http.post(f"{TASKS}/workers/{worker.name}/drain", json={"reason": "old machine"}))
    until(lambda: seen("drained"))
    task_id = stage.submit()
    until(lambda: stage.get("/queue/status")["queue_depth"])
    assert stage.log.kinds(task_id) == ["task.submitted"]

    data(stage.http.post(f"{TASKS}/workers/{worker.name}/resume"))
    finish(stage, worker, task_id)
    assert stage.http.post(f"{TASKS}/workers/runner-l/drain").status_code == 404


def escalated(stage: Stage) -> str:
    """A task that needs a human, and no worker that would take it again."""
    worker, task_id = Worker(stage.log), stage.submit(priority=8)
    epoch = worker.assignment(task_id).lease_epoch
    worker.start(task_id, epoch)
    failure = FailAttempt(
        worker=worker.name,
        lease_epoch=epoch,
        error_type="unconfirmed",
        error_message="nobody knows whether it was pressed",
        evidence={"url": "https://swim.example/x"},
    )
    stage.log.send(task_id, failure)
    stage.log.await_fact(task_id, "task.escalated")
    worker.die()
    return task_id


def test_the_desk_from_the_escalation_to_the_end(stage: Stage) -> None:
    task_id = escalated(stage)
    one = f"{TASKS}/escalations/{task_id}"
    [listed] = until(lambda: stage.get("/escalations")["escalations"])

    claimed = data(stage.http.post(f"{one}/claim"))
    foreign = stage.http.post(f"{one}/resolve", json={"resolution": "cancel", "operator": "bob"})
    until(lambda: stage.get(f"/escalations/{task_id}")["operator"] == "operator")
    body = {"resolution": "complete", "final_result": "booked by phone", "note": "4711"}
    resolved = data(stage.http.post(f"{one}/resolve", json=body))
    shown = stage.get(f"/{task_id}", wait_for=resolved["fact"])
    again = stage.http.post(f"{one}/resolve", json=body)

    assert listed["task_id"] == task_id
    assert listed["error_type"] == "unconfirmed"
    assert listed["evidence"] == {"url": "https://swim.example/x"}
    assert claimed["operator"] == "operator"
    assert foreign.status_code == 409
    assert "operator" in foreign.json()["error"]
    assert (shown["status"], shown["final_result"]) == ("COMPLETED", "booked by phone")
    assert stage.get("/escalations")["total"] == 0
    assert stage.get(f"/escalations/{task_id}")["resolution"] == "complete"
    assert again.status_code == 409
    assert stage.http.get(f"{TASKS}/escalations/018f0000-0000-7000-8000-000000000001").status_code == 404


def test_resolve_as_retry_puts_the_task_back_with_hints(stage: Stage) -> None:
    task_id = escalated(stage)
    body = {"resolution": "retry", "hints": "the button is called Book now"}

    data(stage.http.post(f"{TASKS}/escalations/{task_id}/resolve", json=body))
    told = finish(stage, Worker(stage.log), task_id)

    assert told.hints == "the button is called Book now"


def misplaced(stage: Stage) -> str:
    """A submission of a client with another partitioner: a dead letter; its task id."""
    task_id = new_task_id()
    command = CommandEnvelope(
        command_id=new_command_id(),
        task_id=task_id,
        issued_at=datetime.now(UTC),
        command=SubmitTask(**GOAL),
    )
    wrong = (partition_of(task_id, PARTITIONS) + 1) % PARTITIONS
    producer = Producer(stage.log.connection)
    producer.produce(stage.log.topics.task_commands, encode(command), task_id, wrong)
    assert producer.flush(10) == 0
    return task_id


def letter_of(stage: Stage, task_id: str) -> dict[str, Any]:
    letters = until(
        lambda: [
            letter
            for found in stage.get("/dead-letters", state="open")["dead_letters"]
            if task_id in json.dumps(letter := stage.get(f"/dead-letters/{found['letter']}"))
        ],
        20,
    )
    one: dict[str, Any] = letters[0]
    return one


def test_a_misplaced_command_is_redriven_to_where_it_belongs_once(stage: Stage) -> None:
    task_id = misplaced(stage)
    letter = letter_of(stage, task_id)
    redrive = f"{TASKS}/dead-letters/{letter['letter']}/redrive"

    first = data(stage.http.post(redrive, json={"note": "another partitioner"}))
    submitted = stage.log.await_fact(task_id, "task.submitted")
    second = data(stage.http.post(redrive))
    shown = stage.get(f"/dead-letters/{letter['letter']}")
    data(stage.http.post(redrive, json={"force": True}))
    data(stage.http.delete(f"{TASKS}/{task_id}"))  # decided behind the command that was sent once more

    assert submitted.event.type == "task.submitted"
    assert (first["already_true"], second["already_true"]) == (False, True)
    assert first["redriven_to"] == second["redriven_to"]
    assert first["redriven_to"].startswith(f"{stage.log.topics.task_commands}:{partition_of(task_id, PARTITIONS)}:")
    assert (shown["state"], shown["acts"][0]["note"]) == ("redriven", "another partitioner")
    assert stage.log.kinds(task_id).count("task.submitted") == 1


def test_a_discarded_letter_is_not_redriven(stage: Stage) -> None:
    task_id = misplaced(stage)
    letter = f"{TASKS}/dead-letters/{letter_of(stage, task_id)['letter']}"

    done = [data(stage.http.post(f"{letter}/discard"))["already_true"] for _ in range(2)]
    refused = stage.http.post(f"{letter}/redrive")

    assert done == [False, True]
    assert refused.status_code == 409
    assert "discarded" in refused.json()["error"]
    assert stage.log.kinds(task_id) == []
