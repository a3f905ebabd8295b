"""What a receiver is told, and how it is signed."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from events import facts as f
from events.envelope import Envelope
from events.errors import SetupIncomplete
from processors.webhooks.message import MAX_BYTES, Progress, body_of, message_id
from processors.webhooks.signing import headers_of, read_secrets, signers_of
from tests.given import CLAIMED, ESCALATED, NOW, PLANNED, STARTED
from tests.integration.webhook_receiver import Call
from tests.unit.processors.webhook_log import WANTED, Agent

OLD, NEW = "whsec_" + "T2xk" * 8, "whsec_" + "TmV3" * 8
FILLED = WANTED.model_copy(update={"metadata": {"user_id": "eden"}})


def told(*events: f.TaskFact, log: Agent | None = None) -> tuple[dict[str, object], bytes]:
    """The body about the last fact of a task."""
    log = log or Agent()
    message = log.happens("task", *events[:-1])
    log.passes(timedelta(seconds=90))
    message = log.happens("task", events[-1])
    assert message is not None
    facts = [Envelope.model_validate_json(log.tasks[at][1]) for at in (message.submission, message.ending)]
    body = body_of(facts[0], facts[1], message.progress)
    return json.loads(body), body


def test_a_completed_task_is_told_with_its_result() -> None:
    done = f.TaskCompleted(lease_epoch=1, final_result="booked", result_data={"no": 7}, total_steps=4, total_cost=0.02)
    whole, _ = told(FILLED, CLAIMED, STARTED, PLANNED, CLAIMED.model_copy(update={"attempt": 2}), STARTED, done)

    data = whole["data"]
    assert whole["type"] == "task.completed"
    assert whole["timestamp"] == "2026-11-23T12:01:30Z"
    assert data == {
        "task_id": "task",
        "status": "COMPLETED",
        "goal": FILLED.goal,
        "site_url": FILLED.site_url,
        "priority": 5,
        "metadata": {"user_id": "eden"},
        "created_at": "2026-11-23T12:00:00Z",
        "started_at": "2026-11-23T12:00:00Z",
        "completed_at": "2026-11-23T12:01:30Z",
        "total_time_seconds": 90.0,
        "final_result": "booked",
        "result_data": {"no": 7},
        "cached_path_used": False,
        "error_type": None,
        "error_message": None,
        "reason": None,
        "attempts": 2,
        "recovery_attempts": 1,
        "total_steps": 4,
        "total_cost": 0.02,
        "shortened": [],
    }


def test_a_failed_task_is_told_with_its_error_and_what_the_worker_last_counted() -> None:
    renewed = f.LeaseRenewed(lease_epoch=1, lease_until=NOW, step_number=3, cost=0.5)
    failed = f.TaskFailed(lease_epoch=1, error_type=ESCALATED.error_type, error_message="no answer")
    whole, _ = told(FILLED, CLAIMED, STARTED, renewed, failed)

    data = whole["data"]
    assert isinstance(data, dict)
    assert whole["type"] == "task.failed"
    assert (data["error_type"], data["error_message"]) == ("timeout", "no answer")
    assert (data["total_steps"], data["total_cost"]) == (3, 0.5)


def test_an_escalated_task_is_told_without_an_end() -> None:
    whole, _ = told(FILLED, CLAIMED, STARTED, ESCALATED)

    data = whole["data"]
    assert isinstance(data, dict)
    assert whole["type"] == "task.escalated"
    assert (data["status"], data["completed_at"], data["error_message"]) == ("ESCALATED", None, "no answer")


def test_a_human_who_resolves_an_escalation_ends_the_task() -> None:
    by_hand = f.EscalationResolved(operator="eden", resolution="complete", final_result="by hand")
    called_off = f.EscalationResolved(operator="eden", resolution="cancel", note="not worth it")

    assert told(FILLED, CLAIMED, STARTED, ESCALATED, by_hand)[0]["type"] == "task.completed"
    whole, _ = told(FILLED, CLAIMED, STARTED, ESCALATED, called_off)
    assert whole["type"] == "task.cancelled"
    assert isinstance(whole["data"], dict)
    assert whole["data"]["reason"] == "not worth it"


def test_a_body_that_would_be_too_large_says_what_it_left_out() -> None:
    large = f.TaskCompleted(final_result="é" * 70_000, result_data={"page": "x" * 90_000})
    whole, body = told(FILLED.model_copy(update={"metadata": {"m": "y" * 60_000}}), large)

    data = whole["data"]
    assert isinstance(data, dict)
    assert len(body) <= MAX_BYTES
    assert data["shortened"] == ["result_data", "metadata", "final_result"]
    assert data["result_data"] is None
    assert data["final_result"] == "é" * 1_000
    assert data["goal"] == FILLED.goal


def test_progress_is_of_the_task_so_far() -> None:
    progress = Progress()
    for event in (CLAIMED, STARTED, PLANNED):
        progress.take(event, NOW)

    assert progress == Progress(started_at=NOW, attempts=1, recoveries=1)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_secrets_change_both_verify(secret: str) -> None:
    body = '{"a":"é"}'.encode()
    now = NOW.now(UTC)
    headers = headers_of(message_id("e1"), body, signers_of(f"{NEW} {OLD}", "a test"), now)

    Webhook(secret).verify(body, headers)
    assert Call("/", headers, body).signed_with(secret)
    assert headers["webhook-id"] == "msg_e1"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)


@pytest.mark.parametrize(
    "words", ["", "  ", "whsec_", "whsec_c2hvcnQ=", "plain", "whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%", f"{OLD} x"]
)
def test_a_secret_that_is_none_is_said_before_anything_starts(words: str) -> None:
    with pytest.raises(SetupIncomplete):
        signers_of(words, "a test")


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "home" / "webhooks.secret"

    first = read_secrets(None, file)
    again = read_secrets(None, file)

    moment = NOW
    assert first[0].sign("m", moment, "x") == again[0].sign("m", moment, "x")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["webhooks.secret"]
    assert read_secrets(OLD, file)[0].sign("m", moment, "x") != first[0].sign("m", moment, "x")
