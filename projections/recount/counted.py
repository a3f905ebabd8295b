"""Everything the tables should hold, counted from the records of the log one by one. Pure.

Records may come in any order of partitions; within one they come as they lie. Sums are made at the end, from the rows.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from events.codec import decode, decode_dead_letter, decode_fact, decode_step
from events.dead_letter import DeadLetter
from events.envelope import Envelope, StepEnvelope, UnknownEnvelope
from events.errors import UndecodableRecord
from events.queues import (
    CeilingsSet,
    DispatchEnvelope,
    QueuePaused,
    QueueResumed,
    WorkerDrained,
    WorkerResumed,
)
from events.steps import CostReported, StepExecuted
from events.topics import Topics
from events.webhooks import WebhookAbandoned, WebhookDelivered, WebhookEnvelope, WebhookFailed, WebhookRedriven
from events.worker import WorkerAlive
from projections.recount.paths import CountedPaths
from projections.recount.story import Cells, Story, microseconds, naive

Key = tuple[Any, ...]
Rows = dict[Key, Cells]
Place = tuple[str, int]
_NANO = Decimal("1e-9")
#: Restated, as a recount shares no code with the folds.
_PRICE_TIERS = (32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 524_288)


@dataclass(slots=True)
class Counted:
    """The recount as far as it has come."""

    topics: Topics
    stories: dict[str, Story] = field(default_factory=dict)
    facts: dict[tuple[str, int], tuple[Envelope | UnknownEnvelope, int, int, str]] = field(default_factory=dict)
    steps: dict[tuple[str, str], StepEnvelope] = field(default_factory=dict)  #: by task and event
    workers: Rows = field(default_factory=dict)
    letters: Rows = field(default_factory=dict)
    letter_acts: Rows = field(default_factory=dict)
    webhooks: Rows = field(default_factory=dict)
    orders: dict[str, Cells] = field(default_factory=dict)
    paths: CountedPaths = field(default_factory=CountedPaths)
    tallies: dict[Place, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ends: dict[Place, int] = field(default_factory=dict)

    def take(self, place: Place, offset: int, timestamp_ms: int, value: bytes | None) -> None:
        """One record."""
        self.ends[place] = offset + 1
        try:
            kind = self._sorted(place, offset, timestamp_ms, value)
        except (UndecodableRecord, ValidationError, ValueError):
            kind = "undecodable"
        self.tallies[place][kind] += 1

    def _sorted(self, place: Place, offset: int, timestamp_ms: int, value: bytes | None) -> str:
        topics = self.topics
        match place[0]:
            case topics.task_events:
                return self._fact(place, offset, value)
            case topics.step_events:
                return self._step(value)
            case topics.queue_events:
                return self._order(value)
            case topics.path_events:
                return self.paths.take(value)
            case topics.webhook_events:
                return self._webhook(value)
            case topics.workers_alive:
                return self._worker(value, timestamp_ms)
            case _:
                return self._letter(place, offset, value)

    def _fact(self, place: Place, offset: int, value: bytes | None) -> str:
        fact = decode_fact(value)
        task_id = str(UUID(fact.task_id))
        story = self.stories.get(task_id) or Story(task_id)
        if not story.continues(fact):
            return "strays"
        self.stories[task_id] = story
        story.tell(fact)
        self.facts[task_id, fact.version] = (fact, place[1], offset, (value or b"").decode())
        self.tallies[place]["unknown"] += int(isinstance(fact, UnknownEnvelope))
        return "taken"

    def _step(self, value: bytes | None) -> str:
        record = decode_step(value)
        if not isinstance(record, StepEnvelope):
            return "unknown"
        if not isinstance(record.event, StepExecuted | CostReported):
            return "taken"
        if not 0 <= record.event.cost <= 1e8:  # noqa: PLR2004 - what nobody could have spent
            raise UndecodableRecord("cost")
        key = (str(UUID(record.task_id)), record.event_id)
        if key in self.steps:
            return "repeats"
        self.steps[key] = record
        return "taken"

    def _worker(self, value: bytes | None, timestamp_ms: int) -> str:
        alive = decode(WorkerAlive, value)
        seen = datetime.fromtimestamp(timestamp_ms / 1_000, UTC).replace(tzinfo=None)
        self.workers[alive.worker,] = {
            "worker": alive.worker,
            "capacity": alive.capacity,
            "queues": alive.queues,
            "software": alive.software,
            "host": alive.host,
            "last_seen": seen,
        }
        return "taken"

    def _letter(self, place: Place, offset: int, value: bytes | None) -> str:
        record = decode_dead_letter(value)
        if isinstance(record, DeadLetter):
            letter = f"{place[0]}:{place[1]}:{offset}"
            cells = {"letter": letter, **record.model_dump(exclude={"recorded_at"})}
            self.letters[letter,] = {**cells, "recorded_at": naive(record.recorded_at)}
            return "taken"
        cells = {"letter": record.letter, "partition": place[1], "offset": offset, "type": record.type}
        cells |= {"operator": record.by, "note": record.note, "redriven_to": getattr(record, "redriven_to", None)}
        self.letter_acts[place[1], offset] = {**cells, "recorded_at": naive(record.recorded_at)}
        return "taken"

    def _webhook(self, value: bytes | None) -> str:
        record = decode(WebhookEnvelope, value)
        at, event = naive(record.recorded_at), record.event
        known = self.webhooks.get((record.message_id,), {"created_at": at, "attempts": 0})
        if getattr(event, "attempt", math.inf) < known["attempts"] or (
            known.get("state") == "delivered" and not isinstance(event, WebhookRedriven)
        ):
            return "taken"  # told again: it is known how that went on
        cells = {**known, "message_id": record.message_id, "task_id": str(UUID(record.task_id)), "updated_at": at}
        cells |= {"about": record.about, "url": record.url, "next_at": None}
        match event:
            case WebhookDelivered():
                cells |= {"state": "delivered", "last_error": None, "http_status": event.http_status}
            case WebhookFailed():
                cells |= {"state": "pending", "last_error": event.error, "http_status": event.http_status}
                cells["next_at"] = naive(event.retry_at)
            case WebhookAbandoned():
                cells |= {"state": "abandoned", "last_error": event.error, "http_status": event.http_status}
            case _:
                cells = {"last_error": None, "http_status": None, **cells, "state": "pending", "next_at": at}
        cells["attempts"] = max(known["attempts"], getattr(event, "attempt", 0))
        self.webhooks[record.message_id,] = cells
        return "taken"

    def _order(self, value: bytes | None) -> str:
        fact = decode(DispatchEnvelope, value)
        blank = {"version": 0, "last_event_id": None, "is_queue": False, "paused": False, "pause_reason": None}
        blank |= {"ceilings": None, "drained": False, "drained_reason": None}
        cells = self.orders.get(fact.subject, {"subject": fact.subject, **blank})
        if fact.follows != cells["last_event_id"] or fact.version != cells["version"] + 1:
            return "strays"
        cells |= {"version": fact.version, "last_event_id": fact.event_id, "updated_at": naive(fact.recorded_at)}
        match fact.event:
            case QueuePaused():
                cells |= {"paused": True, "pause_reason": fact.event.reason or None}
            case QueueResumed():
                cells |= {"paused": False, "pause_reason": None}
            case CeilingsSet():
                cells["ceilings"] = fact.event.ceilings.model_dump()
            case WorkerDrained():
                cells |= {"drained": True, "drained_reason": fact.event.reason or None}
            case WorkerResumed():
                cells |= {"drained": False, "drained_reason": None}
        cells["is_queue"] = cells["is_queue"] or fact.event.type.startswith("queue.")
        self.orders[fact.subject] = cells
        return "taken"

    def task_ids(self) -> set[str]:
        """Of all tasks that any record is about."""
        return self.stories.keys() | {key[0] for key in self.steps}

    def tables(self) -> dict[str, Rows]:
        """Every table, its rows by key."""
        stories = self.stories.values()
        return {
            "tasks": {(story.task_id,): story.row() for story in stories},
            "facts": self._facts(),
            "recoveries": _keyed((cells for story in stories for cells in story.recoveries), "task_id", "number"),
            "recovery_outcomes": _keyed(
                (cells for story in stories for cells in story.recovery_outcomes), "task_id", "number"
            ),
            "escalations": _keyed((cells for story in stories for cells in story.escalations), "task_id", "number"),
            "escalation_acts": _keyed((cells for story in stories for cells in story.acts), "task_id", "act"),
            "escalation_steps": self._steps_of_escalated(),
            "execution_log": self._execution_log(),
            "costs": self._costs(),
            "task_totals": self._totals(),
            "daily_tasks": self._daily_tasks(),
            "daily_spend": self._daily_spend(),
            "orders": {(subject,): cells for subject, cells in self.orders.items()},
            "workers": self.workers,
            "webhooks": self.webhooks,
            "navigation_paths": self.paths.rows(),
            "navigation_path_editions": self.paths.editions(),
            "navigation_path_events": self.paths.events(),
            "dead_letters": self.letters,
            "dead_letter_acts": self.letter_acts,
            "projection_offsets": self._offsets(),
        }

    def _facts(self) -> Rows:
        rows: Rows = {}
        for (task_id, version), (fact, partition, offset, record) in self.facts.items():
            cells = {"task_id": task_id, "version": version, "event_id": fact.event_id, "type": fact.event.type}
            cells |= {"recorded_at": naive(fact.recorded_at), "caused_by": fact.caused_by, "record": record}
            cells |= {"causation_id": fact.causation_id, "partition": partition, "offset": offset}
            rows[task_id, version] = cells
        return rows

    def _execution_log(self) -> Rows:
        rows: Rows = {}
        for (task_id, event_id), record in self.steps.items():
            if isinstance(record.event, StepExecuted):
                said = record.event.model_dump(mode="json", exclude={"type", "cost"})
                said |= {"cost": _usd(record.event.cost), "worker": record.worker, "lease_epoch": record.lease_epoch}
                said |= {"task_id": task_id, "event_id": event_id, "created_at": naive(record.recorded_at)}
                rows[task_id, event_id] = said
        return rows

    def _steps_of_escalated(self) -> Rows:
        steps = self._execution_log().items()
        return {key: cells for key, cells in steps if (story := self.stories.get(key[0])) and story.escalations}

    def _costs(self) -> Rows:
        rows: Rows = {}
        for (task_id, event_id), record in self.steps.items():
            if isinstance(record.event, CostReported):
                said = record.event.model_dump(mode="json", exclude={"type", "cost"})
                said |= {"cost": _usd(record.event.cost), "reported_by": record.worker, "task_id": task_id}
                rows[task_id, event_id] = {**said, "event_id": event_id, "created_at": naive(record.recorded_at)}
        return rows

    def _totals(self) -> Rows:
        rows: Rows = {}
        for (task_id, _), record in self.steps.items():
            blank = {"task_id": task_id, "total_steps": 0, "step_cost": Decimal(0), "reported_cost": Decimal(0)}
            cells = rows.setdefault((task_id,), {**blank, "input_tokens": 0, "output_tokens": 0})
            step = isinstance(record.event, StepExecuted)
            cells["total_steps"] += int(step)
            cells["step_cost" if step else "reported_cost"] += _usd(record.event.cost)  # type: ignore[union-attr]
            cells["input_tokens"] += record.event.input_tokens  # type: ignore[union-attr]
            cells["output_tokens"] += record.event.output_tokens  # type: ignore[union-attr]
        return rows

    def _daily_tasks(self) -> Rows:
        rows: Rows = {}
        for story in self.stories.values():
            cells, ended = story.cells, story.cells["completed_at"]
            if ended is None:
                continue
            key = (ended.date(), cells["status"])
            names = ("tasks", "timed", "time_us", "cached", "recovery_attempts", "recoveries_succeeded")
            sums = rows.setdefault(key, {"day": key[0], "status": key[1], **dict.fromkeys(names, 0)})
            started = cells["started_at"]
            sums["tasks"] += 1
            sums["timed"] += int(started is not None)
            sums["time_us"] += 0 if started is None else max(0, microseconds(started, ended))
            sums["cached"] += int(cells["cached_path_used"])
            sums["recovery_attempts"] += cells["recovery_attempts"]
            sums["recoveries_succeeded"] += cells["recoveries_succeeded"]
        return rows

    def _daily_spend(self) -> Rows:
        rows: Rows = {}
        for (task_id, _), record in self.steps.items():
            story = self.stories.get(task_id)
            ended = None if story is None else story.cells["completed_at"]
            if story is None or ended is None or not isinstance(record.event, StepExecuted | CostReported):
                continue
            event = record.event
            provider = event.ai_used if isinstance(event, StepExecuted) else event.ai_provider
            key = (ended.date(), story.status, provider, event.model, *_priced_by(record))
            names = ("day", "status", "ai_used", "model", "used_at", "input_above")
            blank = {**dict(zip(names, key, strict=True)), "items": 0, "cost": Decimal(0)}
            sums = rows.setdefault(key, {**blank, "input_tokens": 0, "output_tokens": 0})
            sums["items"] += 1
            sums["cost"] += _usd(event.cost)
            sums["input_tokens"] += event.input_tokens
            sums["output_tokens"] += event.output_tokens
        return rows

    def _offsets(self) -> Rows:
        names = ("taken", "strays", "repeats", "unknown", "undecodable")
        return {
            place: {
                "topic": place[0], "partition": place[1], "next_offset": end,
                **{name: self.tallies[place][name] for name in names},
            }
            for place, end in self.ends.items()
        }  # fmt: skip


def _keyed(rows: Iterator[Cells], *names: str) -> Rows:
    return {tuple(cells[name] for name in names): cells for cells in rows}


def _priced_by(record: StepEnvelope) -> tuple[datetime | None, int | None]:
    """The half hour and the price tier of what was used."""
    event = record.event
    if not isinstance(event, StepExecuted | CostReported) or not event.input_tokens + event.output_tokens:
        return None, None
    at = naive(record.recorded_at)
    return at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0), max(
        (tier for tier in _PRICE_TIERS if tier < event.input_tokens), default=0
    )


def _usd(cost: float) -> Decimal:
    return (Decimal(round(cost * 1_000_000_000)) * _NANO).quantize(_NANO)
