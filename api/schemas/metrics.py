"""Metrics over days, weeks or months, and costs as they are reported. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.schemas.base import MAX_NUMBER, Given, Moment, Taken, Usd

_Rate = float | None
_Tokens = Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class MetricsQuery(Taken):
    """Which days (UTC, of the end of a task), both included; the last 30 days when left out."""

    date_from: dt.date | None = None
    date_to: dt.date | None = None
    group_by: Literal["day", "week", "month"] = "day"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.date_from is not None and self.date_to is not None and self.date_from > self.date_to:
            raise ValueError(f"date_from {self.date_from} lies after date_to {self.date_to}")
        return self


class MetricsSummary(Given):
    """Tasks that completed or failed on these days; rates in percent, null when there is nothing to divide by."""

    total_tasks_completed: int
    total_tasks_failed: int
    success_rate: _Rate = Field(description="completed / (completed + failed)")
    avg_task_time_seconds: float | None = Field(description="first start to end")
    avg_task_cost: float | None = Field(description="USD")
    total_cost: Usd
    cache_hit_rate: _Rate = Field(description="completed by a cached path / completed")
    recovery_rate: _Rate = Field(description="recoveries that held / recoveries tried")
    priced_cost: Usd | None = Field(description="tokens at their price then; null when none of it has a known price")
    unpriced_tokens: int = Field(description="without a known price")
    unpriced_cost: Usd = Field(description="reported for what has no known price")


class MetricsRow(Given):
    """The same for one day, week or month; those in which nothing ended have no row."""

    date: dt.date = Field(description="the day, the Monday of the week, the first of the month")
    completed: int
    failed: int
    avg_time: float | None = Field(description="seconds")
    avg_cost: float | None = Field(description="USD")
    cache_hit_rate: _Rate
    recovery_attempts: int
    recovery_success_rate: _Rate


class AiShare(Given):
    """What one provider did."""

    count: int = Field(description="steps and cost reports")
    cost: Usd = Field(description="as reported")
    priced_cost: Usd | None = Field(description="tokens at their price then; null when none of it has a known price")
    unpriced_tokens: int = Field(description="without a known price")
    unpriced_cost: Usd = Field(description="reported for what has no known price")


class Metrics(Given):
    """How the tasks of these days went."""

    date_from: dt.date
    date_to: dt.date
    summary: MetricsSummary
    metrics_by_date: list[MetricsRow] = Field(description="oldest first")
    ai_routing_breakdown: dict[str, AiShare] = Field(description="by provider; the costs add up to `total_cost`")


class ReportCost(Taken):
    """A cost of the task that no step carries."""

    cost: Annotated[float, Field(ge=0, le=1_000_000, description="USD")]
    ai_provider: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    model: Annotated[str, Field(max_length=200)] | None = None
    input_tokens: _Tokens = 0
    output_tokens: _Tokens = 0


class CostTaken(Given):
    """The cost is on the log."""

    task_id: str
    cost: Usd
    ai_provider: str
    recorded_at: Moment
    fact: str = Field(description="`topic:partition:offset` to hand to `wait_for`")
