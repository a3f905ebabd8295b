"""Answers about prices: what models cost, and what steps did at these prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from projections.answers import StepAnswer, TaskAnswer
from projections.own_prices import EVER, NEVER, Price
from projections.reading import Reading, naive

PRICED = frozenset({"priced_cost", "unpriced_tokens"})  #: fields of answers that prices make, not columns
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class PriceAnswer:
    """What a model that occurred costs for some time, some hours of the day, and inputs of some size."""

    provider: str  #: as recorded
    model: str | None  #: as recorded
    since: datetime | None  #: none: always
    until: datetime | None  #: exclusive; none: still
    hours: str | None  #: such as `00:30-16:30`, UTC; none: all day
    input_above: int  #: for inputs of more tokens than this; 0: for any that no other row is for
    usd_per_million_input: float | None  #: none: unpriced
    usd_per_million_output: float | None  #: none likewise
    usd_per_record: float  #: on top
    listed_as: str | None  #: provider/model of the price list
    source: str  #: `genai-prices` and its version, `prices file`, `local`, or `unknown`
    tokens: int  #: that tasks which ended have used of the model in all, whatever row they are priced by


class PriceReadings(Reading):
    """Prices, and what they make of tokens."""

    def prices(self) -> list[PriceAnswer]:
        """Every price of every model that occurred, by provider, model and time; unpriced ones have a row, too."""
        return [_answer(Price(*row[:-1]), row[-1]) for row in self._rows(_PRICES)]

    def _task_priced(self, task: TaskAnswer, until: datetime | None = None) -> TaskAnswer:
        """The task with what its tokens cost, of steps and costs up to a moment of the store's time."""
        used = self._rows("SELECT input_tokens + output_tokens FROM task_totals WHERE task_id = $id", {"id": task.id})
        if not used or not used[0][0]:
            return task if not task.total_cost else replace(task, priced_cost=None)
        priced, unpriced, reported = self._rows(_OF_TASK, {"id": task.id, "until": until or NEVER})[0]
        cost = 0.0 if priced is None and not unpriced and not reported else _float(priced)
        return replace(task, priced_cost=cost, unpriced_tokens=unpriced)

    def _priced(self, steps: list[StepAnswer]) -> list[StepAnswer]:
        """The steps with their `priced_cost`; none where no price is known. As `v_ai_usage` has it."""
        providers = sorted({step.ai_used for step in steps if step.input_tokens or step.output_tokens})
        known: list[Price] = []
        if providers:
            rows = self._rows("SELECT * FROM prices WHERE list_contains($used, ai_used)", {"used": providers})
            known = [Price(*row) for row in rows]
        return [replace(step, priced_cost=_cost(step, known)) for step in steps]


def _cost(step: StepAnswer, known: Iterable[Price]) -> float | None:
    if not step.input_tokens + step.output_tokens:
        return None if step.cost else 0.0
    at = naive(step.created_at) or EVER
    minute = at.hour * 60 + at.minute
    for price in known:
        if (
            (price.ai_used, price.model) == (step.ai_used, step.model or "")
            and price.valid_from <= at < price.valid_until
            and price.minute_from <= minute < price.minute_until
            and price.input_above < step.input_tokens <= price.input_up_to
        ):
            return _at_price(step, price)
    return None


def _at_price(step: StepAnswer, price: Price) -> float | None:
    cost = price.usd_per_record
    used = ((step.input_tokens, price.usd_per_million_input), (step.output_tokens, price.usd_per_million_output))
    for tokens, rate in used:
        if tokens and rate is None:
            return None
        cost += tokens * (rate or Decimal(0)) / _MILLION
    return float(cost)


def _answer(price: Price, tokens: int) -> PriceAnswer:
    whole_day = price.minute_until - price.minute_from == 24 * 60
    return PriceAnswer(
        provider=price.ai_used,
        model=price.model or None,
        since=None if price.valid_from == EVER else price.valid_from.replace(tzinfo=UTC),
        until=None if price.valid_until == NEVER else price.valid_until.replace(tzinfo=UTC),
        hours=None if whole_day else f"{_clock(price.minute_from)}-{_clock(price.minute_until)}",
        input_above=max(0, price.input_above),
        usd_per_million_input=_float(price.usd_per_million_input),
        usd_per_million_output=_float(price.usd_per_million_output),
        usd_per_record=float(price.usd_per_record),
        listed_as=price.listed_as,
        source=price.source,
        tokens=tokens,
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _float(rate: Decimal | None) -> float | None:
    return None if rate is None else float(rate)


_OF_TASK = """
SELECT sum(priced_cost), coalesce(sum(input_tokens + output_tokens) FILTER (priced_cost IS NULL), 0)::BIGINT,
       coalesce(sum(reported_cost) FILTER (priced_cost IS NULL), 0)
FROM v_ai_usage WHERE task_id = $id::UUID AND used_at <= $until
"""
_PRICES = """
SELECT p.*, coalesce(u.tokens, 0)
FROM prices AS p
LEFT JOIN (
    SELECT ai_used, coalesce(model, '') AS model, sum(input_tokens + output_tokens)::BIGINT AS tokens
    FROM daily_spend GROUP BY ai_used, coalesce(model, '')
) AS u ON u.ai_used = p.ai_used AND u.model = p.model
ORDER BY p.ai_used, p.model, p.valid_from, p.minute_from, p.input_above
"""
