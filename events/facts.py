"""Facts about a task: what happened, in the past tense, never changed afterwards. Pure.

Every fact holds results (`lease_until`, `retry_at`, `strategy`), not what they were computed from, so a fold needs no
policy (design.md §2).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from events.failure import ErrorType, Strategy
from events.goal import PERSONAL, GoalStatement

Resolution = Literal["retry", "complete", "cancel"]


class Fact(BaseModel):
    """Base of all facts: frozen, and tolerant of fields that newer versions add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TaskSubmitted(GoalStatement, Fact):
    """A goal was taken on; the task is PENDING."""

    type: Literal["task.submitted"] = "task.submitted"
    submitted_by: str = ""  #: the API key or service that submitted it
    idempotency_key: str | None = None
    body_hash: str | None = None  #: of the goal statement, to tell a repeat from a conflict


class TaskClaimed(Fact):
    """A worker was given the task; it holds the lease of `lease_epoch`."""

    type: Literal["task.claimed"] = "task.claimed"
    worker: str  #: new for every process start
    attempt: int  #: 1-based
    lease_epoch: int  #: grows with every claim; reports of an older one are refused
    lease_until: AwareDatetime


class TaskStarted(Fact):
    """The worker began to act."""

    type: Literal["task.started"] = "task.started"
    lease_epoch: int
    lease_until: AwareDatetime
    deadline: AwareDatetime  #: the attempt fails with `task_timeout` after this
    steps_offset: int  #: offset in `steps.events`, same partition, from which the task's steps can be read


class LeaseRenewed(Fact):
    """The worker is alive and still on it."""

    type: Literal["task.lease_renewed"] = "task.lease_renewed"
    lease_epoch: int
    lease_until: AwareDatetime
    step_number: int = 0
    cost: float = 0.0  #: USD so far, as the worker counts


class TaskReleased(Fact):
    """The worker gave the task back unharmed; it costs no attempt."""

    type: Literal["task.released"] = "task.released"
    lease_epoch: int
    reason: str = ""


class TaskCompleted(Fact):
    """The goal was reached, on evidence."""

    type: Literal["task.completed"] = "task.completed"
    lease_epoch: int | None = None  #: none when a human completed it
    final_result: str = Field(default="", json_schema_extra=PERSONAL)
    result_data: dict[str, JsonValue] = Field(default_factory=dict, json_schema_extra=PERSONAL)
    evidence: list[str] = Field(default_factory=list)  #: what proved it, one sentence each
    cached_path_used: bool = False
    cache_time_saved_seconds: float = 0.0
    total_steps: int = 0  #: as the worker counted
    total_cost: float = 0.0  #: USD, as the worker counted


class RecoveryPlanned(Fact):
    """An attempt failed and another one follows; the failed attempt *is* the recovery decision."""

    type: Literal["task.recovery_planned"] = "task.recovery_planned"
    lease_epoch: int
    error_type: ErrorType
    error_message: str
    evidence: dict[str, JsonValue] = Field(default_factory=dict)
    strategy: Strategy
    attempt_number: int  #: of the recovery, 1-based
    retry_at: AwareDatetime
    same_session: bool = False  #: the worker keeps its page and its lease and acts on the strategy
    lease_until: AwareDatetime | None = None  #: with `same_session`


class TaskRecovered(Fact):
    """The recovery strategy held; the task goes on."""

    type: Literal["task.recovered"] = "task.recovered"
    lease_epoch: int
    attempt_number: int
    lease_until: AwareDatetime


class TaskFailed(Fact):
    """No further attempt is possible or wanted; final."""

    type: Literal["task.failed"] = "task.failed"
    lease_epoch: int | None = None
    error_type: ErrorType
    error_message: str
    evidence: dict[str, JsonValue] = Field(default_factory=dict)


class TaskEscalated(Fact):
    """A human is needed."""

    type: Literal["task.escalated"] = "task.escalated"
    lease_epoch: int | None = None
    error_type: ErrorType
    error_message: str
    evidence: dict[str, JsonValue] = Field(default_factory=dict)


class PauseRequested(Fact):
    """A running task shall pause at the end of its step, or of its lease."""

    type: Literal["task.pause_requested"] = "task.pause_requested"
    reason: str = ""


class TaskPaused(Fact):
    """The task rests until it is resumed."""

    type: Literal["task.paused"] = "task.paused"
    reason: str = ""
    checkpoint: str | None = None  #: sha256 of the artifact it can continue from


class TaskResumed(Fact):
    """The task waits again, or recovers again when it is due."""

    type: Literal["task.resumed"] = "task.resumed"


class CancelRequested(Fact):
    """A running task shall be cancelled at the end of its step, or of its lease."""

    type: Literal["task.cancel_requested"] = "task.cancel_requested"
    reason: str = ""


class TaskCancelled(Fact):
    """The task will not be done; final."""

    type: Literal["task.cancelled"] = "task.cancelled"
    reason: str = ""


class EscalationClaimed(Fact):
    """A human took the escalated task on."""

    type: Literal["escalation.claimed"] = "escalation.claimed"
    operator: str


class EscalationResolved(Fact):
    """A human decided how the escalated task goes on."""

    type: Literal["escalation.resolved"] = "escalation.resolved"
    operator: str
    resolution: Resolution
    note: str = ""
    hints: str = Field(default="", json_schema_extra=PERSONAL)  #: for the next attempt
    final_result: str = Field(default="", json_schema_extra=PERSONAL)
    result_data: dict[str, JsonValue] = Field(default_factory=dict, json_schema_extra=PERSONAL)


TaskFact = (
    TaskSubmitted
    | TaskClaimed
    | TaskStarted
    | LeaseRenewed
    | TaskReleased
    | TaskCompleted
    | RecoveryPlanned
    | TaskRecovered
    | TaskFailed
    | TaskEscalated
    | PauseRequested
    | TaskPaused
    | TaskResumed
    | CancelRequested
    | TaskCancelled
    | EscalationClaimed
    | EscalationResolved
)
AnyTaskFact = Annotated[TaskFact, Field(discriminator="type")]


class UnknownFact(Fact):
    """A fact of a type this version does not know; the chain moves on, projections count it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    __pydantic_extra__: dict[str, Any]
