"""Webhooks on a real broker: signed, tried until they are taken, given up and begun anew, through kills."""

from __future__ import annotations

import json
import signal
import socket
import threading
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.codec import decode, decode_dead_letter, encode
from events.commands import CancelTask
from events.dead_letter import DeadLetter, DeadLetterRedriven
from events.webhooks import WebhookAbandoned, WebhookDelivered, WebhookEnvelope, WebhookFailed, WebhookRedriven
from local.kafka_server import Broker
from producers.follower import TopicFollower
from tests.integration.processing import Watched, Worker
from tests.integration.webhook_receiver import Call, Receiver
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

PRIVATE = {"GOALTRAIL_WEBHOOKS__ALLOW_PRIVATE": "true"}
FAST = {
    **PRIVATE,
    "GOALTRAIL_WEBHOOKS__FIRST_RETRY_SECONDS": "0.2",
    "GOALTRAIL_WEBHOOKS__LONGEST_RETRY_SECONDS": "0.4",
    "GOALTRAIL_WEBHOOKS__MAX_TRIES": "3",
    "GOALTRAIL_TASKS__MAX_RECOVERIES": "0",
    "GOALTRAIL_KAFKA__SESSION_TIMEOUT_SECONDS": "6",
}


class Webhooks(Watched):
    """A log whose webhook facts are watched, too."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        super().__init__(bootstrap, folder)
        self.tries: list[WebhookEnvelope] = []
        self._tries = TopicFollower(
            self.connection,
            self.topics.webhook_events,
            lambda body: self.tries.append(decode(WebhookEnvelope, body)),
            since="beginning",
        )
        self._tries.start()

    def of(self, task: str) -> list[object]:
        return [record.event for record in list(self.tries) if record.task_id == task]

    def await_try(self, task: str, kind: type[object], *, count: int = 1, timeout: float = 20.0) -> list[object]:
        def there() -> list[object] | None:
            found = [fact for fact in self.of(task) if isinstance(fact, kind)]
            return found if len(found) >= count else None

        found = until(there, timeout, what=f"{count} x {kind.__name__} among {self.of(task)}")
        assert found is not None
        return found

    @property
    def secret(self) -> str:
        return (self.folder / "home" / "webhooks.secret").read_text().strip()

    def close(self) -> None:
        super().close()
        self._tries.close()


@pytest.fixture
def log(broker: Broker, tmp_path: Path) -> Iterator[Webhooks]:
    with Webhooks(broker.bootstrap, tmp_path) as watched:
        yield watched


@pytest.fixture(scope="module")
def running(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webhooks]:
    """One log with a processor, for all tests that end none."""
    with Webhooks(broker.bootstrap, tmp_path_factory.mktemp("webhooks")) as watched:
        watched.processor(**FAST)
        yield watched


def completed(log: Webhooks, url: str) -> str:
    """A task that a worker completed."""
    worker = Worker(log)
    task = log.submit(callback_url=url, metadata={"user_id": "eden"})
    epoch = worker.assignment(task).lease_epoch
    worker.start(task, epoch)
    log.send(task, worker.completion(epoch))
    log.await_fact(task, "task.completed")
    worker.die()
    return task


def cancelled(log: Webhooks, url: str) -> str:
    """A task that ended without a worker."""
    task = log.submit(callback_url=url)
    log.send(task, CancelTask(reason="enough"))
    log.await_fact(task, "task.cancelled")
    return task


def test_the_end_of_a_task_is_told_once_and_signed(running: Webhooks) -> None:
    with Receiver() as receiver:
        done, quiet = completed(running, f"{receiver.url}/done?x=1"), running.submit()
        running.send(quiet, CancelTask())
        called_off = cancelled(running, f"{receiver.url}/off")
        running.await_try(done, WebhookDelivered)
        running.await_try(called_off, WebhookDelivered)
        (call,) = receiver.got(1, path="/done?x=1")
        (off,) = receiver.got(1, path="/off")

    assert call.signed_with(running.secret)
    assert not call.signed_with("whsec_" + "A" * 44)
    assert abs(int(call.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert call.told["type"] == "task.completed"
    assert call.told["data"]["task_id"] == done
    assert call.told["data"]["final_result"] == "done"
    assert call.told["data"]["metadata"] == {"user_id": "eden"}
    assert off.told["type"] == "task.cancelled"
    assert off.told["data"]["reason"] == "enough"
    assert running.of(quiet) == []
    assert (running.folder / "home" / "webhooks.secret").stat().st_mode & 0o777 == 0o600


def test_a_receiver_that_fails_is_tried_again_and_one_that_is_gone_is_not(running: Webhooks) -> None:

    def answer(call: Call) -> int:
        if call.path == "/gone":
            return 410
        return 500 if len([c for c in receiver.calls if c.path == call.path]) < 3 else 200

    with Receiver(answer) as receiver:
        task = cancelled(running, f"{receiver.url}/hook")
        gone = cancelled(running, f"{receiver.url}/gone")
        running.await_try(task, WebhookDelivered)
        running.await_try(gone, WebhookAbandoned)
        calls = receiver.got(3, path="/hook")

    assert len({call.message for call in calls}) == 1
    assert len({call.body for call in calls}) == 1
    assert [type(fact) for fact in running.of(task)] == [WebhookFailed, WebhookFailed, WebhookDelivered]
    assert len(running.of(gone)) == 1


def test_killed_after_a_call_and_before_its_fact_the_message_comes_again_under_its_id(log: Webhooks) -> None:
    processor = log.processor(**FAST)
    struck = threading.Event()

    def answer(_: Call) -> int:
        if not struck.is_set():
            struck.set()
            processor.stop(signal.SIGKILL)
        return 204

    with Receiver(answer) as receiver:
        task = log.submit(callback_url=f"{receiver.url}/hook")
        log.send(task, CancelTask())
        assert struck.wait(20)
        assert log.of(task) == []
        log.processor("b", **FAST)
        log.await_try(task, WebhookDelivered)
        first, second = receiver.got(2)

    assert first.message == second.message
    assert first.body == second.body


def test_private_addresses_are_refused_and_a_redrive_after_a_change_of_mind_delivers(log: Webhooks) -> None:
    strict = log.processor()
    with Receiver() as receiver:
        task = cancelled(log, f"{receiver.url}/hook")
        (refused,) = log.await_try(task, WebhookAbandoned)
        letter = until(lambda: list(log.dead), 10, what="a dead letter")[0]
        assert receiver.calls == []
        strict.stop()

        log.processor("b", **FAST)
        place = _place_of(log, letter)
        act = DeadLetterRedriven(letter=place, by="operator", recorded_at=datetime.now(UTC))
        log.publisher.send(log.topics.dead_letters, task, encode(act)).result(10)
        log.await_try(task, WebhookDelivered)
        (call,) = receiver.got(1)

    assert isinstance(refused, WebhookAbandoned)
    assert refused.attempt == 0
    assert "GOALTRAIL_WEBHOOKS__ALLOW" in letter.reason
    assert letter.reader == "webhooks"
    assert call.body == b64decode(letter.value_base64 or "")
    assert json.loads(call.body)["data"]["status"] == "CANCELLED"
    assert [type(fact) for fact in log.of(task)] == [WebhookAbandoned, WebhookRedriven, WebhookDelivered]
    assert len(log.dead) == 1


def test_a_receiver_that_hangs_holds_up_nobody_else(running: Webhooks) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hole, Receiver() as receiver:
        for _ in range(12):
            running.send(
                hung := running.submit(callback_url=f"http://127.0.0.1:{hole.getsockname()[1]}/"), CancelTask()
            )
            running.await_fact(hung, "task.cancelled")
        task = cancelled(running, f"{receiver.url}/hook")
        receiver.got(1, timeout=5.0)
        running.await_try(task, WebhookDelivered, timeout=5.0)
        assert running.of(hung) == []


def test_tries_end_and_an_escalation_is_told(running: Webhooks) -> None:
    with Receiver(lambda _: 503) as receiver:
        worker = Worker(running)
        task = running.submit(callback_url=receiver.url)
        epoch = worker.assignment(task).lease_epoch
        worker.start(task, epoch)
        running.send(task, worker.failure(epoch, "Timeout 30000ms exceeded"))
        running.await_fact(task, "task.escalated")
        running.await_try(task, WebhookAbandoned)
        until(
            lambda: [x for x in list(running.dead) if b64decode(x.key_base64 or "") == task.encode()],
            10,
            what="a letter",
        )
        calls = receiver.got(3)
        worker.die()

    assert calls[0].told["type"] == "task.escalated"
    assert calls[0].told["data"]["error_message"] == "Timeout 30000ms exceeded"
    assert len(calls) == 3


def _place_of(log: Webhooks, letter: DeadLetter) -> str:
    """Where that letter lies on the log."""
    from confluent_kafka import Consumer, TopicPartition

    topic = log.topics.dead_letters
    consumer = Consumer({**log.connection, "group.id": "never-joined", "auto.offset.reset": "earliest"})
    try:
        consumer.assign([TopicPartition(topic, p, 0) for p in range(log.topics.partitions)])

        def found() -> str | None:
            message = consumer.poll(0.2)
            if message is None or message.error() is not None or decode_dead_letter(message.value()) != letter:
                return None
            return f"{topic}:{message.partition()}:{message.offset()}"

        return str(until(found, 10, what="the dead letter's place"))
    finally:
        consumer.close()
