"""What can be done to an element that was seen, by its id in the view. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Push:
    """Press an element, in its middle or at a point inside it."""

    element: str
    at: tuple[float, float] | None = None  #: from its left upper corner, in pixels


@dataclass(frozen=True, slots=True)
class Put:
    """Replace the value of a field."""

    element: str
    value: str


@dataclass(frozen=True, slots=True)
class Write:
    """Type letter by letter where the element is: what only listens for keys."""

    element: str
    text: str
    enter: bool = False  #: and press Enter afterwards


@dataclass(frozen=True, slots=True)
class Pick:
    """Choose options of a list, and no others."""

    element: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """Set a checkbox or a radio button."""

    element: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class Strike:
    """Press a key, some times in a row, on an element."""

    element: str
    key: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Point:
    """Move the mouse over an element, as menus want it."""

    element: str


@dataclass(frozen=True, slots=True)
class Drag:
    """Drag from the middle of an element to a point of the page, or to the middle of another element and beside it."""

    element: str
    to: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scroll:
    """Scroll what an element holds."""

    element: str
    end: Literal["top", "bottom"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Select the text of an element, as one does before copying or styling it."""

    element: str


@dataclass(frozen=True, slots=True)
class Await:
    """Wait a moment for what is on its way."""

    seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Read:
    """Read what an element says, or the value of a field, into the result under `key`."""

    element: str
    key: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Open a page; a relative address is read against the task's site."""

    url: str


PageAct = Push | Put | Write | Pick | Tick | Strike | Point | Drag | Scroll | Mark | Read | Visit | Await
