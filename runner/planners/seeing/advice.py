"""What the planner answers, and what it remembers of its answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runner.page.acts import Await, PageAct
from runner.page.view import Element, View


@dataclass(frozen=True, slots=True)
class Next:
    """The next act."""

    act: PageAct
    reason: str
    wish: int = 0  #: which wish of the goal it serves; wishes are served in order
    note: str = ""  #: for the planner itself, on later looks
    depends: tuple[str, ...] = ()  #: inputs that decided which of several like elements is meant

    @property
    def is_wait(self) -> bool:
        """Whether nothing is done to the page."""
        return isinstance(self.act, Await)


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do but to verify."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rules cannot help, or are not sure; `reason` is for people."""

    reason: str
    wish: int = 0  #: which wish of the goal they stopped at


Advice = Next | Done | Refusal


@dataclass(frozen=True, slots=True)
class Deed:
    """An answer that was carried out, and what was seen before it."""

    act: PageAct
    wish: int
    note: str
    element: Element | None
    seen: View

    @classmethod
    def of(cls, advice: Next, view: View) -> Deed:
        """The deed that carrying out this answer on this view is."""
        name = getattr(advice.act, "element", "")
        return cls(advice.act, advice.wish, advice.note, view.get(name), view)


@dataclass(frozen=True, slots=True)
class Met:
    """A wish that is fulfilled."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a skill works with."""

    view: View
    deeds: tuple[Deed, ...]  #: those that served this wish
    history: tuple[Deed, ...]
    before: tuple[object, ...] = ()  #: wishes already served
    after: tuple[object, ...] = ()  #: wishes still to come

    def tried(self, element: Element, note: str = "") -> bool:
        """Whether this element was acted on for this wish."""
        return any(
            deed.element is not None and deed.element.css == element.css and (not note or deed.note == note)
            for deed in self.deeds
        )

    def noted(self, note: str) -> int:
        """How many deeds for this wish carry the note."""
        return sum(deed.note == note for deed in self.deeds)


Step = Next | Met | Refusal
MET = Met()


def do(act: PageAct, reason: str, note: str = "", depends: tuple[str, ...] = ()) -> Next:
    """An act for the wish at hand."""
    return Next(act, reason, note=note, depends=depends)


def wait(situation: Situation, most: int, why: str, seconds: float = 0.4) -> Step:
    """Wait for something, up to `most` times."""
    if situation.noted("wait") >= most:
        return Refusal(f"{why} did not come")
    return do(Await(seconds), f"wait for {why}", "wait")
