"""Steps of a task as they are shown. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from api.schemas.base import MAX_NUMBER, Given, Moment, Taken, Usd, WaitFor


class StepRow(Given):
    """One step as it was taken, or tried."""

    task_id: str
    step_number: int
    action: str
    ai_level: int
    ai_used: str
    level_reason: str
    model: str | None
    input_tokens: int
    output_tokens: int
    duration_ms: float
    cost: Usd
    result: str = Field(description="`success`, `error`, `retry` or `skipped`")
    error_type: str | None
    error_details: str | None
    url: str
    irreversible: bool
    artifacts: list[dict[str, JsonValue]]
    worker: str
    lease_epoch: int
    created_at: Moment
    priced_cost: Usd | None = Field(description="tokens at their price then; null: unpriced")


class ExecutionLog(Given):
    """The steps of a task, in order."""

    task_id: str
    execution_log: list[StepRow]
    total_steps: int


class LogQuery(Taken):
    """Which steps to show."""

    step_min: Annotated[int, Field(ge=0, le=MAX_NUMBER)] | None = None
    step_max: Annotated[int, Field(ge=0, le=MAX_NUMBER)] | None = None
    ai_level: Annotated[int, Field(ge=0, le=5)] | None = None
    ai_used: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    wait_for: WaitFor = None
