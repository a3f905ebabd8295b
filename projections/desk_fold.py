"""What operators' orders and tries of webhooks change. Pure."""

from __future__ import annotations

from typing import assert_never

from events.queues import (
    CeilingsSet,
    DispatchEnvelope,
    DispatchFact,
    QueuePaused,
    QueueResumed,
    WorkerDrained,
    WorkerResumed,
)
from events.webhooks import WebhookAbandoned, WebhookDelivered, WebhookEnvelope, WebhookFailed, WebhookRedriven
from projections.desk_rows import OrderRow, WebhookRow
from projections.records import Tally
from projections.task_row import json_text, utc


def fold_order(stored: dict[str, OrderRow], changed: dict[str, OrderRow], tally: Tally, fact: DispatchEnvelope) -> None:
    """Take an order's fact if it follows the one before of its subject."""
    row = stored.get(fact.subject) or OrderRow(fact.subject)
    if fact.follows != row.last_event_id or fact.version != row.version + 1:
        tally.strays += 1
        return
    tally.taken += 1
    row.version, row.last_event_id, row.updated_at = fact.version, fact.event_id, utc(fact.recorded_at)
    _ordered(row, fact.event)
    stored[fact.subject] = changed[fact.subject] = row


def _ordered(row: OrderRow, event: DispatchFact) -> None:
    match event:
        case QueuePaused():
            row.is_queue, row.paused, row.pause_reason = True, True, event.reason or None
        case QueueResumed():
            row.is_queue, row.paused, row.pause_reason = True, False, None
        case CeilingsSet():
            row.is_queue, row.ceilings = True, json_text(event.ceilings)
        case WorkerDrained():
            row.drained, row.drained_reason = True, event.reason or None
        case WorkerResumed():
            row.drained, row.drained_reason = False, None
        case _:
            assert_never(event)


def fold_webhook(stored: dict[str, WebhookRow], task_id: str, fact: WebhookEnvelope) -> WebhookRow:
    """The message's row after the fact; a delivered one is only moved by an operator, and none by a try told again."""
    at = utc(fact.recorded_at)
    row = stored.get(fact.message_id)
    if row is None:
        row = WebhookRow(fact.message_id, task_id, fact.about, fact.url, created_at=at)
        stored[fact.message_id] = row
    event = fact.event
    if not isinstance(event, WebhookRedriven) and (row.state == "delivered" or event.attempt < row.attempts):
        return row
    row.updated_at = at
    match event:
        case WebhookDelivered():
            row.state, row.attempts, row.next_at = "delivered", event.attempt, None
            row.last_error, row.http_status = None, event.http_status
        case WebhookFailed():
            row.state, row.attempts, row.next_at = "pending", event.attempt, utc(event.retry_at)
            row.last_error, row.http_status = event.error, event.http_status
        case WebhookAbandoned():
            row.state, row.attempts, row.next_at = "abandoned", event.attempt, None
            row.last_error, row.http_status = event.error, event.http_status
        case WebhookRedriven():
            row.state, row.next_at = "pending", at
        case _:
            assert_never(event)
    return row
