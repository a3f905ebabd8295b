"""Tokens laid over prices: as the price list itself would have it, dated, and never $0 for what nobody knows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.metadata import version as get_version
from pathlib import Path

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider

from events.errors import SetupIncomplete
from events.steps import StepFact
from projections.own_prices import OwnPrices, Price, read_own_prices
from projections.price_keys import STEP_MINUTES, TIERS
from projections.price_list import prices_of
from projections.prices import Prices
from projections.queries import Readings
from projections.store import Store
from tests.unit.projections.log import Log, TaskLog, at, claimed, completed, cost, read, started, step, submitted
from tests.wait import until

NOTHING = OwnPrices()
PAGE = Path(__file__).resolve().parents[3] / "docs" / "prices.md"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


def put(store: Store, prices: list[Price]) -> None:
    with store.cursor() as cursor:
        for price in prices:
            cursor.execute(f"INSERT INTO prices VALUES ({', '.join(['?'] * len(price))})", price)


def usage(store: Store, columns: str = "provider, model, priced_cost") -> list[tuple[object, ...]]:
    with store.cursor() as cursor:
        return cursor.execute(f"SELECT {columns} FROM v_ai_usage ORDER BY step_number, used_at").fetchall()


def every_model() -> list[tuple[Provider, ModelInfo]]:
    return [(provider, model) for provider in get_snapshot().providers for model in provider.models]


def test_no_price_of_the_list_changes_between_the_steps_that_days_are_summed_by() -> None:
    for provider, model in every_model():
        for price in prices_of(provider.id, model.id, NOTHING):
            assert price.input_above in {-1, *TIERS}, price
            assert price.minute_from % STEP_MINUTES == 0, price


def test_prices_of_a_model_do_not_overlap_and_leave_no_gap() -> None:
    begin = datetime(2025, 1, 1)  # noqa: DTZ001 - the store keeps UTC without zone
    for ai_used, model in (("claude", "claude-opus-4-6"), ("deepseek", "deepseek-v4-flash"), ("perplexity", "sonar")):
        prices = prices_of(ai_used, model, NOTHING)
        chance = random.Random(1)
        for _ in range(300):
            at = begin + timedelta(minutes=chance.randrange(2 * 365 * 24 * 60))
            tokens = chance.choice((0, 1, 200_000, 200_001, 900_000))
            assert len([price for price in prices if holds(price, at, tokens)]) == 1


def listed(provider: Provider, model: ModelInfo) -> list[Price]:
    return prices_of(provider.id, model.id, NOTHING)


def holds(price: Price, at: datetime, tokens: int) -> bool:
    minute = at.hour * 60 + at.minute
    return (
        price.valid_from <= at < price.valid_until
        and price.minute_from <= minute < price.minute_until
        and price.input_above < tokens <= price.input_up_to
    )


def shown(store: Store, task_id: str) -> list[Decimal | None]:
    sql = "SELECT priced_cost FROM v_ai_usage WHERE task_id = ? ORDER BY step_number"
    with store.cursor() as cursor:
        return [cost for (cost,) in cursor.execute(sql, [task_id]).fetchall()]


def as_listed(provider: str, model: str, given: int, made: int, at: datetime) -> Decimal | None:
    """The price list's own answer; none where it has no rate for these tokens."""
    try:
        found = calc_price(
            Usage(input_tokens=given, output_tokens=made), model, provider_id=provider, genai_request_timestamp=at
        )
    except LookupError:
        return None
    known = found.model_price.output_mtok is not None and (found.model_price.input_mtok is not None or not given)
    return found.total_price if known else None


def test_what_is_priced_costs_what_the_list_calculates(store: Store) -> None:
    chance = random.Random(4)
    dated = [found for found in every_model() if isinstance(found[1].prices, list)]
    tiered = [found for found in every_model() if len({p.input_above for p in listed(*found)}) > 1]
    hourly = [found for found in dated if len({p.minute_from for p in listed(*found)}) > 1]
    some = [*chance.sample(dated, 40), *chance.sample(tiered, 60), *hourly, *chance.sample(every_model(), 40)]
    chosen = list({(provider.id, model.id): (provider, model) for provider, model in some}.values())
    log, expected, expected_records = Log(), [], []
    records = []
    for provider, model in chosen:
        task = log.task()
        task.seconds = chance.randrange(-300 * 86_400, 20 * 86_400) // 1_800 * 1_800
        for number in range(4):
            used = (chance.choice((0, 700, *TIERS, *(tier + 1 for tier in TIERS))), chance.randrange(1, 9_000))
            event = step(number, ai_used=provider.id, model=model.id, input_tokens=used[0], output_tokens=used[1])
            record = task.step(event)
            records += task.steps(event, event_id=record.event_id)
            expected_records.append(record)
            expected.append((record.event_id, as_listed(provider.id, model.id, *used, record.recorded_at)))
        records += task.facts(submitted(), claimed(), started(), completed())
    read(store, records)
    put(store, [p for provider, model in chosen for p in prices_of(provider.id, model.id, NOTHING)])

    with store.cursor() as cursor:
        rows = dict(cursor.execute("SELECT event_id, priced_cost FROM v_ai_usage").fetchall())
        days = cursor.execute("SELECT sum(priced_cost), sum(unpriced_tokens) FROM v_daily_spend").fetchone()
        whole = cursor.execute(
            "SELECT sum(priced_cost), sum(input_tokens + output_tokens) FILTER (priced_cost IS NULL) FROM v_ai_usage"
        ).fetchone()

    assert {key: None if cost is None else float(cost) for key, cost in rows.items()} == {
        key: None if cost is None else pytest.approx(float(cost), abs=1e-8) for key, cost in expected
    }
    with store.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM v_ai_usage").fetchall() == [(len(expected),)]
    assert days == whole
    asked = Readings(store.cursor)
    for task_id in {record.task_id for record in expected_records}:
        steps = asked.execution_log(task_id).execution_log
        assert [each.priced_cost for each in steps] == [
            None if cost is None else pytest.approx(float(cost)) for cost in shown(store, task_id)
        ]
    assert whole is not None
    assert whole[1]


