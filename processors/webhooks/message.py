"""What a receiver is told: one body per fact that ends a task or escalates it, the same at every try. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from events import facts as f
from events.dead_letter import KEPT_BYTES
from events.envelope import Envelope, UnknownEnvelope
from events.errors import UndecodableRecord
from events.goal import seconds_of

MAX_BYTES = KEPT_BYTES  #: a dead letter keeps a body whole
_SHORT_CHARACTERS = 1_000
_SHED = ("result_data", "metadata")  #: left out of a body that is too large, in this order
_CUT = ("final_result", "error_message", "reason", "goal")  #: shortened if that was not enough


@dataclass(slots=True)
class Progress:
    """What became of a task so far, as far as its facts tell it; exact figures are the readings' business."""

    started_at: datetime | None = None
    attempts: int = 0
    recoveries: int = 0
    steps: int = 0  #: as the worker counted
    cost: float = 0.0  #: USD, as the worker counted

    def take(self, event: f.TaskFact, at: datetime) -> None:
        """Take one fact."""
        match event:
            case f.TaskClaimed():
                self.attempts = event.attempt
            case f.TaskStarted():
                self.started_at = self.started_at or at
            case f.LeaseRenewed():
                self.steps, self.cost = max(self.steps, event.step_number), max(self.cost, event.cost)
            case f.RecoveryPlanned():
                self.recoveries += 1
            case f.TaskCompleted():
                self.steps = event.total_steps or self.steps
                self.cost = event.total_cost or self.cost
            case _:
                return


def status_told(event: object) -> str | None:
    """The status a receiver is told of with this fact; none for facts that are nobody's business outside."""
    match event:
        case f.TaskCompleted() | f.EscalationResolved(resolution="complete"):
            return "COMPLETED"
        case f.TaskFailed():
            return "FAILED"
        case f.TaskCancelled() | f.EscalationResolved(resolution="cancel"):
            return "CANCELLED"
        case f.TaskEscalated():
            return "ESCALATED"
        case _:
            return None


def message_id(about: str) -> str:
    """The `webhook-id` of every try to tell of that fact, a crash between two of them or not."""
    return f"msg_{about}"


def body_of(submitted: Envelope | UnknownEnvelope, ending: Envelope | UnknownEnvelope, progress: Progress) -> bytes:
    """The body, at most `MAX_BYTES`; what is left out or cut is named in `data.shortened`.

    Raises:
        UndecodableRecord: these are no submission and no fact to tell of.
    """
    data = _data(submitted, ending, progress)
    whole = {"type": f"task.{data['status'].lower()}", "timestamp": ending.recorded_at, "data": data}
    body = to_json(whole)
    for name in _SHED:
        if len(body) > MAX_BYTES:
            data[name] = None
            data["shortened"].append(name)
            body = to_json(whole)
    for name in _CUT:
        if len(body) > MAX_BYTES and data[name]:
            data[name] = data[name][:_SHORT_CHARACTERS]
            data["shortened"].append(name)
            body = to_json(whole)
    return body


def _data(
    submitted: Envelope | UnknownEnvelope, ending: Envelope | UnknownEnvelope, progress: Progress
) -> dict[str, Any]:
    goal, event, ended = submitted.event, ending.event, ending.recorded_at
    if not isinstance(goal, f.TaskSubmitted):
        raise UndecodableRecord(f"{submitted.event_id} is no submission")
    status = status_told(event)
    if status is None:
        raise UndecodableRecord(f"{ending.event_id} is nothing to tell of")
    started = progress.started_at
    return {
        "task_id": ending.task_id,
        "status": status,
        "goal": goal.goal,
        "site_url": goal.site_url,
        "priority": goal.priority,
        "metadata": goal.metadata,
        "created_at": submitted.recorded_at,
        "started_at": started,
        "completed_at": None if status == "ESCALATED" else ended,
        "total_time_seconds": None if started is None else seconds_of(started, ended),
        "final_result": getattr(event, "final_result", "") or None,
        "result_data": getattr(event, "result_data", None),
        "cached_path_used": getattr(event, "cached_path_used", False),
        "error_type": getattr(event, "error_type", None),
        "error_message": getattr(event, "error_message", None),
        "reason": getattr(event, "reason", "") or getattr(event, "note", "") or None,
        "attempts": progress.attempts,
        "recovery_attempts": progress.recoveries,
        "total_steps": progress.steps,
        "total_cost": progress.cost,
        "shortened": [],
    }
