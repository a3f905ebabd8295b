"""The models an installation names, ready to be asked."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from events.errors import SetupIncomplete
from runner.planners.models.levels import ModelLevel
from runner.planners.models.planner import ModelPlanner


def model_planners(levels: Iterable[ModelLevel]) -> dict[int, ModelPlanner]:
    """A planner for each level, by level.

    Raises:
        SetupIncomplete: the providers' clients are not installed.
    """
    planners = {level.level: ModelPlanner(level) for level in levels}
    if planners and find_spec("pydantic_ai") is None:
        raise SetupIncomplete(
            "a model is configured (GOALTRAIL_MODELS__...), but the clients of the providers are not installed:"
            " `pip install 'goaltrail[models]'`"
        )
    return planners
