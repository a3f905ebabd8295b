"""One level of the ladder that asks a model: who, where, and within what limits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Wire = Literal["openai", "anthropic", "google"]

#: Names kept with each step, by level (mission.md §2).
PROVIDERS: dict[int, str] = {1: "ollama", 2: "claude", 3: "codex", 4: "gemini"}
#: What a provider speaks unless a gateway stands in front of it.
WIRES: dict[int, Wire] = {1: "openai", 2: "anthropic", 3: "openai", 4: "google"}


@dataclass(frozen=True, slots=True)
class ModelLevel:
    """How to ask one model."""

    level: int  #: 1 to 4
    model: str  #: as the provider calls it
    api_key: str = ""
    base_url: str | None = None  #: the provider's own when unset
    wire: Wire | None = None  #: the provider's own when unset
    deadline_seconds: float = 60.0  #: for one step, everything included
    max_output_tokens: int = 1_000
    max_elements: int = 60  #: of the page that are shown

    @property
    def used(self) -> str:
        """The word kept with each step."""
        return PROVIDERS[self.level]

    @property
    def speaks(self) -> Wire:
        """The wire format."""
        return self.wire or WIRES[self.level]
