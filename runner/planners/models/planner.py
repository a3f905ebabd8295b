"""Asks one model for the next act, within its limits; pydantic-ai is imported at the first question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from runner.page.view import View
from runner.planners.models.answer import Answer, WrongAnswer, advice_of
from runner.planners.models.levels import ModelLevel
from runner.planners.models.prompt import INSTRUCTIONS, user_prompt
from runner.planners.seeing import Advice, Deed, Refusal

if TYPE_CHECKING:
    from pydantic_ai import Agent

    from runner.planners.models.provider import Close

_TRIES = 2  # an answer that means no act is sent back once
_REST_SECONDS = 60.0  # a level that cannot be reached is not asked for so long


@dataclass(frozen=True, slots=True)
class Advised:
    """What a model said, and what it took."""

    advice: Advice
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    away: bool = False  #: the provider could not be asked, so nothing is known of the step


class ModelPlanner:
    """One level's model; several tasks may ask at once."""

    def __init__(self, level: ModelLevel) -> None:
        self.level = level
        self._agent: Agent[View, Answer] | None = None
        self._close: Close | None = None
        self._away_until, self._away_why = 0.0, ""

    @property
    def away(self) -> str | None:
        """Why it is not worth asking now; none if it is."""
        return self._away_why if monotonic() < self._away_until else None

    async def advise(
        self,
        goal: str,
        view: View,
        history: Sequence[Deed],
        secrets: Collection[str] = (),
        *,
        refused: str = "",
        clean: Callable[[str], str] = str,
    ) -> Advised:
        """The model's next act; never raises: what goes wrong is a refusal that says so.

        Args:
            goal: inputs filled in, secrets as references.
            view: what the page shows.
            history: what was done in this attempt.
            secrets: names that may be referred to.
            refused: why the cheaper level could not go on.
            clean: takes the values of secrets out of what a page shows of them.
        """
        from pydantic_ai import UsageLimits  # noqa: PLC0415 - a second of imports that most runs never need
        from pydantic_ai.exceptions import AgentRunError, UserError  # noqa: PLC0415
        from pydantic_ai.usage import RunUsage  # noqa: PLC0415

        prompt = clean(user_prompt(goal, view, history, secrets, most=self.level.max_elements, refused=refused))
        started, usage = monotonic(), RunUsage()
        try:
            async with asyncio.timeout(self.level.deadline_seconds):
                result = await self._asked().run(
                    prompt,
                    deps=view,
                    usage=usage,
                    usage_limits=UsageLimits(request_limit=_TRIES),
                )
            said: Advice = advice_of(result.output, view)
            away = False
        except TimeoutError:
            said, away = self._rest(f"{self.level.used} gave no answer in {self.level.deadline_seconds:g} s"), True
        except (AgentRunError, UserError, WrongAnswer) as error:
            said, away = self._explain(error)
        return Advised(
            said, self.level.model, usage.input_tokens, usage.output_tokens, monotonic() - started, away=away
        )

    async def close(self) -> None:
        """Close the provider's connections; whoever asks again opens new ones."""
        close, self._agent, self._close = self._close, None, None
        if close is not None:
            await close()

    def _asked(self) -> Agent[View, Answer]:
        if self._agent is None:
            from runner.planners.models.provider import agent_for  # noqa: PLC0415 - as above

            self._agent, self._close = agent_for(self.level, INSTRUCTIONS, tries=_TRIES)
        return self._agent

    def _explain(self, error: Exception) -> tuple[Refusal, bool]:
        from pydantic_ai import exceptions as e  # noqa: PLC0415 - as above

        status: Any = getattr(error, "status_code", None)
        if isinstance(error, e.ModelAPIError | e.UserError):
            said = f"status {status}" if status else " ".join(str(error).split())[:200]
            return self._rest(f"{self.level.used} cannot be asked: {said}"), True
        return Refusal(f"{self.level.used} gave no usable answer: {' '.join(str(error).split())[:200]}"), False

    def _rest(self, why: str) -> Refusal:
        self._away_until, self._away_why = monotonic() + _REST_SECONDS, why
        return Refusal(why)
