"""Commands: requests that may be refused, in the imperative. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from events.facts import Resolution
from events.failure import ErrorType
from events.goal import PERSONAL, GoalStatement, IdempotencyKey

_REASON = Annotated[str, Field(max_length=2_000)]
_EPOCH = Annotated[int, Field(ge=1)]


class Command(BaseModel):
    """Base of all commands: frozen, and strict about fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SubmitTask(GoalStatement, Command):
    """Take on a goal."""

    type: Literal["submit_task"] = "submit_task"
    submitted_by: str = ""
    idempotency_key: IdempotencyKey | None = None
    body_hash: str | None = None


class ClaimTask(Command):
    """Give the task to a worker; sent by the dispatcher."""

    type: Literal["claim_task"] = "claim_task"
    worker: str


class WorkerCommand(Command):
    """A report of the worker that holds the lease; refused when the epoch is not the current one."""

    worker: str
    lease_epoch: _EPOCH


class StartTask(WorkerCommand):
    """The worker has the task and wants to begin; it acts only once this is confirmed."""

    type: Literal["start_task"] = "start_task"
    steps_offset: Annotated[int, Field(ge=0)] = 0


class RenewLease(WorkerCommand):
    """The worker is alive and still on it."""

    type: Literal["renew_lease"] = "renew_lease"
    step_number: Annotated[int, Field(ge=0)] = 0
    cost: Annotated[float, Field(ge=0)] = 0.0


class ReleaseTask(WorkerCommand):
    """Give the task back at no cost of an attempt, such as on shutdown."""

    type: Literal["release_task"] = "release_task"
    reason: _REASON = ""


class CompleteTask(WorkerCommand):
    """The goal was reached and verified."""

    type: Literal["complete_task"] = "complete_task"
    final_result: Annotated[str, Field(max_length=20_000)] = Field(default="", json_schema_extra=PERSONAL)
    result_data: dict[str, JsonValue] = Field(default_factory=dict, json_schema_extra=PERSONAL)
    evidence: list[str] = Field(default_factory=list)
    cached_path_used: bool = False
    cache_time_saved_seconds: Annotated[float, Field(ge=0)] = 0.0
    total_steps: Annotated[int, Field(ge=0)] = 0
    total_cost: Annotated[float, Field(ge=0)] = 0.0


class FailAttempt(WorkerCommand):
    """The attempt failed; the processor decides what follows."""

    type: Literal["fail_attempt"] = "fail_attempt"
    error_type: ErrorType | None = None  #: without one it is read from the message
    error_message: Annotated[str, Field(max_length=20_000)]
    evidence: dict[str, JsonValue] = Field(default_factory=dict)
    recovery_needed: bool = True  #: false: stop and report
    session_alive: bool = False  #: the page is open and the worker can act on a directive


class ReportRecovered(WorkerCommand):
    """The recovery strategy held."""

    type: Literal["report_recovered"] = "report_recovered"


class YieldTask(WorkerCommand):
    """The worker stopped after its step because a pause or cancel was asked for."""

    type: Literal["yield_task"] = "yield_task"
    checkpoint: str | None = None


class PauseTask(Command):
    """Let the task rest."""

    type: Literal["pause_task"] = "pause_task"
    reason: _REASON = ""


class ResumeTask(Command):
    """Let a paused task go on."""

    type: Literal["resume_task"] = "resume_task"


class CancelTask(Command):
    """Do not do the task."""

    type: Literal["cancel_task"] = "cancel_task"
    reason: _REASON = ""


class CheckDeadlines(Command):
    """Look whether lease, timeout or expiry have passed; sent by timers, which decide nothing."""

    type: Literal["check_deadlines"] = "check_deadlines"


class ClaimEscalation(Command):
    """A human takes the escalated task on."""

    type: Literal["claim_escalation"] = "claim_escalation"
    operator: Annotated[str, Field(min_length=1, max_length=200)]


class ResolveEscalation(Command):
    """A human decides how the escalated task goes on."""

    type: Literal["resolve_escalation"] = "resolve_escalation"
    operator: Annotated[str, Field(min_length=1, max_length=200)]
    resolution: Resolution
    note: _REASON = ""
    hints: _REASON = Field(default="", json_schema_extra=PERSONAL)
    final_result: Annotated[str, Field(max_length=20_000)] = Field(default="", json_schema_extra=PERSONAL)
    result_data: dict[str, JsonValue] = Field(default_factory=dict, json_schema_extra=PERSONAL)


TaskCommand = (
    SubmitTask
    | ClaimTask
    | StartTask
    | RenewLease
    | ReleaseTask
    | CompleteTask
    | FailAttempt
    | ReportRecovered
    | YieldTask
    | PauseTask
    | ResumeTask
    | CancelTask
    | CheckDeadlines
    | ClaimEscalation
    | ResolveEscalation
)
AnyTaskCommand = Annotated[TaskCommand, Field(discriminator="type")]


class CommandEnvelope(BaseModel):
    """One record of `tasks.commands`; its key is the task id, its time the broker's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command_id: Annotated[str, Field(min_length=8, max_length=64)]  #: the same in every retry of one request
    task_id: Annotated[str, Field(min_length=1, max_length=64)]
    issued_at: AwareDatetime
    issued_by: str = ""
    reply: bool = False  #: whether an outcome is wanted on `commands.outcomes`
    command: AnyTaskCommand
