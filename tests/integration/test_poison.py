"""Records nobody can process: each becomes a dead letter with the reason, once, and the work goes on."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import Producer

from events.dead_letter import DeadLetter
from events.partitioner import partition_of
from events.topics import MAX_BODY_BYTES
from local.kafka_server import Broker
from producers.task_ids import new_task_id
from tests.integration.processes import Process
from tests.integration.processing import PARTITIONS, Watched, Worker
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def log(broker: Broker, tmp_path: Path) -> Iterator[Watched]:
    with Watched(broker.bootstrap, tmp_path) as watched:
        yield watched


def test_poisonous_commands_become_dead_letters_and_work_goes_on(log: Watched) -> None:
    processor = log.processor()
    commands = log.topics.task_commands
    task = new_task_id()
    _append(log, commands, task, b"\xff\xfe{broken")
    _append(log, commands, task, json.dumps({**_envelope(task), "command": {"type": "make_coffee"}}).encode())
    _append(log, commands, "another", json.dumps(_envelope(task)).encode())
    _append(log, commands, None, json.dumps(_envelope(task)).encode(), partition=0)

    letters = _letters(log, 4)
    reasons = sorted(letter.reason for letter in letters)

    assert any("make_coffee" in reason for reason in reasons)
    assert any("not JSON" in reason or "Invalid JSON" in reason for reason in reasons)
    assert any("'another'" in reason for reason in reasons)
    assert {letter.topic for letter in letters} == {commands}
    _work_goes_on(log)
    assert _still_runs(processor)


def test_a_client_with_another_partitioner_is_told_which_one_to_set(log: Watched) -> None:
    processor = log.processor()
    librdkafka_default = Producer(log.connection)
    sent: dict[str, int] = {}
    while not sent:
        task = new_task_id()
        placed: list[int] = []
        body = _envelope(task)
        body["command"]["queue"] = "elsewhere"  # those that lie right by chance are no work for the worker below
        librdkafka_default.produce(
            log.topics.task_commands,
            value=json.dumps(body).encode(),
            key=task,
            on_delivery=lambda _, message, placed=placed: placed.append(message.partition()),  # type: ignore[misc]
        )
        librdkafka_default.flush(10)
        if placed[0] != partition_of(task, PARTITIONS):
            sent[task] = placed[0]

    (letter,) = _letters(log, 1)

    assert "murmur2_random" in letter.reason
    assert log.kinds(next(iter(sent))) == []
    _work_goes_on(log)
    assert _still_runs(processor)


def test_a_command_whose_fact_would_be_too_large_is_refused_and_kept(log: Watched) -> None:
    processor = log.processor()
    task = new_task_id()
    # One that other clients may send: under the limit itself, over it once the fact's envelope is around it.
    body = _envelope(task)
    step = {"op": "fill", "target": {"css": "#a"}, "value": ""}
    body["command"]["steps"] = [dict(step) for _ in range(60)]
    room = MAX_BODY_BYTES - len(json.dumps(body, separators=(",", ":")).encode()) - 10
    for filled in body["command"]["steps"]:
        filled["value"] = "x" * min(10_000, room)
        room -= len(filled["value"])
    _append(log, log.topics.task_commands, task, json.dumps(body, separators=(",", ":")).encode())

    (letter,) = _letters(log, 1)
    answer = until(lambda: log.outcomes.get(body["command_id"]), 20, what="an answer")

    assert letter.error == "BodyTooLarge"
    assert answer is not None
    assert (answer.result, answer.code) == ("refused", "undeliverable")
    assert log.kinds(task) == []
    _work_goes_on(log)
    assert _still_runs(processor)


def test_garbage_on_every_other_topic_becomes_one_dead_letter_each_even_after_a_restart(log: Watched) -> None:
    processor = log.processor()
    topics = log.topics
    poisoned = [
        topics.task_events,
        topics.step_events,
        topics.workers_alive,
        topics.access_events,
        topics.inbox,
        topics.outcomes,
        topics.webhook_events,
    ]
    log.await_fact(log.submit(), "task.submitted")
    for topic in poisoned:
        _append(log, topic, "strange", b"\x00 no record of ours", partition=0)

    letters = _letters(log, len(poisoned))
    processor.stop()
    log.processor("again")
    _work_goes_on(log)
    _append(log, topics.step_events, "last", b"[]", partition=1)
    _letters(log, len(poisoned) + 1)

    assert sorted(letter.topic for letter in letters) == sorted(poisoned)
    assert {letter.reader for letter in letters} == {"inspector"}
    assert base64.b64decode(letters[0].value_base64 or "") == b"\x00 no record of ours"
    assert len(log.dead) == len(poisoned) + 1


def _still_runs(processor: Process) -> bool:
    return bool(psutil.pid_exists(int(processor.ready_file.read_text())))


def _append(log: Watched, topic: str, key: str | None, body: bytes, *, partition: int | None = None) -> None:
    producer = Producer({**log.connection, "partitioner": "murmur2_random"})
    if partition is None:
        producer.produce(topic, value=body, key=key)
    else:
        producer.produce(topic, value=body, key=key, partition=partition)
    assert producer.flush(10) == 0


def _letters(log: Watched, count: int) -> list[DeadLetter]:
    until(lambda: len(log.dead) >= count, 30, what=f"{count} dead letters; there are {log.dead}")
    return list(log.dead)


def _work_goes_on(log: Watched) -> None:
    worker = Worker(log)
    task = log.submit()
    epoch = worker.assignment(task).lease_epoch
    worker.start(task, epoch)
    assert log.ask(task, worker.completion(epoch)).result == "accepted"
    worker.die()


def _envelope(task: str) -> dict[str, Any]:
    return {
        "command_id": f"poison-{task}",
        "task_id": task,
        "issued_at": "2026-01-01T00:00:00Z",
        "reply": True,
        "command": {"type": "submit_task", "goal": "register", "site_url": "http://127.0.0.1/"},
    }
