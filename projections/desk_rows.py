"""Workers, orders, webhooks and dead letters as rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter

from events.dead_letter import DeadLetter, DeadLetterDiscarded, DeadLetterRedriven
from events.worker import WorkerAlive
from projections.records import Record
from projections.task_row import Row, json_text, utc

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the store keeps UTC without zone


@dataclass(slots=True)
class OrderRow:
    """A row of `orders`, in the table's order."""

    subject: str
    version: int = 0
    last_event_id: str | None = None
    is_queue: bool = False
    paused: bool = False
    pause_reason: str | None = None
    ceilings: str | None = None  #: JSON
    drained: bool = False
    drained_reason: str | None = None
    updated_at: datetime | None = None


@dataclass(slots=True)
class WebhookRow:
    """A row of `webhooks`, in the table's order."""

    message_id: str
    task_id: str
    about: str
    url: str
    state: str = "pending"
    attempts: int = 0
    last_error: str | None = None
    http_status: int | None = None
    next_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


order_columns = attrgetter(*(field.name for field in fields(OrderRow)))
webhook_columns = attrgetter(*(field.name for field in fields(WebhookRow)))


def worker_row(alive: WorkerAlive, at_ms: int | None) -> Row:
    """As a row of `workers`; seen when the broker says, as clocks of workers may be wrong."""
    seen = utc(alive.sent_at) if at_ms is None else _EPOCH + timedelta(milliseconds=at_ms)
    return (alive.worker, alive.capacity, json_text(alive.queues), alive.software, alive.host, seen)


def letter_row(record: Record, letter: DeadLetter) -> Row:
    """As a row of `dead_letters`."""
    own = f"{record.place.topic}:{record.place.partition}:{record.offset}"
    original = (letter.topic, letter.partition, letter.offset)
    why = (letter.reason, letter.error, letter.reader)
    body = (letter.key_base64, letter.value_base64, letter.value_bytes)
    return (own, *original, *why, *body, utc(letter.recorded_at))


def letter_act_row(record: Record, act: DeadLetterRedriven | DeadLetterDiscarded) -> Row:
    """As a row of `dead_letter_acts`."""
    to = act.redriven_to if isinstance(act, DeadLetterRedriven) else None
    return (
        act.letter,
        record.place.partition,
        record.offset,
        act.type,
        act.by,
        act.note,
        to,
        utc(act.recorded_at),
    )
