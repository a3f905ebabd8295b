"""Navigation paths: what was learned of reaching a kind of goal on a site, and how replaying it went. Pure.

A path belongs to a site and a goal pattern. Each time it is learned or healed it gets other steps, and the `event_id` of
that fact names this edition of it; what is said later names the edition it is about. Nothing is overwritten: the newest
edition is the one in use, unless another one is pinned.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.action import Action, Target
from events.facts import Fact
from events.failure import ErrorType
from events.goal import PERSONAL, Name
from events.indicators import SuccessIndicator


def path_key(site: str, goal_pattern: str) -> str:
    """What a path's records are keyed by.

    Args:
        site: scheme, host and port, as a browser states an origin.
        goal_pattern: the goal with `{{name}}` in place of each input.
    """
    return hashlib.sha256(f"{site}\n{goal_pattern}".encode()).hexdigest()[:32]


class PathStep(Fact):
    """One act that can be done again; `{{name}}` in it takes an input, `{{secret:name}}` a secret."""

    action: Action
    locators: list[Target] = Field(default_factory=list)  #: of the action's element, the most durable first
    url: str = ""  #: of the page it was done on
    expects: list[SuccessIndicator] = Field(default_factory=list)  #: what must hold once it is done


class PathLearned(Fact):
    """A goal was reached and verified, and how can be repeated; this fact's `event_id` names the edition."""

    type: Literal["path.learned"] = "path.learned"
    steps: list[PathStep] = Field(json_schema_extra=PERSONAL)
    inputs: list[Name] = Field(default_factory=list)  #: what the steps need, secrets apart
    success_indicators: list[SuccessIndicator] = Field(default_factory=list)  #: that prove the goal after a replay
    seconds: float = 0.0  #: that reaching the goal took without the path
    cost: Annotated[float, Field(ge=0)] = 0.0  #: USD, likewise, as reported
    expires_at: AwareDatetime | None = None


class PathHealed(Fact):
    """A replay found elements elsewhere and was verified all the same; this fact's `event_id` names the new edition."""

    type: Literal["path.healed"] = "path.healed"
    path: str  #: the edition that was replayed
    steps: list[PathStep] = Field(json_schema_extra=PERSONAL)
    changed: list[int] = Field(default_factory=list)  #: 1-based numbers of the steps that are other than before
    expires_at: AwareDatetime | None = None


class PathReplayed(Fact):
    """An edition was replayed, and the goal verified."""

    type: Literal["path.replayed"] = "path.replayed"
    path: str
    seconds: Annotated[float, Field(ge=0, le=1e9)]
    time_saved_seconds: Annotated[float, Field(ge=0, le=1e9)] = 0.0  #: against the run it was learned in
    expires_at: AwareDatetime | None = None  #: from now on; none leaves it as it was


class PathFailed(Fact):
    """An edition was replayed and did not reach the goal; another way was taken, or the attempt failed."""

    type: Literal["path.failed"] = "path.failed"
    path: str
    step: int | None = None  #: 1-based, where it stopped; none when only the verification failed
    error_type: ErrorType
    error_message: str = ""
    seconds: Annotated[float, Field(ge=0, le=1e9)] = 0.0


class PathExpired(Fact):
    """An edition is too old, or too long unused, to be replayed."""

    type: Literal["path.expired"] = "path.expired"
    path: str
    reason: str = ""


class PathQuarantined(Fact):
    """An edition failed too often in a row; it is not replayed until the path is learned anew, healed or pinned."""

    type: Literal["path.quarantined"] = "path.quarantined"
    path: str
    reason: str = ""


class PathPinned(Fact):
    """An operator wants this edition used, whatever is learned later; it does not expire."""

    type: Literal["path.pinned"] = "path.pinned"
    path: str
    reason: str = ""


class PathUnpinned(Fact):
    """The newest edition is used again."""

    type: Literal["path.unpinned"] = "path.unpinned"
    reason: str = ""


PathFact = (
    PathLearned | PathHealed | PathReplayed | PathFailed | PathExpired | PathQuarantined | PathPinned | PathUnpinned
)


class PathEnvelope(BaseModel):
    """One record of `paths.events`, keyed by path key.

    Runners, the path agent and operators write it, so there is no chain: the order in the partition holds, and an
    `event_id` that was there before is a repeat.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str
    path_key: str
    site: str  #: scheme, host and port
    goal_pattern: str = Field(json_schema_extra=PERSONAL)
    task_id: str | None = None  #: whose run it was
    recorded_at: AwareDatetime  #: the writer's clock
    caused_by: str = ""  #: worker, agent or operator
    event: Annotated[PathFact, Field(discriminator="type")]


class UsablePath(BaseModel):
    """One record of `paths`: the edition to replay now; an empty record takes it back."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    path_key: str
    site: str
    goal_pattern: str = Field(json_schema_extra=PERSONAL)
    path: str  #: the edition
    steps: list[PathStep] = Field(json_schema_extra=PERSONAL)
    inputs: list[Name] = Field(default_factory=list)
    success_indicators: list[SuccessIndicator] = Field(default_factory=list)
    seconds: float = 0.0  #: that the goal took without it
    pinned: bool = False
    expires_at: AwareDatetime | None = None
