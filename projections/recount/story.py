"""One task, told from its facts from beginning to end: what every column of its row must say. Pure.

Written from the column comments of schema.sql, not from the fold: the two are held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from events import facts as f
from events.envelope import Envelope, UnknownEnvelope

Cells = dict[str, Any]
_ENDED = ("COMPLETED", "FAILED", "CANCELLED")
_HELD = ("CLAIMED", "IN_PROGRESS", "RECOVERED", "RECOVERY")
_STARTED = ("IN_PROGRESS", "RECOVERED")


@dataclass(slots=True)
class Story:
    """A task as far as its facts tell it."""

    task_id: str
    chain: list[Envelope | UnknownEnvelope] = field(default_factory=list)
    goal: f.TaskSubmitted | None = None
    created_at: datetime | None = None
    cells: Cells = field(default_factory=lambda: dict(_BLANK))
    recoveries: list[Cells] = field(default_factory=list)
    recovery_outcomes: list[Cells] = field(default_factory=list)
    escalations: list[Cells] = field(default_factory=list)
    acts: list[Cells] = field(default_factory=list)

    def continues(self, fact: Envelope | UnknownEnvelope) -> bool:
        """Whether the fact names the one told last."""
        last = self.chain[-1].event_id if self.chain else None
        return fact.follows == last and fact.version == len(self.chain) + 1

    def tell(self, fact: Envelope | UnknownEnvelope) -> None:
        """The next fact."""
        self.chain.append(fact)
        if isinstance(fact, UnknownEnvelope) or self.cells["status"] in _ENDED:
            return
        at, event = naive(fact.recorded_at), fact.event
        if isinstance(event, f.TaskSubmitted):
            if self.goal is None:
                self.goal, self.created_at = event, at
                self.cells |= {"status": "PENDING", "queued_at": at}
            return
        if self.goal is not None:
            self._tell(event, at, fact.version)

    def row(self) -> Cells:
        """The row of `tasks`."""
        last = self.chain[-1]
        seen = {"version": len(self.chain), "last_event_id": last.event_id, "updated_at": naive(last.recorded_at)}
        return {"task_id": self.task_id, **goal_cells(self.goal, self.created_at), **self.cells, **seen}

    @property
    def status(self) -> str | None:
        """As the last fact left it."""
        status: str | None = self.cells["status"]
        return status

    def _tell(self, event: f.TaskFact, at: datetime, version: int) -> None:  # noqa: PLR0915 - one list of what happens
        cells, status = self.cells, self.status
        held = cells["lease_until"] is not None
        match event:
            case f.TaskClaimed():
                self._let_go("CLAIMED")
                cells |= {"worker": event.worker, "lease_epoch": event.lease_epoch, "claimed_at": at, "retry_at": None}
                cells |= {"lease_until": naive(event.lease_until), "attempts": event.attempt}
            case f.TaskStarted() if held:
                cells |= {"status": "IN_PROGRESS", "lease_until": naive(event.lease_until)}
                cells |= {"deadline": naive(event.deadline), "asked": None, "retry_at": None}
                cells["started_at"] = cells["started_at"] or at
            case f.LeaseRenewed() if held:
                cells["lease_until"] = naive(event.lease_until)
            case f.TaskReleased():
                self._let_go("PENDING")
                cells |= {"attempts": max(0, cells["attempts"] - 1), "queued_at": at, "retry_at": None}
                cells["reason"] = event.reason or None
            case f.RecoveryPlanned():
                self._recovery(event, at, keeps=event.same_session and held and status != "CLAIMED")
            case f.TaskRecovered() if held:
                cells |= {"status": "RECOVERED", "lease_until": naive(event.lease_until), "retry_at": None}
                cells["deadline"] = cells["deadline"] or cells["lease_until"]
                self._recovery_ended(at, held=True, again=True)
            case f.TaskCompleted():
                self._reached(event.final_result, event.result_data, at)
                cells["evidence"] = event.evidence or None
                cells["cached_path_used"] = event.cached_path_used
                cells["cache_time_saved_seconds"] = event.cache_time_saved_seconds
            case f.TaskFailed():
                self._end("FAILED", at)
                self._failure(event)
                self._recovery_ended(at, held=False)
            case f.TaskEscalated():
                self._recovery_ended(at, held=False)
                self._let_go("ESCALATED")
                self._failure(event)
                cells["retry_at"] = None
                self._escalation(event, at)
            case f.PauseRequested() | f.CancelRequested() if status in _STARTED:
                cells["asked"] = "pause" if isinstance(event, f.PauseRequested) else "cancel"
                cells["reason"] = event.reason or None
            case f.TaskPaused():
                cells["retry_at"] = cells["retry_at"] if status == "RECOVERY" else None
                self._let_go("PAUSED")
                cells |= {"paused_at": at, "checkpoint": event.checkpoint or cells["checkpoint"]}
                cells["reason"] = event.reason or cells["reason"]
            case f.TaskResumed():
                waits = status == "PAUSED" and cells["retry_at"] is not None
                self._let_go("RECOVERY" if waits else "PENDING")
                cells["reason"] = None
                if not waits:
                    cells |= {"queued_at": at, "retry_at": None}
            case f.TaskCancelled():
                open_escalation = status == "ESCALATED"
                self._end("CANCELLED", at)
                cells["reason"] = event.reason or cells["reason"]
                if open_escalation:
                    self._act(version, at, None, resolution="cancel", note=event.reason)
            case f.EscalationClaimed() if status == "ESCALATED":
                cells["operator"] = event.operator
                self._act(version, at, event.operator)
            case f.EscalationResolved():
                self._resolved(event, at, version)
            case _:
                return

    def _let_go(self, status: str) -> None:
        self.cells |= {"status": status, "worker": None, "lease_until": None, "deadline": None}
        self.cells |= {"asked": None, "paused_at": None}

    def _end(self, status: str, at: datetime) -> None:
        worker = self.cells["worker"]
        self._let_go(status)
        self.cells |= {"worker": worker, "completed_at": at, "retry_at": None}

    def _reached(self, final_result: str, result_data: dict[str, Any], at: datetime) -> None:
        self._end("COMPLETED", at)
        self.cells |= {"final_result": final_result, "result_data": result_data}
        self.cells |= {"error_type": None, "error_message": None, "evidence": None}
        self._recovery_ended(at, held=True)

    def _failure(self, event: f.RecoveryPlanned | f.TaskFailed | f.TaskEscalated) -> None:
        self.cells |= {"error_type": event.error_type.value, "error_message": event.error_message}
        self.cells["evidence"] = event.evidence or None

    def _recovery(self, event: f.RecoveryPlanned, at: datetime, *, keeps: bool) -> None:
        self._recovery_ended(at, held=False)
        if keeps and event.lease_until is not None:
            self.cells |= {"status": "RECOVERY", "lease_until": naive(event.lease_until), "asked": None}
        else:
            self._let_go("RECOVERY")
        self._failure(event)
        number = self.cells["recovery_attempts"] + 1
        self.cells |= {"retry_at": naive(event.retry_at), "recovery_strategy": event.strategy.value}
        self.cells |= {"recovery_attempts": number, "recovery_succeeded": None}
        told = {"task_id": self.task_id, "number": number, "attempt_number": event.attempt_number}
        told |= {"error_type": event.error_type.value, "error_message": event.error_message}
        told |= {"recovery_strategy": event.strategy.value, "same_session": event.same_session}
        told |= {"details": event.evidence, "planned_at": at, "retry_at": naive(event.retry_at)}
        self.recoveries.append(told)

    def _recovery_ended(self, at: datetime, *, held: bool, again: bool = False) -> None:
        """The last recovery, if it is open, held or did not; `again`: said to have held, whatever was known."""
        cells = self.cells
        number = cells["recovery_attempts"]
        known = cells["recovery_succeeded"]
        if number and known is None:
            cells["recoveries_succeeded"] += int(held)
            outcome = {"task_id": self.task_id, "number": number, "was_successful": held, "decided_at": at}
            self.recovery_outcomes.append(outcome)
            cells["recovery_succeeded"] = held
        elif again:
            cells["recovery_succeeded"] = True

    def _escalation(self, event: f.TaskEscalated, at: datetime) -> None:
        self.cells["escalations"] += 1
        self.cells["operator"] = None  # nobody has taken this one on
        told = {"task_id": self.task_id, "number": self.cells["escalations"], "error_type": event.error_type.value}
        told |= {"error_message": event.error_message, "evidence": event.evidence, "escalated_at": at}
        told |= {"attempts": self.cells["attempts"], "recovery_attempts": self.cells["recovery_attempts"]}
        self.escalations.append(told)

    def _act(self, version: int, at: datetime, operator: str | None, **said: str | None) -> None:
        told = {"task_id": self.task_id, "number": self.cells["escalations"], "act": version, "operator": operator}
        self.acts.append({**told, "resolution": None, "note": "", "hints": "", **said, "acted_at": at})

    def _resolved(self, event: f.EscalationResolved, at: datetime, version: int) -> None:
        said = {"resolution": event.resolution, "note": event.note, "hints": event.hints}
        self._act(version, at, event.operator, **said)
        self.cells |= {"operator": event.operator, "reason": event.note or None}
        if event.resolution == "retry":
            self._let_go("PENDING")
            self.cells |= {"queued_at": at, "retry_at": None}
        elif event.resolution == "complete":
            self._reached(event.final_result, event.result_data, at)
        else:
            self._end("CANCELLED", at)


_BLANK: Cells = {
    **dict.fromkeys(("status", "queued_at", "claimed_at", "started_at", "paused_at", "completed_at", "worker")),
    **dict.fromkeys(("lease_until", "deadline", "retry_at", "recovery_strategy", "recovery_succeeded", "error_type")),
    **dict.fromkeys(("error_message", "evidence", "asked", "reason", "operator", "checkpoint", "final_result")),
    **dict.fromkeys(("attempts", "lease_epoch", "recovery_attempts", "recoveries_succeeded", "escalations"), 0),
    "result_data": None,
    "cached_path_used": False,
    "cache_time_saved_seconds": 0.0,
}


def goal_cells(goal: f.TaskSubmitted | None, created_at: datetime | None) -> Cells:
    """The columns that come from the submission."""
    said = {} if goal is None else goal.model_dump(mode="json")
    plain = ("goal", "site_url", "priority", "timeout_minutes", "metadata", "inputs", "secrets", "success_indicators")
    cells: Cells = {name: said.get(name) for name in (*plain, "max_steps", "queue", "callback_url", "submitted_by")}
    cells |= {"plan": said.get("steps"), "planned_steps": len(goal.steps) if goal is not None else None}
    cells |= {"idempotency_key": said.get("idempotency_key"), "created_at": created_at}
    for name in ("not_before", "expires_at"):
        moment = None if goal is None else getattr(goal, name)
        cells[name] = None if moment is None else naive(moment)
    return cells


def naive(moment: datetime) -> datetime:
    """The moment in UTC, without zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def microseconds(earlier: datetime, later: datetime) -> int:
    """From one moment to another."""
    return (later - earlier) // timedelta(microseconds=1)
