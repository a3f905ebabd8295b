"""Navigation paths as they are shown, and what operators do about them. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import MAX_NUMBER, Given, Moment, Taken

_State = Literal["usable", "expired", "quarantined", "unknown"]
_Text = Annotated[str, Field(min_length=1, max_length=2_000)]
_Reason = Annotated[str, Field(max_length=2_000)]


class Path(Given):
    """What is known of reaching one kind of goal on one site; tallies are over all editions."""

    path_key: str
    site: str
    goal_pattern: str = Field(description="the goal with `{{name}}` in place of each input")
    state: _State = Field(description="of the edition in use: only a usable one is replayed")
    edition: str | None = Field(description="in use")
    editions: int = Field(description="how often it was learned or healed")
    pinned: bool = Field(description="an operator chose the edition in use; it does not expire")
    reason: str | None
    successes: int
    failures: int
    failures_in_row: int
    saved_seconds: float = Field(description="that successful replays saved")
    last_error_type: str | None
    last_error: str | None
    created_at: Moment
    last_used_at: Moment | None
    expires_at: Moment | None


class Edition(Given):
    """One way of reaching the goal; nothing is overwritten."""

    number: int
    edition: str
    heals: str | None = Field(description="the edition it was made from; none: learned anew")
    changed: list[int] = Field(description="1-based numbers of the steps that were healed")
    steps: list[dict[str, Any]]
    task_id: str | None
    caused_by: str
    created_at: Moment


class PathDetails(Given):
    """A path with its editions, oldest first."""

    path: Path
    editions: list[Edition]


class PathPage(Given):
    """Paths, the last used first."""

    paths: list[Path]
    total: int
    limit: int
    offset: int


class PathQuery(Taken):
    """Which paths to list."""

    site: _Text | None = Field(None, description="part of the site")
    goal: _Text | None = Field(None, description="part of the goal pattern")
    state: _State | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_NUMBER)] = 0


class ExpirePath(Taken):
    """The edition in use is not to be replayed any more; the path may be learned anew."""

    reason: _Reason = ""


class PinPath(Taken):
    """An edition is to be replayed, whatever is learned later."""

    edition: (
        Annotated[str, Field(min_length=4, max_length=64, description="or how it begins; none: the one in use")] | None
    ) = None
    reason: _Reason = ""


class UnpinPath(Taken):
    """The newest edition is used again."""

    reason: _Reason = ""


class PathDone(Given):
    """What was recorded."""

    path_key: str
    edition: str | None
    state: _State
    pinned: bool
    already_true: bool = Field(description="nothing was recorded")
    fact: str | None = Field(description="`topic:partition:offset` of the record of this act")
