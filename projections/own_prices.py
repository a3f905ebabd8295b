"""Rows of `prices`, and those that an installation gives in a file of its own (docs/prices.md).

[[price]]
provider = "claude"          # as recorded
model = "claude-sonnet-4-5"  # left out: every model of the provider that has no price of its own here
since = 2026-10-01           # UTC; left out: always
input = 2.4                  # USD per million tokens
output = 12.0

[providers]
gateway = "anthropic"        # a recorded name, and whose prices hold for it
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from events.errors import SetupIncomplete

EVER = datetime(1970, 1, 1)  # noqa: DTZ001 - the store keeps UTC without zone
NEVER = datetime(9999, 12, 31)  # noqa: DTZ001 - likewise
_Usd = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=9)]


class Price(NamedTuple):
    """A row of `prices`, in the table's order: what a token costs from one moment to another, for records of a size."""

    ai_used: str
    model: str  #: empty when none was recorded
    valid_from: datetime = EVER
    valid_until: datetime = NEVER  #: exclusive
    minute_from: int = 0  #: of the UTC day
    minute_until: int = 24 * 60  #: exclusive
    input_above: int = -1
    input_up_to: int = 2**31 - 1
    usd_per_million_input: Decimal | None = None  #: none: unpriced
    usd_per_million_output: Decimal | None = None
    usd_per_record: Decimal = Decimal(0)
    listed_as: str | None = None
    source: str = "unknown"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str
    model: str | None = None
    since: date | None = None
    input: _Usd
    output: _Usd
    per_record: _Usd = Decimal(0)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    price: list[_Entry] = Field(default_factory=list)
    providers: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """What the installation says itself."""

    entries: tuple[_Entry, ...] = ()
    listed_as: dict[str, str] = field(default_factory=dict)  #: provider as recorded -> as the price list calls it
    fingerprint: str = ""  #: another one for every other content

    def of(self, ai_used: str, model: str) -> list[Price]:
        """Its prices of one model, in order; none when it gives none."""
        same = [entry for entry in self.entries if entry.provider == ai_used]
        fitting = [entry for entry in same if entry.model == model] or [entry for entry in same if entry.model is None]
        fitting.sort(key=lambda entry: entry.since or date.min)
        begins = [datetime.combine(entry.since, time()) if entry.since else EVER for entry in fitting]
        return [
            Price(
                ai_used,
                model,
                since,
                until,
                usd_per_million_input=entry.input,
                usd_per_million_output=entry.output,
                usd_per_record=entry.per_record,
                source="prices file",
            )
            for entry, (since, until) in zip(fitting, pairwise([*begins, NEVER]), strict=True)
            if since < until
        ]


def read_own_prices(file: Path | None) -> OwnPrices:
    """The file's prices; none without a file.

    Raises:
        SetupIncomplete: it cannot be read, or says something we do not understand; the text names it.
    """
    if file is None:
        return OwnPrices()
    try:
        body = file.read_bytes()
        said = _File.model_validate(tomllib.loads(body.decode(), parse_float=Decimal))
    except OSError as error:
        raise SetupIncomplete(f"the prices file {file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupIncomplete(f"the prices file {file} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SetupIncomplete(f"the prices file {file} is wrong at {where}: {first['msg']}") from error
    return OwnPrices(tuple(said.price), said.providers, hashlib.sha256(body).hexdigest())
