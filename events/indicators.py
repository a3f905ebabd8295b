"""Success indicators: what shows that a goal is reached, outside the steps that were to reach it. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from events.action import SHORT, TEXT, Declared, Target


class UrlContains(Declared):
    """The page's URL contains `value`."""

    kind: Literal["url_contains"] = "url_contains"
    value: SHORT
    at: SHORT | None = None  #: page to open for a second look after a crash, such as a list of bookings


class TextVisible(Declared):
    """The text can be seen on the page; `{{name}}` takes an input."""

    kind: Literal["text_visible"] = "text_visible"
    value: SHORT
    at: SHORT | None = None


class ElementVisible(Declared):
    """The element can be seen on the page."""

    kind: Literal["element_visible"] = "element_visible"
    target: Target
    at: SHORT | None = None


class FieldValue(Declared):
    """The form field holds `value`."""

    kind: Literal["field_value"] = "field_value"
    target: Target
    value: TEXT
    at: SHORT | None = None


class TextGone(Declared):
    """The text cannot be seen on the page."""

    kind: Literal["text_gone"] = "text_gone"
    value: SHORT
    exact: bool = False  #: only where it stands alone, in the same case
    at: SHORT | None = None


class ElementState(Declared):
    """The element is in the states that are given here."""

    kind: Literal["element_state"] = "element_state"
    target: Target
    checked: bool | None = None  #: a checkbox, a radio button or a switch
    expanded: bool | None = None  #: what opens and closes
    selected: bool | None = None  #: a tab or an option
    at: SHORT | None = None


class ResponseReceived(Declared):
    """The site answered a request like this; of several the last one counts. It cannot be seen again after a crash."""

    kind: Literal["response"] = "response"
    url_contains: SHORT
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None  #: any below 400 when unset
    body_contains: SHORT | None = None
    at: None = None


class ResultValue(Declared):
    """Something was read into the result data under `key`: anything but nothing, or what is said here."""

    kind: Literal["result_value"] = "result_value"
    key: SHORT
    equals: TEXT | None = None  #: the whole of it
    contains: SHORT | None = None  #: a part of it, or of one entry of a list or table
    at: None = None


SuccessIndicator = Annotated[
    UrlContains | TextVisible | TextGone | ElementVisible | ElementState | FieldValue | ResponseReceived | ResultValue,
    Field(discriminator="kind"),
]
