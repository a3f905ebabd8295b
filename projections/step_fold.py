"""Step facts and cost reports as rows, and the sums they add to a task. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from events.envelope import StepEnvelope
from events.errors import UndecodableRecord
from events.facts import Fact
from events.steps import CheckpointSaved, CostReported, StepExecuted, StepIntended
from projections.task_row import Row, json_text, utc

HANDLES: frozenset[type[Fact]] = frozenset({StepExecuted, CostReported})
#: For the runner that takes a task over; nobody asks the reading for them.
IGNORES: frozenset[type[Fact]] = frozenset({StepIntended, CheckpointSaved})

_NANO = 1_000_000_000
_MOST_USD = 1e8  # what ten such costs add up to still fits the column


@dataclass(slots=True)
class Totals:
    """What one batch adds to the sums of a task; costs in nano-dollars, so that their order does not show."""

    steps: int = 0
    step_cost: int = 0
    reported_cost: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, event: StepExecuted | CostReported) -> None:
        """Count one step or one cost report."""
        if isinstance(event, StepExecuted):
            self.steps += 1
            self.step_cost += nano_usd(event.cost)
        else:
            self.reported_cost += nano_usd(event.cost)
        self.input_tokens += event.input_tokens
        self.output_tokens += event.output_tokens

    def row(self, task_id: str) -> Row:
        """As a row of `task_totals`."""
        costs = (usd(self.step_cost), usd(self.reported_cost))
        return (task_id, self.steps, *costs, self.input_tokens, self.output_tokens)


def nano_usd(cost: float) -> int:
    """A cost as a whole number of nano-dollars.

    Raises:
        UndecodableRecord: no amount of money anyone could have spent.
    """
    if not 0 <= cost <= _MOST_USD:  # nor is a cost that is no number or has no end
        raise UndecodableRecord(f"cost is {cost!r}")
    return round(cost * _NANO)


def step_row(task_id: str, record: StepEnvelope, event: StepExecuted) -> Row:
    """As a row of `execution_log`."""
    return (
        task_id,
        event.step_number,
        event.action,
        event.ai_level,
        event.ai_used,
        event.level_reason,
        event.model,
        event.input_tokens,
        event.output_tokens,
        event.duration_ms,
        usd(nano_usd(event.cost)),
        event.result,
        None if event.error_type is None else event.error_type.value,
        event.error_details,
        event.url,
        event.irreversible,
        json_text(event.artifacts) if event.artifacts else "[]",
        record.worker,
        record.lease_epoch,
        record.event_id,
        utc(record.recorded_at),
    )


def cost_row(task_id: str, record: StepEnvelope, event: CostReported) -> Row:
    """As a row of `costs`."""
    return (
        task_id,
        event.ai_provider,
        event.model,
        event.input_tokens,
        event.output_tokens,
        usd(nano_usd(event.cost)),
        record.worker,
        record.event_id,
        utc(record.recorded_at),
    )


def usd(nano: int) -> Decimal | int:
    """Nano-dollars as the store keeps money; most steps cost nothing, and DuckDB takes a plain 0 four times as fast."""
    return Decimal(nano).scaleb(-9) if nano else 0
