"""Which level is asked for the next step: the cheapest that may still help, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_STAGNANT = 3  # acts in a row after which the page is as it was


@dataclass(frozen=True, slots=True)
class Choice:
    """The level to ask, and the reason kept with the step."""

    level: int
    reason: str


@dataclass(frozen=True, slots=True)
class Nobody:
    """No level is left for this step: a human is next."""

    reason: str


@dataclass(slots=True)
class Ladder:
    """Climbs for a hard step and comes back down after it; one ladder per attempt.

    Args:
        levels: that are configured, 0 (rules) among them.
        max_steps: of the task; from the half of them on the rules are no longer asked first.
    """

    levels: Sequence[int]
    max_steps: int
    _taken: int = 0
    _refused: dict[int, str] = field(default_factory=dict)  #: for the step at hand, by level
    _same: int = 0
    _page: str = ""
    _last_level: int = 0

    def choose(self, away: Mapping[int, str] | None = None) -> Choice | Nobody:
        """Whom to ask now.

        Args:
            away: levels that cannot be asked at the moment, and why (rate limit, no answer).
        """
        away = away or {}
        floor, reason = self._floor()
        open_levels = [level for level in sorted(self.levels) if level not in self._refused]
        usable = [level for level in open_levels if level not in away and level >= floor]
        if usable:
            return Choice(usable[0], self._reason(usable[0], floor, reason, away))
        return Nobody(self._why_nobody(away))

    def refused(self, level: int, reason: str) -> None:
        """The level gave up on the step at hand."""
        self._refused[level] = reason

    def acted(self, level: int, page: str) -> None:
        """The level's act was carried out.

        Args:
            level: that proposed it.
            page: a digest of what the page shows afterwards, values of fields included; waiting is no act.
        """
        self._same = self._same + 1 if page == self._page else 0
        self._page, self._last_level = page, level
        self._taken += 1
        self._refused.clear()

    def asked_anew(self) -> None:
        """The step is tried again: what was refused may be possible now."""
        self._refused.clear()

    @property
    def stuck(self) -> bool:
        """Whether even the highest level's acts changed nothing, again and again."""
        return self._same >= _STAGNANT and self._last_level >= max(self.levels)

    def _floor(self) -> tuple[int, str]:
        """The lowest level worth asking: above the one whose acts change nothing, above rules once time runs out."""
        if self._same >= _STAGNANT:
            return self._last_level + 1, f"{self._same} acts changed nothing"
        if self._taken * 2 >= self.max_steps and max(self.levels) > 0:
            return 1, f"{self._taken} of {self.max_steps} steps are used up"
        return 0, "the cheapest level"

    def _reason(self, level: int, floor: int, reason: str, away: Mapping[int, str]) -> str:
        passed = [f"level {low}: {why}" for low, why in sorted({**self._refused, **away}.items()) if low < level]
        said = [reason] if floor and level >= floor else []
        return "; ".join([*said, *passed]) or reason

    def _why_nobody(self, away: Mapping[int, str]) -> str:
        said = {**{level: why for level, why in away.items() if level in self.levels}, **self._refused}
        if self.stuck:
            return f"{self._same} acts changed nothing, and no higher level is configured"
        return "; ".join(f"level {level}: {why}" for level, why in sorted(said.items())) or "no level is configured"
