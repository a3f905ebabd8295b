"""Recoveries and escalations as rows that are only ever appended. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from events.envelope import Envelope, StepEnvelope
from events.facts import EscalationClaimed, EscalationResolved, RecoveryPlanned, TaskCancelled, TaskEscalated
from events.steps import StepExecuted
from events.task import Status
from projections.task_row import Row, TaskRow, json_text, utc


@dataclass(slots=True)
class History:
    """What one batch adds; each call is told the task's row as it is after the fact."""

    recoveries: list[Row] = field(default_factory=list)
    recovery_outcomes: list[Row] = field(default_factory=list)
    escalations: list[Row] = field(default_factory=list)
    escalation_acts: list[Row] = field(default_factory=list)
    first_escalated: set[str] = field(default_factory=set)  #: the store copies all their steps
    escalation_steps: list[Row] = field(default_factory=list)  #: of tasks whose steps were copied before

    def recovery(self, row: TaskRow, fact: Envelope, tried: int, held: bool | None) -> None:  # noqa: FBT001 - as in the row
        """Note what the fact says of recoveries; `tried` and `held` are of the row before it."""
        another = row.recovery_attempts > tried
        if tried and held is None and (another or row.recovery_succeeded is not None):
            outcome = False if another else row.recovery_succeeded
            self.recovery_outcomes.append((row.task_id, tried, outcome, utc(fact.recorded_at)))
        event = fact.event
        if not another or not isinstance(event, RecoveryPlanned):
            return
        failure = (event.error_type.value, event.error_message, event.strategy.value, event.same_session)
        times = (utc(fact.recorded_at), utc(event.retry_at))
        key = (row.task_id, row.recovery_attempts, event.attempt_number)
        self.recoveries.append((*key, *failure, json_text(event.evidence), *times))

    def escalation(self, row: TaskRow, fact: Envelope, was: Status | None) -> None:
        """Note what the fact says of the desk; `was` is the status before it."""
        event, at = fact.event, utc(fact.recorded_at)
        if isinstance(event, TaskEscalated) and row.status is Status.ESCALATED:
            failure = (event.error_type.value, event.error_message, json_text(event.evidence))
            counts = (row.attempts, row.recovery_attempts)
            if row.escalations == 1:
                self.first_escalated.add(row.task_id)
            self.escalations.append((row.task_id, row.escalations, *failure, *counts, at))
            return
        key = (row.task_id, row.escalations, fact.version)
        if was is not Status.ESCALATED:
            return
        if isinstance(event, EscalationClaimed):
            self.escalation_acts.append((*key, event.operator, None, "", "", at))
        elif isinstance(event, EscalationResolved):
            self.escalation_acts.append((*key, event.operator, event.resolution, event.note, event.hints, at))
        elif isinstance(event, TaskCancelled):
            self.escalation_acts.append((*key, None, "cancel", event.reason, "", at))

    def step(self, task_id: str, record: StepEnvelope, event: StepExecuted) -> None:
        """Note a step of a task that needed a human."""
        if task_id in self.first_escalated:
            return
        artifacts = json_text(event.artifacts) if event.artifacts else "[]"
        said = (event.step_number, event.action, event.result, event.error_details, artifacts, event.url)
        self.escalation_steps.append((task_id, *said, record.event_id, utc(record.recorded_at)))
