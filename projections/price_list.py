"""What the dated list of `genai-prices` and the installation's own prices say of a model, as rows of `prices`. Pure.

The list takes 94 MB and a second to load, so only `price_lookup.py` imports this, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from genai_prices import __version__
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, StartDateConstraint, TieredPrices

from projections.own_prices import EVER, NEVER, OwnPrices, Price

SOURCE = f"genai-prices {__version__}"
#: What our levels are called in the list; it knows most other names by itself.
_LISTED = {"claude": "anthropic", "codex": "openai"}
#: They run here, or ask no model: their price is nought because we say so, not because it is unknown.
_LOCAL = frozenset({"rules", "cached_path", "declared_plan", "human", "ollama", "llama.cpp", "local"})
_REMOTE_SUFFIX = "-cloud"  # of models that Ollama only passes on
_MOST_TOKENS = 2**31 - 1
_DAY = 24 * 60


def prices_of(ai_used: str, model: str, own: OwnPrices) -> list[Price]:
    """Every price the model ever had, as disjoint rows; one without rates when none is known."""
    mine = own.of(ai_used, model)
    theirs = _listed(ai_used, model, own.listed_as.get(ai_used))
    if not mine:
        return theirs
    first = mine[0].valid_from
    before = [price._replace(valid_until=min(price.valid_until, first)) for price in theirs if price.valid_from < first]
    return [*before, *mine]


def _listed(ai_used: str, model: str, listed_as: str | None) -> list[Price]:
    blank = Price(ai_used, model)
    if listed_as is None and ai_used in _LOCAL and not model.endswith(_REMOTE_SUFFIX):
        return [blank._replace(usd_per_million_input=Decimal(0), usd_per_million_output=Decimal(0), source="local")]
    if not model:
        return [blank]
    provider_id = listed_as or _LISTED.get(ai_used, ai_used)
    try:
        provider, known = get_snapshot().find_provider_model(model, None, provider_id or None, None)
    except LookupError:
        return [blank]
    blank = blank._replace(listed_as=f"{provider.id}/{known.id}", source=SOURCE)
    return list(_dated(blank, known))


def _dated(blank: Price, model: ModelInfo) -> Iterator[Price]:
    """The list's own rule says which price holds at a moment; asked once between any two at which it may change."""
    conditions = model.prices if isinstance(model.prices, list) else []
    days = sorted({c.constraint.start_date for c in conditions if isinstance(c.constraint, StartDateConstraint)})
    moments = [EVER, *(datetime.combine(day, time()) for day in days), NEVER]
    minutes = sorted({0, _DAY, *(minute for condition in conditions for minute in _boundaries(condition))})
    for since, until in pairwise(moments):
        day = until - timedelta(days=1) if since == EVER else since
        found: list[tuple[int, int, ModelPrice]] = []
        for start, end in pairwise(minutes):
            prices = model.get_prices((day + timedelta(minutes=start)).replace(tzinfo=UTC))
            if found and found[-1][2] == prices:
                start = found.pop()[0]  # noqa: PLW2901 - the window grows
            found.append((start, end, prices))
        for start, end, prices in found:
            row = blank._replace(valid_from=since, valid_until=until, minute_from=start, minute_until=end)
            yield from _tiers(row, prices)


def _boundaries(condition: ConditionalPrice) -> list[int]:
    """Minutes of the UTC day at which the condition may begin or cease to hold."""
    constraint = condition.constraint
    if constraint is None or isinstance(constraint, StartDateConstraint):
        return []
    anywhere = datetime(2026, 1, 1, tzinfo=UTC)
    times = (constraint.start_time, constraint.end_time)
    moments = [datetime.combine(anywhere, at, at.tzinfo or UTC).astimezone(UTC) for at in times]
    return [moment.hour * 60 + moment.minute for moment in moments]


def _tiers(row: Price, prices: ModelPrice) -> Iterator[Price]:
    """The whole record pays the rate of the tier that its input tokens lie above."""
    rates = (prices.input_mtok, prices.output_mtok)
    starts = {tier.start for rate in rates if isinstance(rate, TieredPrices) for tier in rate.tiers}
    per_record = _rate(prices.requests_kcount, 0) or Decimal(0)
    for above, up_to in pairwise([-1, *sorted(starts), _MOST_TOKENS]):
        yield row._replace(
            input_above=above,
            input_up_to=up_to,
            usd_per_million_input=_rate(rates[0], above),
            usd_per_million_output=_rate(rates[1], above),
            usd_per_record=per_record / 1_000,
        )


def _rate(price: Decimal | TieredPrices | None, above: int) -> Decimal | None:
    if not isinstance(price, TieredPrices):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= above), price.base)
