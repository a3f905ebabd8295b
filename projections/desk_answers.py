"""What queries of the desk answer with: escalations, dead letters, webhooks; frozen, with aware UTC times. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Json = Any  #: a decoded JSON value
LetterState = Literal["open", "redriven", "discarded"]
WebhookState = Literal["pending", "delivered", "abandoned"]


@dataclass(frozen=True, slots=True)
class LastStep:
    """One of the last steps before a human was asked."""

    number: int
    action: str
    result: str
    error_details: str | None
    artifacts: list[Json]  #: `{"kind": ..., "sha256": ...}`


@dataclass(frozen=True, slots=True)
class EscalationAnswer:
    """A task that needs, or needed, a human."""

    task_id: str
    goal: str
    site_url: str
    priority: int
    queue: str
    error_type: str
    error_message: str
    evidence: Json
    escalated_at: datetime
    operator: str | None  #: who took it on, or resolved it
    claimed_at: datetime | None
    attempts: int
    recovery_attempts: int
    last_url: str | None
    last_steps: list[LastStep]  #: at most five, in order
    resolution: str | None  #: `retry`, `complete` or `cancel`; none while it is open
    note: str | None
    hints: str | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class EscalationPage:
    """Open escalations: the most urgent first, then the oldest; and how many there are in all."""

    escalations: list[EscalationAnswer]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class LetterAct:
    """What an operator did about a dead letter."""

    type: str  #: `dead_letter.redriven` or `dead_letter.discarded`
    by: str
    note: str
    redriven_to: str | None  #: `topic:partition:offset` of the record as it was sent again
    at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetterAnswer:
    """A record nobody could process, and why."""

    letter: str  #: `topic:partition:offset` of the dead letter itself; what acts name
    topic: str  #: of the original, as partition and offset
    partition: int
    offset: int
    reason: str
    error: str  #: class of the error
    reader: str  #: which consumer gave up
    key: str | None  #: base64
    value: str | None  #: base64 of at most 128 KiB
    text: str | None  #: the value, when it is JSON in UTF-8 and whole
    value_bytes: int  #: of the whole original
    recorded_at: datetime
    state: LetterState  #: by the newest act
    acts: list[LetterAct]  #: oldest first


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """A page of dead letters, newest first, and how many there are in all."""

    dead_letters: list[DeadLetterAnswer]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """One message to a task's `callback_url`."""

    task_id: str
    message_id: str
    about: str  #: `event_id` of the task fact it tells of
    url: str
    state: WebhookState
    attempts: int
    last_error: str | None
    http_status: int | None  #: of the last answer
    next_at: datetime | None  #: of the next try, while it is pending
    updated_at: datetime
