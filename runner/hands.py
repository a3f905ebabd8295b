"""What actions work with: the task's window, its secrets, and how long an act may take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Locator

from events.action import Action, Download, Navigate, Target, Wait, WaitFor
from events.steps import Artifact
from producers.artifacts import ArtifactStore
from runner.grounding import Kind, ground
from runner.secrets import SecretBox
from runner.session import Session

#: Carries out one act; gets the seconds it may take.
Act = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class Hands:
    """What actions work with."""

    session: Session
    site_url: str
    secrets: SecretBox
    action_timeout: float
    navigation_timeout: float
    store: ArtifactStore | None = None  #: where files are kept and come from; none: neither
    data: dict[str, Any] = field(default_factory=dict)  #: what was read from pages
    kept: list[Artifact] = field(default_factory=list)  #: files of the last act
    given: Locator | None = None  #: the element of the next act, where it was found already
    found: Locator | None = None  #: the element of the last act; none where it needs none
    sure: bool = False  #: whether that element was seen a moment ago, ready for just this act

    def timeout_of(self, action: Action) -> float:
        """The most seconds the act may take."""
        match action:
            case Navigate():
                return self.navigation_timeout
            case WaitFor() | Download():
                return action.timeout_seconds
            case Wait():
                return action.seconds
            case _:
                return self.action_timeout

    async def find(self, target: Target, kind: Kind) -> Locator:
        """The element that is meant; raises StepTrouble."""
        if self.given is not None:
            self.found, self.given = self.given, None
            return self.found
        redirected = self.session.redirected
        self.found = await ground(self.session.page, target, kind, self.action_timeout, redirected=redirected)
        return self.found
