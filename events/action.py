"""Browser actions a plan is made of, and the targets they act on. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TEXT = Annotated[str, Field(max_length=10_000)]
SHORT = Annotated[str, Field(min_length=1, max_length=1_000)]
_Pixels = Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]
_Point = tuple[_Pixels, _Pixels]


class Declared(BaseModel):
    """Base of what a caller declares: unknown fields are an error that names them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(Declared):
    """An element of the page, described as a person would; every given field must match."""

    role: SHORT | None = None  #: ARIA role, such as `button`
    name: SHORT | None = None  #: accessible name, with `role`
    label: SHORT | None = None  #: label of a form field
    text: SHORT | None = None  #: visible text
    placeholder: SHORT | None = None
    test_id: SHORT | None = None
    css: SHORT | None = None
    within: SHORT | None = None  #: text of the row, list item or section that holds it
    exact: bool = False
    nth: Annotated[int, Field(ge=0)] | None = None  #: 0-based choice among several matches
    frame: SHORT | None = None  #: name or address of the frame that holds it; else the page itself

    @model_validator(mode="after")
    def _names_something(self) -> Target:
        given = (self.role, self.label, self.text, self.placeholder, self.test_id, self.css)
        if not any(given):
            raise ValueError("a target needs one of role, label, text, placeholder, test_id or css")
        return self


class Navigate(Declared):
    """Open a page; relative URLs are read against the task's site."""

    op: Literal["navigate"] = "navigate"
    url: SHORT


class Click(Declared):
    """Click an element."""

    op: Literal["click"] = "click"
    target: Target
    at: _Point | None = None  #: where, from its left upper corner; else in its middle
    irreversible: bool = False  #: submits, pays, deletes or sends: done at most once


class Fill(Declared):
    """Replace the value of a field; `{{name}}` takes an input, `{{secret:name}}` a secret."""

    op: Literal["fill"] = "fill"
    target: Target
    value: TEXT


class Select(Declared):
    """Choose an option by its visible label."""

    op: Literal["select"] = "select"
    target: Target
    option: TEXT


class SelectMany(Declared):
    """Choose these options of a list by their visible labels, and no others."""

    op: Literal["select_many"] = "select_many"
    target: Target
    options: Annotated[list[TEXT], Field(max_length=400)]


class Check(Declared):
    """Set a checkbox or radio button."""

    op: Literal["check"] = "check"
    target: Target
    checked: bool = True


class Press(Declared):
    """Press a key, such as `Enter`, on an element or on the page."""

    op: Literal["press"] = "press"
    key: SHORT
    target: Target | None = None
    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    irreversible: bool = False


class Type(Declared):
    """Type letter by letter where an element is, for what only listens to keys; what it holds already stays."""

    op: Literal["type"] = "type"
    target: Target
    value: TEXT  #: may hold `{{name}}` and `{{secret:name}}`
    enter: bool = False  #: press Enter afterwards
    irreversible: bool = False


class Hover(Declared):
    """Move the mouse over an element."""

    op: Literal["hover"] = "hover"
    target: Target


class Drag(Declared):
    """Drag an element by mouse: onto another one, or to a point of the page."""

    op: Literal["drag"] = "drag"
    target: Target
    onto: Target | None = None
    to: _Point | None = None  #: in pixels of the page

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Drag:
        if (self.onto is None) == (self.to is None):
            raise ValueError("a drag needs one of onto and to")
        return self


class Scroll(Declared):
    """Scroll what an element holds."""

    op: Literal["scroll"] = "scroll"
    target: Target
    end: Literal["top", "bottom"]


class SelectText(Declared):
    """Select the text of an element, as before copying or styling it."""

    op: Literal["select_text"] = "select_text"
    target: Target


class Wait(Declared):
    """Do nothing for a moment."""

    op: Literal["wait"] = "wait"
    seconds: Annotated[float, Field(gt=0, le=60)] = 0.5


class WaitFor(Declared):
    """Wait until an element is visible."""

    op: Literal["wait_for"] = "wait_for"
    target: Target
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0


class Extract(Declared):
    """Read something of an element into the result data under `key`: its text or value, unless said otherwise."""

    op: Literal["extract"] = "extract"
    target: Target
    key: SHORT
    attribute: SHORT | None = None  #: this attribute instead; addresses come whole
    table: bool = False  #: the rows of a table, each an object by the names of its columns
    all: bool = False  #: a list of what every visible match says, in the order of the page

    @model_validator(mode="after")
    def _reads_one_thing(self) -> Extract:
        if self.table and (self.attribute or self.all):
            raise ValueError("a table is read by itself, without attribute or all")
        return self


class UploadFile(Declared):
    """One file to give to a page; its content comes with the goal or from what was kept before, never from a disk."""

    name: SHORT  #: as the site sees it, without folders
    text: TEXT | None = None  #: its content; may hold `{{name}}`
    base64: Annotated[str, Field(max_length=200_000, pattern=r"^[A-Za-z0-9+/\s]*={0,2}\s*$")] | None = None
    artifact: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = (
        None  #: SHA-256, as the result of a download says it
    )
    media_type: SHORT | None = None  #: guessed from the name when unset

    @model_validator(mode="after")
    def _has_one_content(self) -> UploadFile:
        if sum(content is not None for content in (self.text, self.base64, self.artifact)) != 1:
            raise ValueError("a file needs exactly one of text, base64 and artifact")
        if "/" in self.name or "\\" in self.name:
            raise ValueError("a file's name has no folders")
        return self


class Upload(Declared):
    """Give files to a field for them, or to what a button opens to choose some."""

    op: Literal["upload"] = "upload"
    target: Target
    files: Annotated[list[UploadFile], Field(min_length=1, max_length=20)]


class Download(Declared):
    """Click what downloads a file; it is kept as an artifact, and told in the result data under `key`."""

    op: Literal["download"] = "download"
    target: Target
    key: SHORT
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 60.0


Action = Annotated[
    Navigate
    | Click
    | Fill
    | Select
    | SelectMany
    | Check
    | Press
    | Type
    | Hover
    | Drag
    | Scroll
    | SelectText
    | Wait
    | WaitFor
    | Extract
    | Upload
    | Download,
    Field(discriminator="op"),
]
