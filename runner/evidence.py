"""Evidence that no page shows: how the site answered, and what was read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic

from events.indicators import ResponseReceived, ResultValue
from runner.traffic import Exchange, Traffic

_POLL_SECONDS = 0.05
_SHOWN = 100  # characters of a value that a sentence repeats


@dataclass(frozen=True, slots=True)
class Finding:
    """One indicator, and what was found; the sentence is evidence either way."""

    holds: bool
    sentence: str


def is_wanted(indicator: ResponseReceived, method: str, url: str) -> bool:
    """Whether a request is one of those that the indicator speaks of."""
    return indicator.url_contains in url and indicator.method in {None, method}


async def answered(traffic: Traffic, indicator: ResponseReceived, seconds: float) -> Finding:
    """The last answer to such a request since the act that cannot be taken back, waited for."""
    until = monotonic() + seconds
    while True:
        asked = [e for e in traffic.since if is_wanted(indicator, e.method, e.url)]
        if asked and asked[-1].ended:
            return _judged(indicator, asked[-1])
        if monotonic() >= until:
            break
        await asyncio.sleep(_POLL_SECONDS)
    words = " ".join([indicator.method or "request", "to an address that contains", f'"{indicator.url_contains}"'])
    said = "is not answered yet" if asked else "was seen since the act it was to carry"
    return Finding(holds=False, sentence=f"{'the' if asked else 'no'} {words} {said}")


def _judged(indicator: ResponseReceived, exchange: Exchange) -> Finding:
    taken = exchange.status == indicator.status if indicator.status is not None else not exchange.refused
    if not taken or exchange.status is None:
        wanted = "" if indicator.status is None else f", not {indicator.status}"
        return Finding(holds=False, sentence=f"{exchange}{wanted}")
    if indicator.body_contains is not None and indicator.body_contains not in exchange.body:
        return Finding(holds=False, sentence=f'{exchange}, without "{indicator.body_contains}"')
    return Finding(holds=True, sentence=str(exchange))


def was_read(data: Mapping[str, object], indicator: ResultValue) -> Finding:
    """What is in the result under the key."""
    value = data.get(indicator.key)
    texts = list(_texts(value))
    if not any(texts):
        return Finding(holds=False, sentence=f'nothing was read as "{indicator.key}"')
    shown = json.dumps(value, ensure_ascii=False)[:_SHOWN]
    whole = indicator.equals is None or texts == [indicator.equals.strip()]
    part = indicator.contains is None or any(indicator.contains in text for text in texts)
    if whole and part:
        return Finding(holds=True, sentence=f'"{indicator.key}" was read: {shown}')
    wanted = indicator.contains if whole else indicator.equals
    return Finding(holds=False, sentence=f'"{indicator.key}" is {shown}, not "{wanted}"')


def _texts(value: object) -> Iterator[str]:
    """Every text and number of a JSON value."""
    match value:
        case None:
            return
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case _:
            yield str(value).strip()
