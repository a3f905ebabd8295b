"""What models cost. Pure."""

from __future__ import annotations

from pydantic import Field

from api.schemas.base import Given, Moment


class PriceRow(Given):
    """What a model costs for some time, some hours of the day, and inputs of some size."""

    provider: str = Field(description="as recorded")
    model: str | None = Field(description="as recorded")
    since: Moment | None = Field(description="null: always")
    until: Moment | None = Field(description="exclusive; null: still")
    hours: str | None = Field(description="such as `00:30-16:30`, UTC; null: all day")
    input_above: int = Field(description="for inputs of more tokens than this")
    usd_per_million_input: float | None = Field(description="null: unpriced")
    usd_per_million_output: float | None = Field(description="null: unpriced")
    usd_per_record: float = Field(description="on top, whatever the tokens")
    listed_as: str | None = Field(description="provider/model of the price list")
    source: str = Field(description="`genai-prices` and its version, `prices file`, `local`, or `unknown`")
    tokens: int = Field(description="that ended tasks have used of the model in all")


class Prices(Given):
    """Every price of every model that occurred."""

    prices: list[PriceRow]
