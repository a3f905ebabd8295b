"""The clients of the providers; imported only when a model is asked for the first time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydantic_ai import Agent, ModelRetry, NativeOutput, RunContext, ToolOutput
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from runner.page.view import View
from runner.planners.models.answer import Answer, WrongAnswer, advice_of
from runner.planners.models.levels import ModelLevel

Close = Callable[[], Awaitable[object]]


def agent_for(level: ModelLevel, instructions: str, *, tries: int) -> tuple[Agent[View, Answer], Close]:
    """Who asks this level, and how to close its connections; answers that do not fit the page are sent back.

    Raises:
        UserError: of pydantic-ai: the provider's key is missing.
    """
    model, close = _model(level)
    # Ollama and OpenAI hold a model to a schema; for the others a tool call is the surer way.
    output = NativeOutput(Answer) if level.speaks == "openai" else ToolOutput(Answer)
    agent: Agent[View, Answer] = Agent(
        model,
        output_type=output,
        instructions=instructions,
        deps_type=View,
        retries=tries - 1,
        model_settings=ModelSettings(
            temperature=0.0, max_tokens=level.max_output_tokens, timeout=level.deadline_seconds
        ),
    )

    @agent.output_validator
    def fits(context: RunContext[View], answer: Answer) -> Answer:
        try:
            advice_of(answer, context.deps)
        except WrongAnswer as error:
            raise ModelRetry(str(error)) from error
        return answer

    return agent, close


def _model(level: ModelLevel) -> tuple[Model, Close]:
    match level.speaks:
        case "openai":
            return _openai(level)
        case "anthropic":
            return _anthropic(level)
        case "google":
            return _google(level)


def _openai(level: ModelLevel) -> tuple[Model, Close]:
    from openai import AsyncOpenAI  # noqa: PLC0415 - one provider's client is no reason to need the others'
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

    # Its own retries would double every deadline (runner-notes.md §2). Local servers take any key, but want one.
    client = AsyncOpenAI(api_key=level.api_key or "none", base_url=level.base_url, max_retries=0)
    return OpenAIChatModel(level.model, provider=OpenAIProvider(openai_client=client)), client.close


def _anthropic(level: ModelLevel) -> tuple[Model, Close]:
    from anthropic import AsyncAnthropic  # noqa: PLC0415
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    client = AsyncAnthropic(api_key=level.api_key, base_url=level.base_url, max_retries=0)
    return AnthropicModel(level.model, provider=AnthropicProvider(anthropic_client=client)), client.close


def _google(level: ModelLevel) -> tuple[Model, Close]:
    import httpx  # noqa: PLC0415
    from google.genai import Client  # noqa: PLC0415
    from google.genai.types import HttpOptions  # noqa: PLC0415
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415
    from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415

    # Given no client it takes aiohttp, which Kafka's client brought along, and subclasses it in a deprecated way.
    http = httpx.AsyncClient(timeout=level.deadline_seconds)
    client = Client(api_key=level.api_key, http_options=HttpOptions(base_url=level.base_url, httpx_async_client=http))
    return GoogleModel(level.model, provider=GoogleProvider(client=client)), http.aclose
