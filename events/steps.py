"""Facts about steps and costs, written by the runner that holds the lease. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from events.facts import Fact
from events.failure import ErrorType
from events.goal import PERSONAL

#: 0 none (cached path or local rules), 1 Ollama, 2 Claude, 3 Codex, 4 Gemini, 5 a human.
AiLevel = Annotated[int, Field(ge=0, le=5)]


class Artifact(Fact):
    """A file kept outside the log."""

    kind: str  #: `screenshot`, `trace`, `storage_state`
    sha256: str
    media_type: str
    size_bytes: int


class StepIntended(Fact):
    """An irreversible step is about to be taken; without a `step.executed` that matches, nobody knows its effect."""

    type: Literal["step.intended"] = "step.intended"
    step_number: int
    action: str  #: one line for people, secrets redacted


class StepExecuted(Fact):
    """A step was taken, or tried."""

    type: Literal["step.executed"] = "step.executed"
    step_number: int  #: 1-based, goes on across attempts
    action: str = Field(json_schema_extra=PERSONAL)
    ai_level: AiLevel = 0
    ai_used: str = ""  #: `cached_path`, `declared_plan`, `rules`, or the provider
    level_reason: str = ""  #: why this level acted
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    duration_ms: float = 0.0
    cost: float = 0.0  #: USD as the worker reported it
    result: Literal["success", "error", "retry", "skipped"]
    error_type: ErrorType | None = None
    error_details: str | None = None
    url: str = ""
    irreversible: bool = False
    artifacts: list[Artifact] = Field(default_factory=list)


class CheckpointSaved(Fact):
    """Where another worker can go on: storage state, URL and place in the plan, kept as an encrypted artifact."""

    type: Literal["checkpoint.saved"] = "checkpoint.saved"
    step_number: int
    url: str
    artifact: Artifact
    acts: int = 0  #: irreversible steps of the task that its writer knew of, all of them before this place
    data: dict[str, JsonValue] = Field(default_factory=dict)


class CostReported(Fact):
    """A cost of the task that no step carries; also taken after the task ended."""

    type: Literal["cost.reported"] = "cost.reported"
    cost: Annotated[float, Field(ge=0)]  #: USD
    ai_provider: str
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0


StepFact = StepIntended | StepExecuted | CheckpointSaved | CostReported
AnyStepFact = Annotated[StepFact, Field(discriminator="type")]
