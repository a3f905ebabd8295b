"""What a planner sees of a page: elements in document order, and what is new since the last look. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

#: Roles that a press does something to, whatever listens.
CONTROLS = frozenset(
    {"button", "link", "tab", "menuitem", "menuitemcheckbox", "menuitemradio", "option", "switch", "treeitem"}
)
_TEXT_TYPES = frozenset(
    {
        "text",
        "password",
        "email",
        "search",
        "tel",
        "url",
        "number",
        "date",
        "time",
        "month",
        "week",
        "textarea",
        "rich",
        "",
    }
)


@dataclass(frozen=True, slots=True)
class Box:
    """Where an element is, in pixels of the page."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        """Its size in square pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Element:
    """One thing on the page: a control, a text, a shape or a coloured area."""

    id: str  #: stable within one view, such as `e12`
    tag: str
    path: tuple[int, ...]  #: numbers of its ancestors and itself: a common beginning is a common container
    css: str
    box: Box
    role: str = ""
    name: str = ""  #: accessible name
    own: str = ""  #: its text without that of its children
    text: str = ""  #: all its text
    label: str = ""  #: name given by a label or by ARIA
    hint: str = ""  #: title or alternative text
    tokens: str = ""  #: words of its class, id and name: all that icons say about themselves
    placeholder: str = ""
    type: str = ""  #: of a field
    value: str = ""
    options: tuple[str, ...] = ()
    shut: tuple[str, ...] = ()  #: options that cannot be chosen
    chosen: tuple[str, ...] = ()
    checked: bool | None = None
    expanded: bool | None = None
    selected: bool | None = None
    disabled: bool = False
    readonly: bool = False
    multiple: bool = False
    focused: bool = False
    covered: bool = False  #: something else lies over its middle
    press: bool = False  #: a press does something, as far as can be told
    drag: bool = False
    hover: bool = False
    popup: bool = False
    field: bool = False
    shape: str = ""  #: kind of SVG shape
    points: int = 0  #: corners of a polygon
    color: str = ""
    size: float = 0.0  #: of the letters, in pixels
    scroll: tuple[int, ...] = ()  #: top, whole height, visible height
    href: str = ""
    attr: str = ""  #: the name attribute
    test_id: str = ""
    frame: str = ""
    min: str = ""
    max: str = ""
    step: str = ""
    missing: bool = False  #: a field that must be given and is not yet
    form: int = 0  #: number of the form it belongs to, as in paths; 0 for none
    posts: bool = False  #: it sends its form to the site

    @property
    def takes_text(self) -> bool:
        """Whether text can be typed into it."""
        return self.field and not self.disabled and not self.readonly and self.type in _TEXT_TYPES

    @property
    def is_control(self) -> bool:
        """Whether it is a button, link or the like, or something that listens for a press."""
        return (self.press or self.role in CONTROLS) and not (self.field and self.type not in {"button", "submit"})

    @property
    def said(self) -> str:
        """The words a person would call it by."""
        return self.name or self.text or self.hint or self.placeholder


@dataclass(frozen=True, slots=True)
class View:
    """One look at one page."""

    url: str
    title: str
    elements: tuple[Element, ...]
    fresh: frozenset[str] = (
        frozenset()
    )  #: ids of elements that were not there, or said something else, at the last look
    cut: bool = False  #: whether the page holds more than a view may
    focus: str = ""  #: id of the element that has the focus
    _by_id: dict[str, Element] = field(default_factory=dict, compare=False, repr=False)

    def __iter__(self) -> Iterator[Element]:
        return iter(self.elements)

    def get(self, element_id: str) -> Element | None:
        """The element of that id."""
        if not self._by_id:
            self._by_id.update((element.id, element) for element in self.elements)
        return self._by_id.get(element_id)

    def within(self, container: tuple[int, ...]) -> tuple[Element, ...]:
        """The elements inside a container, itself included."""
        depth = len(container)
        return tuple(element for element in self.elements if element.path[:depth] == container)


_KNOWN = frozenset(item.name for item in fields(Element))
_LISTS = frozenset({"path", "options", "shut", "chosen", "scroll"})


def shared(one: Element, other: Element) -> int:
    """How deep the innermost container of both lies."""
    depth = 0
    for mine, yours in zip(one.path, other.path, strict=False):
        if mine != yours:
            break
        depth += 1
    return depth


def read_view(frames: Iterable[tuple[str, Mapping[str, Any]]], before: View | None = None) -> View:
    """A view from what the page's documents told, the main one first.

    Args:
        frames: name and record of each document.
        before: the last view of the same page.
    """
    elements: list[Element] = []
    url = title = ""
    cut = False
    for place, (frame, told) in enumerate(frames):
        if not place:
            url, title = str(told["url"]), str(told["title"])
        cut = cut or bool(told.get("cut"))
        elements.extend(_element(raw, frame, place) for raw in told["elements"])
    known = {(e.css, e.frame): _says(e) for e in before.elements} if before else {}
    fresh = frozenset(e.id for e in elements if before and known.get((e.css, e.frame)) != _says(e))
    focus = next((e.id for e in elements if e.focused), "")
    return View(url=url, title=title, elements=tuple(elements), fresh=fresh, cut=cut, focus=focus)


def _element(raw: Mapping[str, Any], frame: str, place: int) -> Element:
    known: dict[str, Any] = {
        key: tuple(value) if key in _LISTS else value for key, value in raw.items() if key in _KNOWN
    }
    known.pop("id", None)
    known["box"] = Box(*raw["box"])
    known["path"] = (place, *raw["path"])
    return Element(id=f"e{raw['n']}" if not place else f"f{place}e{raw['n']}", frame=frame, **known)


def _says(element: Element) -> tuple[object, ...]:
    return (element.own, element.value, element.checked, element.chosen, element.expanded, element.selected,
            element.disabled, element.name)  # fmt: skip
