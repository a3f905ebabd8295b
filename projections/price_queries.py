"""Answers about prices: what models cost, and what steps did at these prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from projections.answers import StepAnswer, TaskAnswer
from projections.own_prices import EVER, NEVER, Price
from projections.reading import Reading

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
        """The task with what its tokens cost, of steps and costs up to a moment of the store's time.

        As `v_ai_usage` has it, in a third of its time: a task has few rows.
        """
        tokens = self._rows("SELECT input_tokens + output_tokens FROM task_totals WHERE task_id = $id", {"id": task.id})
        if not tokens or not tokens[0][0]:
            return task if not task.total_cost else replace(task, priced_cost=None)
        used = [_Used(*row) for row in self._rows(_OF_TASK, {"id": task.id, "until": until or NEVER})]
        known = self._known(used)
        costs = [_cost(each, known) for each in used]
        priced = sum((cost for cost in costs if cost is not None), Decimal(0))
        unpriced = sum(each.tokens for each, cost in zip(used, costs, strict=True) if cost is None)
        return replace(task, priced_cost=known_cost(priced, some_unpriced=None in costs), unpriced_tokens=unpriced)

    def _priced(self, steps: list[StepAnswer]) -> list[StepAnswer]:
        """The steps with their `priced_cost`, likewise."""
        used = [_Used(*_USED(step)) for step in steps]
        known = self._known(used)
        costs = [_cost(each, known) for each in used]
        return [replace(step, priced_cost=_float(cost)) for step, cost in zip(steps, costs, strict=True)]

    def _known(self, used: list[_Used]) -> list[Price]:
        """Prices that may hold for what was used."""
        providers = sorted({each.ai_used for each in used if each.tokens})
        if not providers:
            return []
        rows = self._rows("SELECT * FROM prices WHERE list_contains($used, ai_used)", {"used": providers})
        return [Price(*row) for row in rows]


def known_cost(priced: Decimal, *, some_unpriced: bool) -> float | None:
    """What is known of a cost; none where only free things have a price, as nought would pass for the whole."""
    return None if some_unpriced and not priced else float(priced)


class _Used(NamedTuple):
    ai_used: str
    model: str | None
    input_tokens: int
    output_tokens: int
    reported: Decimal | float
    created_at: datetime

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


_USED = attrgetter("ai_used", "model", "input_tokens", "output_tokens", "cost", "created_at")


def _cost(used: _Used, known: Iterable[Price]) -> Decimal | None:
    if not used.tokens:
        return None if used.reported else Decimal(0)
    at = used.created_at.replace(tzinfo=None)  # aware ones are UTC
    minute = at.hour * 60 + at.minute
    for price in known:
        if (
            (price.ai_used, price.model) == (used.ai_used, used.model or "")
            and price.valid_from <= at < price.valid_until
            and price.minute_from <= minute < price.minute_until
            and price.input_above < used.input_tokens <= price.input_up_to
        ):
            return _at_price(used, price)
    return None


def _at_price(used: _Used, price: Price) -> Decimal | None:
    cost = price.usd_per_record
    parts = ((used.input_tokens, price.usd_per_million_input), (used.output_tokens, price.usd_per_million_output))
    for tokens, rate in parts:
        if tokens and rate is None:
            return None
        cost += tokens * (rate or Decimal(0)) / _MILLION
    return cost


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
SELECT ai_used, model, input_tokens, output_tokens, cost, created_at
FROM execution_log WHERE task_id = $id::UUID AND created_at <= $until
UNION ALL
SELECT ai_provider, model, input_tokens, output_tokens, cost, created_at
FROM costs WHERE task_id = $id::UUID AND created_at <= $until
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
