"""The API over an in-memory log, an outcome desk answered by the test, and readings that hold what the test puts there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx

from api.access import KeyRing, new_key
from api.app import create_app
from api.keys import admit_operator
from api.parts import Parts, Probes
from events.codec import decode, decode_command
from events.commands import CommandEnvelope
from events.outcome import Outcome
from events.queues import DispatchCommandEnvelope
from events.task import Status
from events.topics import Topics
from producers.artifacts import ArtifactStore
from producers.memory import InMemoryPublisher
from producers.outcomes import OutcomeDesk
from producers.publisher import Placement
from projections.answers import ExecutionLog, RecoveryAnswer, StepAnswer, TaskAnswer, TaskPage, TaskSummary
from projections.desk_answers import DeadLetterAnswer, DeadLetterPage, EscalationAnswer, EscalationPage, WebhookAnswer
from projections.needed_files import NeededFiles
from projections.path_queries import EditionAnswer, PathAnswer, PathPage
from projections.price_queries import PriceAnswer
from projections.queue_answers import GroupBy, Metrics, QueueStatus, WorkerAnswer
from projections.timeline_queries import FactAnswer
from tests.unit.api import samples

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
OLD_ID = "018f0000-0000-7000-8000-000000000001"
GOAL = {"goal": "Register Eden", "site_url": "https://swim.example"}


def a_task(task_id: str = OLD_ID, **changes: Any) -> TaskAnswer:
    """A task as the readings answer it."""
    blank = dict.fromkeys(TaskAnswer.__dataclass_fields__)
    known = {
        "id": task_id, "goal": "Register Eden", "site_url": "https://swim.example", "status": Status.PENDING,
        "priority": 5, "timeout_minutes": 30.0, "metadata": {}, "inputs": {}, "secrets": {}, "success_indicators": [],
        "plan": [], "planned_steps": 0, "max_steps": 20, "queue": "default", "submitted_by": "api:x", "created_at": NOW,
        "queued_at": NOW, "attempts": 0, "lease_epoch": 0, "recovery_attempts": 0, "cached_path_used": False,
        "cache_time_saved_seconds": 0.0, "version": 1, "last_event_id": "e", "updated_at": NOW, "total_steps": 0,
        "total_cost": 0.0,
        "unpriced_tokens": 0,
    }  # fmt: skip
    return TaskAnswer(**{**blank, **known, **changes})


def a_step(number: int = 1, **changes: Any) -> StepAnswer:
    """A step as the readings answer it."""
    known = {
        "task_id": OLD_ID, "step_number": number, "action": "click", "ai_level": 0, "ai_used": "rules",
        "level_reason": "", "model": None, "input_tokens": 0, "output_tokens": 0, "duration_ms": 12.5, "cost": 0.0,
        "result": "success", "error_type": None, "error_details": None, "url": "", "irreversible": False,
        "artifacts": [], "worker": "w", "lease_epoch": 1, "created_at": NOW,
    }  # fmt: skip
    return StepAnswer(**{**known, **changes})


@dataclass
class FakeReadings:
    """Readings that hold what the test puts there, and remember what they were asked."""

    tasks: dict[str, TaskAnswer] = field(default_factory=dict)
    steps: list[StepAnswer] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    after: dict[str, int] = field(default_factory=dict)  #: task id -> how many looks miss it
    decided: set[str] = field(default_factory=set)  #: commands whose facts are read
    known_paths: list[PathAnswer] = field(default_factory=list)
    editions: dict[str, list[EditionAnswer]] = field(default_factory=dict)
    status: QueueStatus = field(default_factory=samples.queue_status)
    heard: list[WorkerAnswer] = field(default_factory=list)
    escalated: dict[str, EscalationAnswer] = field(default_factory=dict)
    letters: dict[str, DeadLetterAnswer] = field(default_factory=dict)
    needed: NeededFiles = field(default_factory=lambda: NeededFiles(None, None, frozenset()))

    def get_task(self, task_id: str) -> TaskAnswer | None:
        missed = self.after.get(task_id, 0)
        if missed:
            self.after[task_id] = missed - 1
            return None
        return self.tasks.get(task_id)

    def list_tasks(self, **asked: Any) -> TaskPage:
        self.asked.append(asked)
        shown = [
            TaskSummary(t.id, t.goal, t.site_url, t.status, t.progress, t.total_cost, t.cached_path_used, t.created_at)
            for t in self.tasks.values()
        ]
        return TaskPage(shown, len(shown), asked["limit"], asked["offset"])

    def execution_log(self, task_id: str, **asked: Any) -> ExecutionLog:
        self.asked.append(asked)
        return ExecutionLog(task_id, self.steps, len(self.steps))

    def was_decided(self, task_id: str, command_id: str) -> bool:
        return task_id in self.tasks and command_id in self.decided

    def timeline(self, task_id: str, *, after_version: int = 0, limit: int = 1_000) -> list[FactAnswer]:
        told = FactAnswer(1, "e1", "task.submitted", NOW, "api:x", "c1", 3, 17, {"type": "task.submitted"})
        return [told] if task_id in self.tasks and after_version < 1 <= limit else []

    def task_as_of(
        self, task_id: str, *, moment: datetime | None = None, version: int | None = None
    ) -> TaskAnswer | None:
        there = moment is not None and moment >= NOW if version is None else version == 1
        return self.tasks.get(task_id) if there else None

    def facts_read(self) -> list[int]:
        return [0, 0, 0, 17]

    def facts_behind(self, reached: Sequence[int], *, limit: int = 500) -> list[tuple[str, FactAnswer]]:
        told = self.timeline(next(iter(self.tasks), ""))
        return [(task_id, fact) for task_id in self.tasks for fact in told if reached[3] <= fact.offset][:limit]

    def recoveries(self, task_id: str) -> list[RecoveryAnswer]:
        return [samples.recovery(task_id)]

    def webhooks(self, task_id: str) -> list[WebhookAnswer]:
        return [samples.webhook(task_id)]

    def queue_status(self, now: datetime) -> QueueStatus:
        self.asked.append({"now": now})
        return self.status

    def metrics(self, date_from: date, date_to: date, group_by: GroupBy) -> Metrics:
        self.asked.append({"date_from": date_from, "date_to": date_to, "group_by": group_by})
        return samples.metrics()

    def prices(self) -> list[PriceAnswer]:
        return samples.prices()

    def workers(self, now: datetime, *, include_gone: bool = False) -> list[WorkerAnswer]:
        del now
        return [worker for worker in self.heard if include_gone or worker.state != "gone"]

    def escalations(self, **asked: Any) -> EscalationPage:
        self.asked.append(asked)
        return EscalationPage(list(self.escalated.values()), len(self.escalated), asked["limit"], asked["offset"])

    def escalation(self, task_id: str) -> EscalationAnswer | None:
        return self.escalated.get(task_id)

    def dead_letters(self, **asked: Any) -> DeadLetterPage:
        self.asked.append(asked)
        return DeadLetterPage(list(self.letters.values()), len(self.letters), asked["limit"], asked["offset"])

    def dead_letter(self, letter: str) -> DeadLetterAnswer | None:
        return self.letters.get(letter)

    def paths(self, **asked: Any) -> PathPage:
        self.asked.append(asked)
        return PathPage(list(self.known_paths), len(self.known_paths), asked["limit"], asked["offset"])

    def paths_named(self, prefix: str) -> list[PathAnswer]:
        return [path for path in self.known_paths if path.path_key.startswith(prefix)]

    def path_editions(self, path_key: str) -> list[EditionAnswer]:
        return self.editions.get(path_key, [])

    def needed_files(self) -> NeededFiles:
        return self.needed


@dataclass
class AnsweringPublisher(InMemoryPublisher):
    """An in-memory log with somebody behind it who decides each command at once."""

    desk: OutcomeDesk = field(default_factory=OutcomeDesk)
    decide: Callable[[CommandEnvelope | DispatchCommandEnvelope], Outcome | None] = lambda _: None
    commands: list[CommandEnvelope] = field(default_factory=list)
    orders: list[DispatchCommandEnvelope] = field(default_factory=list)

    def send(self, topic: str, key: str, body: bytes) -> Any:
        placed = super().send(topic, key, body)
        sent: CommandEnvelope | DispatchCommandEnvelope
        if topic == self.topics.task_commands:
            sent = decode_command(body)
            self.commands.append(sent)
        elif topic == self.topics.queue_commands:
            sent = decode(DispatchCommandEnvelope, body)
            self.orders.append(sent)
        else:
            return placed
        outcome = self.decide(sent)
        if outcome is not None:
            self.desk.answer(outcome)
        return placed


@dataclass
class World:
    """The app and all that stands around it."""

    publisher: AnsweringPublisher
    readings: FakeReadings
    ring: KeyRing
    parts: Parts
    operator: str
    reached: list[str]
    http: httpx.AsyncClient

    def accepting(self, status: Status | None = Status.PENDING, **changes: Any) -> None:
        """Accept whatever is asked."""
        self.publisher.decide = lambda command: an_outcome(command, status=status, **changes)


def build() -> World:
    """A world with an operator who calls the app in this process."""
    topics = Topics()
    publisher = AnsweringPublisher(topics)
    readings, ring, operator = FakeReadings(), KeyRing(), new_key()
    admit_operator(ring, publisher, topics, operator)
    reached: list[str] = []

    def wait_until(fact: str, seconds: float) -> bool:
        del seconds
        if not fact.startswith(topics.prefix):
            raise ValueError(f"{fact!r} names a partition that is not read here")
        reached.append(fact)
        return not fact.endswith(":999")

    probes = Probes(lambda: True, lambda: 1, lambda: True, lambda: True, list)
    parts = Parts(
        topics, publisher, publisher.desk, ring, readings, wait_until, probes, 1.0, artifacts=ArtifactStore("memory://")
    )
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {operator}"}
    http = httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers)
    return World(publisher, readings, ring, parts, operator, reached, http)


def an_outcome(command: CommandEnvelope | DispatchCommandEnvelope, **changes: Any) -> Outcome:
    """The outcome of a command."""
    subject = command.task_id if isinstance(command, CommandEnvelope) else command.subject
    known: dict[str, Any] = {
        "command_id": command.command_id, "task_id": subject, "result": "accepted", "status": Status.PENDING,
        "fact": str(Placement("goaltrail.tasks.events", 3, 17)), "decided_at": NOW,
    }  # fmt: skip
    return Outcome(**{**known, **changes})