def test_a_task_says_what_its_tokens_cost(store: Store) -> None:
    log, readings = Log(), Readings(store.cursor)
    free, asked, half, silent, strange = log.task(), log.task(), log.task(), log.task(), log.task()
    known = step(1, ai_used="claude", model="claude-sonnet-4-5", input_tokens=1_000, output_tokens=100)
    unknown = step(2, ai_used="gemini", model="gemini-x", input_tokens=70, output_tokens=7, cost=0.5)
    put(store, prices_of("claude", "claude-sonnet-4-5", NOTHING))
    said: list[tuple[TaskLog, list[StepFact]]] = [
        (free, [step(1, ai_used="rules")]),
        (asked, [known]),
        (half, [known, unknown]),
        (silent, [cost(0.25)]),
        (strange, [step(1, ai_used="rules"), unknown]),
    ]
    for task, steps in said:
        read(store, task.facts(submitted(), claimed(), started()) + task.steps(*steps) + task.facts(completed()))

    found = [readings.get_task(task.task_id) for task, _ in said]
    shown = [(each.total_cost, each.priced_cost, each.unpriced_tokens) for each in found if each is not None]
    assert shown == [(0.0, 0.0, 0), (0.0, 0.0045, 0), (0.5, 0.0045, 77), (0.25, None, 0), (0.5, None, 77)]
    assert [readings.task_as_of(task.task_id, version=4) for task, _ in said] == found
    early = readings.task_as_of(asked.task_id, moment=at(1))
    assert early is not None
    assert (early.total_cost, early.priced_cost) == (0.0, 0.0)


def test_an_unknown_model_is_unpriced_and_no_model_is_free(store: Store) -> None:
    task = Log().task()
    used = [
        step(1, ai_used="gemini", model="gemini-x", input_tokens=100, output_tokens=9, cost=0.5),
        step(2, ai_used="rules"),
        step(3, ai_used="ollama", model="llama3", input_tokens=5_000, output_tokens=70, ai_level=1),
        step(4, ai_used="claude", cost=0.25),
        step(5, ai_used="ollama", model="gpt-oss:120b-cloud", input_tokens=50),
        step(6, ai_used="claude", model="claude-sonnet-4-5", input_tokens=1_000, output_tokens=100, cost=0.01),
    ]
    read(store, task.facts(submitted(), claimed(), started()) + task.steps(*used) + task.facts(completed()))
    pairs = {(each.ai_used, each.model or "") for each in used}
    put(store, [price for pair in pairs for price in prices_of(*pair, NOTHING)])

    assert usage(store, "step_number, priced_cost, price_source") == [
        (1, None, "unknown"),
        (2, Decimal(0), None),
        (3, Decimal(0), "local"),
        (4, None, None),
        (5, None, "unknown"),
        (6, Decimal("0.0045"), f"genai-prices {get_version('genai-prices')}"),
    ]
    assert [
        (each.provider, each.model, each.usd_per_million_input, each.input_above, each.source, each.tokens)
        for each in Readings(store.cursor).prices()
    ] == [
        ("claude", None, None, 0, "unknown", 0),
        ("claude", "claude-sonnet-4-5", 3.0, 0, f"genai-prices {get_version('genai-prices')}", 1_100),
        ("claude", "claude-sonnet-4-5", 6.0, 200_000, f"genai-prices {get_version('genai-prices')}", 1_100),
        ("gemini", "gemini-x", None, 0, "unknown", 109),
        ("ollama", "gpt-oss:120b-cloud", None, 0, "unknown", 50),
        ("ollama", "llama3", 0.0, 0, "local", 5_070),
        ("rules", None, 0.0, 0, "local", 0),
    ]
    assert spend(store) == {
        "claude": (Decimal("0.0045"), 0, Decimal("0.25")),
        "gemini": (None, 109, Decimal("0.5")),
        "ollama": (Decimal(0), 50, Decimal(0)),
        "rules": (Decimal(0), 0, Decimal(0)),
    }


