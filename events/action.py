"""Browser actions a plan is made of, and the targets they act on. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_TEXT = Annotated[str, Field(max_length=10_000)]
_SHORT = Annotated[str, Field(min_length=1, max_length=1_000)]


class Declared(BaseModel):
    """Base of what a caller declares: unknown fields are an error that names them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(Declared):
    """An element of the page, described as a person would; every given field must match."""

    role: _SHORT | None = None  #: ARIA role, such as `button`
    name: _SHORT | None = None  #: accessible name, with `role`
    label: _SHORT | None = None  #: label of a form field
    text: _SHORT | None = None  #: visible text
    placeholder: _SHORT | None = None
    test_id: _SHORT | None = None
    css: _SHORT | None = None
    within: _SHORT | None = None  #: text of the row, list item or section that holds it
    exact: bool = False
    nth: Annotated[int, Field(ge=0)] | None = None  #: 0-based choice among several matches

    @model_validator(mode="after")
    def _names_something(self) -> Target:
        given = (self.role, self.label, self.text, self.placeholder, self.test_id, self.css)
        if not any(given):
            raise ValueError("a target needs one of role, label, text, placeholder, test_id or css")
        return self


class Navigate(Declared):
    """Open a page; relative URLs are read against the task's site."""

    op: Literal["navigate"] = "navigate"
    url: _SHORT


class Click(Declared):
    """Click an element."""

    op: Literal["click"] = "click"
    target: Target
    irreversible: bool = False  #: submits, pays, deletes or sends: done at most once


class Fill(Declared):
    """Replace the value of a field; `{{name}}` takes an input, `{{secret:name}}` a secret."""

    op: Literal["fill"] = "fill"
    target: Target
    value: _TEXT


class Select(Declared):
    """Choose an option by its visible label."""

    op: Literal["select"] = "select"
    target: Target
    option: _TEXT


class Check(Declared):
    """Set a checkbox or radio button."""

    op: Literal["check"] = "check"
    target: Target
    checked: bool = True


class Press(Declared):
    """Press a key, such as `Enter`, on an element or on the page."""

    op: Literal["press"] = "press"
    key: _SHORT
    target: Target | None = None
    irreversible: bool = False


class WaitFor(Declared):
    """Wait until an element is visible."""

    op: Literal["wait_for"] = "wait_for"
    target: Target
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0


class Extract(Declared):
    """Read the text of an element into the result data under `key`."""

    op: Literal["extract"] = "extract"
    target: Target
    key: _SHORT


Action = Annotated[
    Navigate | Click | Fill | Select | Check | Press | WaitFor | Extract,
    Field(discriminator="op"),
]


class UrlContains(Declared):
    """The page's URL contains `value`."""

    kind: Literal["url_contains"] = "url_contains"
    value: _SHORT
    at: _SHORT | None = None  #: page to open for a second look after a crash, such as a list of bookings


class TextVisible(Declared):
    """The text can be seen on the page; `{{name}}` takes an input."""

    kind: Literal["text_visible"] = "text_visible"
    value: _SHORT
    at: _SHORT | None = None


class ElementVisible(Declared):
    """The element can be seen on the page."""

    kind: Literal["element_visible"] = "element_visible"
    target: Target
    at: _SHORT | None = None


class FieldValue(Declared):
    """The form field holds `value`."""

    kind: Literal["field_value"] = "field_value"
    target: Target
    value: _TEXT
    at: _SHORT | None = None


SuccessIndicator = Annotated[
    UrlContains | TextVisible | ElementVisible | FieldValue,
    Field(discriminator="kind"),
]
