"""Plays the lifecycle agent towards a real runner: writes its inbox, reads its commands, steps and heartbeats."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from events.codec import decode, decode_command, decode_step, encode
from events.commands import CommandEnvelope, RenewLease, StartTask, WorkerCommand
from events.envelope import StepEnvelope
from events.facts import TaskSubmitted
from events.failure import ErrorType
from events.partitioner import partition_of
from events.topics import Topics
from events.worker import (
    Assignment,
    InboxEnvelope,
    InboxMessage,
    LeaseConfirmed,
    StartConfirmed,
    WorkerAlive,
)
from producers.admin import ensure_topics
from producers.follower import TopicFollower
from producers.kafka import KafkaPublisher
from producers.task_ids import new_task_id
from tests.wait import until

C = TypeVar("C", bound=WorkerCommand)
LEASE_MS = 3_000


class Agent:
    """Answers starts and renewals by itself unless told not to."""

    def __init__(self, bootstrap: str) -> None:
        connection = {"bootstrap.servers": bootstrap, "log_level": 2}
        self.topics = Topics(f"t{uuid.uuid4().hex[:8]}.", 3)
        ensure_topics(connection, self.topics)
        self.publisher = KafkaPublisher(connection)
        self.commands: list[CommandEnvelope] = []
        self.steps: list[StepEnvelope] = []
        self.alive: list[WorkerAlive] = []
        self.answers_starts = self.answers_renewals = True
        self._versions: dict[str, int] = {}
        self._lock = threading.Lock()
        self._followers = [
            TopicFollower(connection, self.topics.task_commands, self._command, since="beginning"),
            TopicFollower(connection, self.topics.step_events, self._step, since="beginning"),
            TopicFollower(connection, self.topics.workers_alive, self._alive, since="beginning"),
        ]
        for follower in self._followers:
            follower.start()

    def close(self) -> None:
        for follower in self._followers:
            follower.close()
        self.publisher.close()

    def settings(self, bootstrap: str, home: Any) -> dict[str, str]:
        """The environment of a runner on this log."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "GOALTRAIL_KAFKA__PREFIX": self.topics.prefix,
            "GOALTRAIL_KAFKA__PARTITIONS": "3",
            "GOALTRAIL_HOME": str(home),
            "GOALTRAIL_BROWSER__CAPACITY": "3",
            "GOALTRAIL_BROWSER__ALLOWED": '["127.0.0.0/8"]',
        }

    def worker(self) -> str:
        """The newest worker that said it lives."""
        until(lambda: self.alive, 20, what="a heartbeat")
        return self.alive[-1].worker

    def say(self, worker: str, task_id: str, epoch: int, message: InboxMessage, command_id: str | None = None) -> None:
        with self._lock:
            version = self._versions[task_id] = self._versions.get(task_id, 1) + 1
        note = InboxEnvelope(
            worker=worker, task_id=task_id, lease_epoch=epoch, version=version, command_id=command_id, message=message
        )
        self.publisher.send(self.topics.inbox, worker, encode(note)).result(10)

    def assign(
        self,
        worker: str,
        goal: str,
        site_url: str,
        *,
        task_id: str | None = None,
        epoch: int = 1,
        steps_offset: int | None = None,
        **fields: Any,
    ) -> str:
        """Give a task to the worker."""
        task_id = task_id or new_task_id()
        message = Assignment(
            goal=TaskSubmitted(goal=goal, site_url=site_url, **fields),
            attempt=epoch,
            lease_ms=LEASE_MS,
            timeout_seconds=60,
            steps_offset=steps_offset,
            error_type=ErrorType.RUNNER_LOST if epoch > 1 else None,
        )
        self.say(worker, task_id, epoch, message)
        return task_id

    def of(self, task_id: str, kind: type[C]) -> list[C]:
        """The commands of one kind about a task."""
        mine = [envelope.command for envelope in self.commands if envelope.task_id == task_id]
        return [command for command in mine if isinstance(command, kind)]

    def heard(self, task_id: str, kind: type[C], timeout: float = 20) -> C:
        """The first command of one kind about a task."""
        return until(lambda: self.of(task_id, kind), timeout, what=f"{kind.__name__} of {task_id}")[0]

    def steps_of(self, task_id: str) -> list[StepEnvelope]:
        return [step for step in self.steps if step.task_id == task_id]

    def partition(self, task_id: str) -> int:
        return partition_of(task_id, self.topics.partitions)

    def _command(self, body: bytes) -> None:
        envelope = decode_command(body)
        self.commands.append(envelope)
        command = envelope.command
        if isinstance(command, StartTask) and self.answers_starts:
            deadline = datetime.now(UTC) + timedelta(minutes=1)
            message: InboxMessage = StartConfirmed(deadline=deadline)
        elif isinstance(command, RenewLease) and self.answers_renewals:
            message = LeaseConfirmed()
        else:
            return
        self.say(command.worker, envelope.task_id, command.lease_epoch, message, envelope.command_id)

    def _step(self, body: bytes) -> None:
        step = decode_step(body)
        assert isinstance(step, StepEnvelope)
        self.steps.append(step)

    def _alive(self, body: bytes) -> None:
        self.alive.append(decode(WorkerAlive, body))
