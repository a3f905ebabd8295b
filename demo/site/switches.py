"""What can be made to go wrong on the site, as one value. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_COUNT = Annotated[int, Field(ge=0)]
_DELAY_MS = Annotated[int, Field(ge=0, le=600_000)]
_PATH = Annotated[str, Field(pattern=r"^/")]


class Switch(BaseModel):
    """Base: frozen, and strict about names it does not know, so that a mistyped switch is no silent success."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fault(Switch):
    """The next requests to a path are answered with an error."""

    status: Annotated[int, Field(ge=400, le=599)] = 500
    times: Annotated[int, Field(ge=1)] = 1
    path: _PATH = "/"  #: and everything below it
    method: Literal["GET", "POST"] | None = None
    after: bool = False  #: do the work first and lose the answer, as a proxy does that gives up too early


class Switches(Switch):
    """Everything off is a site that works."""

    cookie_modal: bool = False  #: a dialog covers every page until it is accepted
    slow_ms: _DELAY_MS = 0  #: before every answer
    slow_paths: dict[_PATH, _DELAY_MS] = Field(default_factory=dict)  #: before answers below these paths, instead
    slow_times: _COUNT | None = None  #: so many answers are slow; unset: all
    expire_sessions: _COUNT = 0  #: so many requests of people who are logged in log them out
    expire_path: _PATH = "/"  #: only requests below this path do
    faults: list[Fault] = Field(default_factory=list)
    renamed_controls: bool = False  #: every label and button says the same in other words
    extra_page: bool = False  #: a page to look everything over comes between form and confirmation
    deadly_path: _PATH | None = None  #: pages below it end their browser's renderer
    deadly_kind: Literal["crash", "loop"] = "crash"  #: die at once, or never answer again
    rerender_ms: _DELAY_MS = 0  #: a script replaces every form by a copy this often
    rerender_pages: _COUNT | None = None  #: so many pages with forms have that script; unset: all
    login_required: bool = True  #: to register; without it registrations are those of a guest
    places: _COUNT = 12  #: in every class on every day