def spend(store: Store) -> dict[str, tuple[Decimal | None, int, Decimal]]:
    sql = "SELECT provider, sum(priced_cost), sum(unpriced_tokens), sum(unpriced_reported_cost) FROM v_daily_spend"
    with store.cursor() as cursor:
        return {row[0]: tuple(row[1:]) for row in cursor.execute(f"{sql} GROUP BY provider").fetchall()}


def example() -> str:
    """The prices file that the page shows."""
    return PAGE.read_text().split("```toml\n")[1].split("```")[0]


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    return file


def test_the_example_of_the_page_means_what_the_page_says(tmp_path: Path) -> None:
    own = read_own_prices(written(tmp_path, example()))
    sonnet = prices_of("claude", "claude-sonnet-4-5", own)
    since = datetime(2026, 10, 1)  # noqa: DTZ001 - the store keeps UTC without zone
    assert {(p.usd_per_million_input, p.valid_until) for p in sonnet[:-1]} == {(Decimal(3), since), (Decimal(6), since)}
    assert (sonnet[-1].usd_per_million_input, sonnet[-1].valid_from) == (Decimal("2.4"), since)
    assert sonnet[-1].source == "prices file"
    assert [p.usd_per_million_output for p in prices_of("our-vllm", "qwen3-32b", own)] == [Decimal("0.02")]
    assert prices_of("gateway", "claude-haiku-4-5", own)[0].listed_as == "anthropic/claude-haiku-4-5"
    assert prices_of("gateway", "claude-haiku-4-5", NOTHING)[0].usd_per_million_input is None


def test_the_query_of_the_page_lays_other_prices_over_the_tokens(store: Store) -> None:
    task = Log().task()
    task.seconds = 3 * 86_400
    read(store, task.facts(submitted()) + task.steps(step(1, ai_used="x", input_tokens=10**6, output_tokens=10**6)))
    with store.cursor() as cursor:
        assert cursor.execute(PAGE.read_text().split("```sql\n")[1].split("```")[0]).fetchall() == [("x", 5.0)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[price]]\nprovider = 3\ninput = 1\noutput = 1", "price.0.provider"),
        ("[[price]]\nprovider = 'a'\ninput = -1\noutput = 1", "price.0.input"),
        ("[[price]]\nprovider = 'a'\ninput = 1", "price.0.output"),
        ("[[prices]]\nprovider = 'a'", "prices"),
        ("price = ", "no TOML"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SetupIncomplete, match=said):
        Prices(written(tmp_path, text))
    with pytest.raises(SetupIncomplete, match="cannot be read"):
        Prices(tmp_path / "nowhere.toml")


def test_models_are_priced_as_they_occur_and_anew_when_the_file_changes(store: Store, tmp_path: Path) -> None:
    task = Log().task()
    used = step(1, ai_used="claude", model="claude-sonnet-4-5", input_tokens=1_000_000, output_tokens=0)
    read(store, task.facts(submitted()) + task.steps(used))
    assert usage(store) == [("claude", "claude-sonnet-4-5", None)]

    tended(store, Prices(), 1)
    assert usage(store)[0][2] == 6  # above 200,000 tokens

    later = step(2, ai_used="house", model="m", input_tokens=1_000_000)
    read(store, task.steps(later))
    file = written(tmp_path, "[[price]]\nprovider = 'house'\ninput = 0.7\noutput = 1")
    tended(store, Prices(file), 2)
    assert [row[2] for row in usage(store)] == [6, Decimal("0.7")]

    written(tmp_path, "[[price]]\nprovider = 'house'\ninput = 0.8\noutput = 1")
    again = Prices(file)
    tended(store, again, 2)
    assert [row[2] for row in usage(store)] == [6, Decimal("0.8")]


def tended(store: Store, prices: Prices, models: int) -> None:
    """What the projector's thread does between batches, until all is priced that should be."""

    def done() -> bool:
        prices.tend(store, ())
        with store.cursor() as cursor:
            found = cursor.execute("SELECT count(DISTINCT (ai_used, model)) FROM prices").fetchall()[0][0]
        return bool(found == models) and prices.idle

    until(done)


def test_a_look_up_that_fails_leaves_models_unpriced_and_is_tried_again(store: Store, tmp_path: Path) -> None:
    task = Log().task()
    read(store, task.facts(submitted()) + task.steps(step(1, ai_used="claude", model="claude-sonnet-4-5")))
    file = written(tmp_path, example())
    prices = Prices(file, again_seconds=0.0)
    file.unlink()
    prices.tend(store, ())
    until(lambda: prices.idle)
    assert Readings(store.cursor).prices() == []

    written(tmp_path, example())
    tended(store, prices, 1)


def test_a_model_met_later_is_looked_up(store: Store) -> None:
    prices = Prices()
    prices.tend(store, ())
    assert prices.idle

    def priced() -> bool:
        prices.tend(store, {("codex", "gpt-5-codex"), ("rules", None)})
        with store.cursor() as cursor:
            return len(cursor.execute("SELECT DISTINCT ai_used FROM prices").fetchall()) == 2

    until(priced)
