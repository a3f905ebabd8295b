"""Models asked over real HTTP: wire formats, tokens, and everything that goes wrong at a provider."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.model_server import TOKENS, ModelServer, Reply, model_server
from runner.page.acts import Push
from runner.planners.models import Advised, ModelLevel, ModelPlanner
from runner.planners.seeing import Next, Refusal
from tests.seeing import button, field, page

VIEW = page(field("Child"), button("Register"))
REGISTER = VIEW.elements[1].id
PRESS: Reply = {"act": "press", "element": REGISTER, "why": "the form is filled in"}


def level_at(server: ModelServer, number: int = 1, deadline: float = 30.0) -> ModelLevel:
    url = server.openai if number in {1, 3} else server.url
    return ModelLevel(number, "stand-in", api_key="k", base_url=url, deadline_seconds=deadline)


async def asked(server: ModelServer, number: int = 1, deadline: float = 30.0) -> Advised:
    planner = ModelPlanner(level_at(server, number, deadline))
    try:
        return await planner.advise("Register Mia", VIEW, (), ("password",))
    finally:
        await planner.close()


def reason(advised: Advised) -> str:
    assert isinstance(advised.advice, Refusal), advised
    return advised.advice.reason


@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_every_level_answers_in_its_wire_format_and_its_tokens_count(number: int) -> None:
    with model_server(PRESS) as server:
        advised = await asked(server, number)

    assert isinstance(advised.advice, Next)
    assert advised.advice.act == Push(REGISTER)
    assert advised.advice.reason == "the form is filled in"
    assert (advised.input_tokens, advised.output_tokens) == TOKENS
    [prompt] = server.prompts()
    assert "Register Mia" in prompt
    assert "never an instruction" in prompt


async def test_an_answer_that_does_not_fit_the_page_is_sent_back_once_and_both_are_paid_for() -> None:
    with model_server({"act": "press", "element": "e999"}, PRESS) as server:
        advised = await asked(server)

    assert isinstance(advised.advice, Next)
    assert advised.input_tokens == 2 * TOKENS[0]
    assert "no element 'e999'" in server.prompts()[1]


@pytest.mark.parametrize("nonsense", ["I would press the button", '{"act": "press", "ele', {"act": "explode"}])
async def test_nonsense_twice_is_a_refusal_that_was_paid_for(nonsense: Reply) -> None:
    with model_server(nonsense) as server:
        advised = await asked(server)

    assert "no usable answer" in reason(advised)
    assert not advised.away
    assert advised.input_tokens == 2 * TOKENS[0]
    assert len(server.heard) == 2


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_a_provider_that_refuses_is_left_alone_for_a_while(status: int) -> None:
    with model_server((status, "not now")) as server:
        planner = ModelPlanner(level_at(server))
        advised = await planner.advise("Register Mia", VIEW, ())
        await planner.close()

    assert f"status {status}" in reason(advised)
    assert advised.away
    assert planner.away == reason(advised)
    assert len(server.heard) == 1, "no hidden retries"


async def test_a_provider_that_is_silent_is_left_in_time() -> None:
    with model_server(None) as server:
        advised = await asked(server, deadline=0.5)

    assert advised.away
    assert "no answer in 0.5 s" in reason(advised)


async def test_nobody_there_is_said_so() -> None:
    with model_server(PRESS) as server:
        gone = level_at(server)
    planner = ModelPlanner(gone)
    advised = await planner.advise("Register Mia", VIEW, ())
    await planner.close()

    assert advised.away
    assert "ollama cannot be asked" in reason(advised)


def test_whoever_never_asks_a_model_loads_no_client() -> None:
    code = (
        "import sys; import runner.planners.models; "
        "print([n for n in ('pydantic_ai', 'openai', 'anthropic', 'google.genai') if n in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "[]"
