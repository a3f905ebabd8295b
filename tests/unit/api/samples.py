"""Readings of the desk, the queues and the workers, as the API is handed them."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from typing import Any

from projections.answers import RecoveryAnswer
from projections.desk_answers import DeadLetterAnswer, EscalationAnswer, LastStep, LetterAct, WebhookAnswer
from projections.price_queries import PriceAnswer
from projections.queue_answers import (
    AiShare,
    Metrics,
    MetricsRow,
    MetricsSummary,
    QueueCeilings,
    QueueRow,
    QueueStatus,
    WorkerAnswer,
)

AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
LETTER = "goaltrail.dead-letters:3:41"


def queue_status(**changes: Any) -> QueueStatus:
    """One queue, nothing wrong."""
    row = QueueRow("default", paused=False, reason=None, ceilings=QueueCeilings(running=4), waiting=2, running=1)
    known = {
        "queue_depth": 2, "pending_tasks": 2, "running_tasks": 1, "paused_tasks": 0, "escalated_tasks": 0,
        "recovering_tasks": 0, "completed_today": 9, "failed_today": 1, "avg_wait_time_seconds": 1.5,
        "avg_completion_time_seconds": 42.0, "oldest_waiting_seconds": 3.0, "queues": [row],
    }  # fmt: skip
    return QueueStatus(**{**known, **changes})


def worker(name: str = "runner-1", **changes: Any) -> WorkerAnswer:
    """A worker that holds one task of the two it can."""
    known = {
        "worker": name, "host": "h", "software": "goaltrail 1", "queues": ["default"], "capacity": 2, "holding": 1,
        "load": 50.0, "state": "alive", "drained_reason": None, "last_seen": AT, "tasks": ["t"],
    }  # fmt: skip
    return WorkerAnswer(**{**known, **changes})


def metrics() -> Metrics:
    """One day."""
    summary = MetricsSummary(9, 1, 90.0, 12.0, 0.02, 0.2, 50.0, None)
    day = MetricsRow(date(2026, 11, 23), 9, 1, 12.0, 0.02, 50.0, 0, None)
    return Metrics(summary, [day], {"claude": AiShare(3, 0.2, None, 77, 0.2)})


def prices() -> list[PriceAnswer]:
    """A model whose price changed, and one without."""
    since, listed = datetime(2026, 10, 1, tzinfo=UTC), "anthropic/claude-sonnet-4-5"
    return [
        PriceAnswer("claude", "m", None, since, None, 0, 3.0, 15.0, 0.0, listed, "genai-prices 0.2.3", 1_200),
        PriceAnswer("claude", "m", since, None, "00:30-16:30", 200_000, 2.4, 12.0, 0.01, None, "prices file", 1_200),
        PriceAnswer("gemini", "gemini-x", None, None, None, 0, None, None, 0.0, None, "unknown", 77),
    ]


def escalation(task_id: str, **changes: Any) -> EscalationAnswer:
    """An open one that nobody has claimed."""
    shot = {"kind": "screenshot", "sha256": "ab" * 32}
    known = {
        "task_id": task_id, "goal": "Register Eden", "site_url": "https://swim.example", "priority": 8,
        "queue": "default", "error_type": "timeout", "error_message": "the page did not load",
        "evidence": {"url": "https://swim.example/x"}, "escalated_at": AT, "operator": None, "claimed_at": None,
        "attempts": 4, "recovery_attempts": 3, "last_url": "https://swim.example/x",
        "last_steps": [LastStep(4, "press Register", "error", "timeout", [shot])], "resolution": None, "note": None,
        "hints": None, "resolved_at": None,
    }  # fmt: skip
    return EscalationAnswer(**{**known, **changes})


def dead_letter(body: bytes, key: bytes | None = b"k", **changes: Any) -> DeadLetterAnswer:
    """One that is open, of a command that nobody could read."""
    known = {
        "letter": LETTER, "topic": "goaltrail.tasks.commands", "partition": 3, "offset": 17, "reason": "no command",
        "error": "UndecodableRecord", "reader": "lifecycle",
        "key": None if key is None else base64.b64encode(key).decode(), "value": base64.b64encode(body).decode(),
        "text": None, "value_bytes": len(body), "recorded_at": AT, "state": "open", "acts": [],
    }  # fmt: skip
    return DeadLetterAnswer(**{**known, **changes})


def act(kind: str = "dead_letter.redriven") -> LetterAct:
    """What an operator did."""
    return LetterAct(kind, "operator (api:x)", "", "goaltrail.tasks.commands:1:9", AT)


def recovery(task_id: str) -> RecoveryAnswer:
    """One that held."""
    strategy = "wait_and_retry"
    return RecoveryAnswer(task_id, 1, "timeout", "too late", strategy, True, True, {"url": "x"}, AT, AT, AT)


def webhook(task_id: str) -> WebhookAnswer:
    """One that is tried again."""
    return WebhookAnswer(task_id, "msg-1", "e", "https://r.example/hook", "pending", 2, "503", 503, AT, AT)
