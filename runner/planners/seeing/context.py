"""What earlier clauses of a goal said that later ones refer to. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runner.planners.seeing.wishes import Fill


@dataclass(slots=True)
class Context:
    """Grows while a goal is read."""

    row: str = ""  #: "For the user @leo, ..." and "Find Sayre in ..."
    found: Fill | None = None  #: "Find the 2nd word ..., type that ..."
