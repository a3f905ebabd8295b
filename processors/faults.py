"""Exits at named points, for tests of what a crash leaves behind; does nothing unless asked to."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field

POINTS = ("before_facts", "between_facts", "before_follow_ups", "after_follow_ups")
EXIT_CODE = 86


@dataclass(slots=True)
class Faults:
    """Probability, by point, with which the process ends there as `kill -9` would end it."""

    chances: dict[str, float] = field(default_factory=dict)

    def strike(self, point: str) -> None:
        """End the process, if fate says so."""
        chance = self.chances.get(point, 0.0)
        if chance and random.random() < chance:  # noqa: S311 - a test's dice, no secret
            os._exit(EXIT_CODE)


def parse_faults(text: str) -> Faults:
    """Read `point:probability,...`; raises ValueError for a point that does not exist."""
    chances: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        point, _, chance = part.partition(":")
        if point not in POINTS:
            raise ValueError(f"no fault point {point!r}: there are {', '.join(POINTS)}")
        chances[point] = float(chance or 1)
    return Faults(chances)
