"""The desk: escalations as they are listed and shown, and what a human decides about one. Pure."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, JsonValue, model_validator

from api.schemas.base import MAX_NUMBER, Given, Moment, Taken
from events.facts import Resolution
from events.task import Status

_Operator = Annotated[
    str | None,
    Field(min_length=1, max_length=200, pattern=r"\S", description="who acts; the API key's name when left out"),
]
_Text = Annotated[str, Field(max_length=2_000)]


class LastStep(Given):
    """One of the last steps before a human was asked."""

    number: int
    action: str
    result: str
    error_details: str | None
    artifacts: list[dict[str, JsonValue]] = Field(description="screenshots and traces, each with its `sha256`")


class Escalation(Given):
    """A task that needs, or needed, a human."""

    task_id: str
    goal: str
    site_url: str
    priority: int
    queue: str
    error_type: str
    error_message: str
    evidence: JsonValue
    escalated_at: Moment
    operator: str | None = Field(description="who took it on, or resolved it")
    claimed_at: Moment | None
    attempts: int
    recovery_attempts: int
    last_url: str | None
    last_steps: list[LastStep] = Field(description="at most five, in order")
    resolution: str | None = Field(description="`retry`, `complete` or `cancel`; null while it is open")
    note: str | None
    hints: str | None
    resolved_at: Moment | None


class EscalationPage(Given):
    """Open escalations: the most urgent first, then the oldest."""

    escalations: list[Escalation]
    total: int
    limit: int
    offset: int


class EscalationQuery(Taken):
    """Which open escalations to list."""

    operator: Annotated[str, Field(max_length=200)] | None = Field(None, description="only those this one has claimed")
    unclaimed: bool = Field(default=False, description="only those nobody has claimed")
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_NUMBER)] = 0


class ClaimEscalation(Taken):
    """Take an escalation on."""

    operator: _Operator = None


class ResolveEscalation(Taken):
    """How the task goes on."""

    resolution: Resolution = Field(description="`retry`: into its queue again; `complete`: done by hand; `cancel`")
    operator: _Operator = None
    note: _Text = Field(default="", description="why; kept with the decision")
    hints: _Text = Field(default="", description="with `retry`: what the next attempt should know")
    final_result: Annotated[str, Field(max_length=20_000)] = Field(
        default="", description="with `complete`: the result"
    )
    result_data: dict[str, JsonValue] = Field(
        default_factory=dict, description="with `complete`: the same for programs"
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.resolution != "retry" and self.hints:
            raise ValueError(f"hints are for the next attempt: they go with 'retry', not with {self.resolution!r}")
        if self.resolution != "complete" and (self.final_result or self.result_data):
            raise ValueError(f"a result goes with 'complete', not with {self.resolution!r}")
        if self.resolution == "complete" and not (self.final_result or self.result_data):
            raise ValueError("say what came of it: 'complete' needs final_result or result_data")
        return self


class Claimed(Given):
    """The escalation is this operator's."""

    task_id: str
    status: Status
    operator: str
    claimed_at: Moment
    fact: str | None


class Resolved(Given):
    """The task goes on as decided."""

    task_id: str
    status: Status
    operator: str
    resolution: Resolution
    resolved_at: Moment
    fact: str | None
