"""Planners that ask a model: small prompts, one act back, and a ladder that says who is asked when."""

from runner.planners.models.ladder import Choice, Ladder, Nobody
from runner.planners.models.levels import ModelLevel
from runner.planners.models.planner import Advised, ModelPlanner

__all__ = ["Advised", "Choice", "Ladder", "ModelLevel", "ModelPlanner", "Nobody"]
