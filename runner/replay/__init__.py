"""Doing again without AI what was done and verified once: which goals are the same, and what is kept of a run."""

from events.goal_patterns import origin_of, path_for
from runner.replay.learning import Taken, Unlearnable, learn

__all__ = ["Taken", "Unlearnable", "learn", "origin_of", "path_for"]
