"""What a goal asks for, clause by clause: the small language between reading a goal and looking at a page. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Press:
    """Press a control."""

    names: tuple[str, ...] = ()  #: what it may be called, best guess first; none: the only one of its kind
    kind: str = ""  #: `button`, `link`, `tab`, ...
    nth: int | None = None  #: 1-based; -1 is the last
    within: str = ""  #: words of the row, post or dialog that holds it
    many: int | None = None  #: in so many rows; 0 is all of them
    property: bool = False  #: it is what the row says under that name: "click on their address"


@dataclass(frozen=True, slots=True)
class Open:
    """Open what is closed: a section, a tab, a menu."""

    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """Enter a value, or what is read from the page, into a field."""

    value: str = ""
    source: str = ""  #: where the value is read from instead: `word`, `text`, `table`, `sum`, `found`, `count`
    of: str = ""  #: more on the source: the label in the table, the noun that is counted
    nth: int | None = None  #: which word or text of the source
    field: str = ""
    field_nth: int | None = None
    every: bool = False
    kind: str = ""  #: `date` or `time`


@dataclass(frozen=True, slots=True)
class FillAll:
    """Fill each labelled field with what the page says under its label."""


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose options of a list, checkboxes or radio buttons."""

    options: tuple[str, ...]
    kind: str = ""
    nth: int | None = None
    on: bool = True
    field: str = ""  #: the list they are chosen from


@dataclass(frozen=True, slots=True)
class Along:
    """Choose along a path of nested menus."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slide:
    """Bring sliders to values."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PickDate:
    """Enter a day, by typing or in a calendar."""

    year: int
    month: int
    day: int
    field: str = ""


@dataclass(frozen=True, slots=True)
class Complete:
    """Enter something the page proposes while one types."""

    starts: str
    ends: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Colour:
    """Give a colour field a value; without a name, the colour shown."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Things that are seen rather than read: by kind, colour and size."""

    words: tuple[str, ...]
    do: Literal["press", "press_all", "count", "describe"]


@dataclass(frozen=True, slots=True)
class Compare:
    """Press what stands out: the cheapest, the longest, the greatest."""

    by: Literal["price", "duration", "number"]
    most: bool
    hidden: bool = False  #: the values show only when pressed


@dataclass(frozen=True, slots=True)
class InOrder:
    """Press numbers by size, or bring a list into order by dragging."""

    ascending: bool = True
    drag: bool = False


@dataclass(frozen=True, slots=True)
class DragTo:
    """Drag something: by name to a place, or in a direction."""

    what: str
    place: str


@dataclass(frozen=True, slots=True)
class ScrollTo:
    """Scroll a text."""

    end: Literal["top", "bottom"]


@dataclass(frozen=True, slots=True)
class Select:
    """Select text with the mouse; then, in an editor, give it a style."""

    nth: int | None = None
    text: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Resize:
    """Drag the corner of something."""

    side: Literal["width", "height"]
    larger: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """Do something with a message of a person."""

    do: Literal["star", "delete", "reply", "forward"]
    sender: str
    to: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Fill a form from a sentence: its fields take the words that belong to them."""

    words: str


@dataclass(frozen=True, slots=True)
class Judge:
    """Mark each number as odd or even."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Press a button until the number shown is as wished."""

    button: str
    test: Literal["less", "greater", "even", "odd"]
    bound: float = 0.0


@dataclass(frozen=True, slots=True)
class Guess:
    """Find a number by what the page says about each try."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Order:
    """Put things into a basket: by name, or so many of a sort."""

    items: tuple[str, ...] = ()
    count: int = 0
    sort: str = ""


@dataclass(frozen=True, slots=True)
class ReadOut:
    """Read what the page says under a label."""

    label: str
    key: str


@dataclass(frozen=True, slots=True)
class Go:
    """Open a page by its address."""

    url: str


@dataclass(frozen=True, slots=True)
class Key:
    """Press a key where the focus is."""

    key: str


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait until something is said on the page."""

    text: str


@dataclass(frozen=True, slots=True)
class Hover:
    """Point at something without pressing it."""

    name: str


@dataclass(frozen=True, slots=True)
class Submit:
    """Send the form off, whatever its button is called."""

    names: tuple[str, ...] = ()
    optional: bool = False  #: the goal does not say so: only where the page has just one way to do it


@dataclass(frozen=True, slots=True)
class Reach:
    """Bring about what the goal says in its own words, wherever the site offers it."""

    verb: str  #: the family it belongs to: `register`, `cancel`, ...
    said: str  #: the verb as the goal says it
    about: tuple[str, ...] = ()  #: words that the site has to be about
    aims: tuple[str, ...] = ()  #: names, days and numbers in the goal: they tell rows and options apart
    becomes: tuple[str, ...] = ()  #: those of them that shall hold afterwards: "change the day to Thursday"
    given: tuple[tuple[str, str], ...] = ()  #: the task's inputs
    secrets: tuple[str, ...] = ()  #: references to those one can log in with
    agrees: bool = False  #: whether the goal says that terms are agreed to


Wish = (
    Press | Open | Fill | FillAll | Choose | Along | Slide | PickDate | Complete | Colour | Shapes | Compare | InOrder
    | DragTo | ScrollTo | Select | Resize | Mail | Search | Judge | Draw | Guess | Order | ReadOut | Go | Key | WaitFor | Hover | Submit
    | Reach
)  # fmt: skip
