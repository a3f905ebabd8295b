"""Which of several like controls is meant: the one whose row says what the goal says, and exactly one does. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.page.view import Element, View
from runner.planners.seeing.evidence import clashes, kin, listed, out_of_range, says, text_of
from runner.planners.seeing.verbs import ON_EXISTING
from runner.planners.seeing.wishes import Reach
from runner.planners.seeing.words import plain

_TWO = 2
_LETTERS = 40  # of what a row says


@dataclass(frozen=True, slots=True)
class Value:
    """A value that the goal names or was given with it."""

    name: str  #: of the input; empty for a word of the goal
    text: str
    identifies: bool  #: whether what is meant has to say so


@dataclass(frozen=True, slots=True)
class Picked:
    """The row that is meant, or why none is."""

    index: int = -1
    used: tuple[str, ...] = ()  #: texts of the values it says
    why: str = ""
    by: tuple[str, ...] = ()  #: names of the inputs that decided between rows


def values(wish: Reach) -> list[Value]:
    """All values of the goal; one that shall hold only afterwards tells nothing about where it stands now."""
    later = {plain(text) for text in wish.becomes}
    spoken = {plain(text) for text in wish.aims}
    found = [
        Value(name, text, plain(text) in spoken or wish.verb not in ON_EXISTING)
        for name, text in wish.given
        if plain(text) not in later
    ]
    if wish.verb == "change" and not wish.becomes:
        found = [Value(value.name, value.text, value.identifies and plain(value.text) in spoken) for value in found]
    had = {plain(value.text) for value in found} | later
    return found + [Value("", aim, identifies=True) for aim in wish.aims if plain(aim) not in had]


def pick(wish: Reach, texts: Sequence[str], around: str, names: Sequence[str]) -> Picked:
    """The one row that says all that tells rows apart.

    Args:
        wish: the goal.
        texts: what each row says.
        around: what the list says in all, rows included whose control is missing.
        names: what to call the rows when talking to people.
    """
    told = values(wish)
    naming = [v for v in told if v.identifies and any(says(text, v.text) for text in texts)]
    strict = wish.verb in ON_EXISTING
    for value in told:
        absent = value.identifies and value not in naming and not _number(value.text)
        if absent and (strict or any(clashes(text, value.text) for text in texts)):
            return Picked(why=f"no row here says {value.text!r}")
        if absent and says(around, value.text):
            return Picked(why=f"the row of {value.text!r} cannot be chosen")
    about = [word for word in wish.about if 0 < sum(kin(text, word) for text in texts) < len(texts)]
    fits = [
        index
        for index, text in enumerate(texts)
        if all(says(text, v.text) for v in naming)
        and all(kin(text, word) for word in about)
        and not any(clashes(text, v.text) for v in told if v.identifies)
        and not any(out_of_range(text, v.name, v.text) for v in told if v.name)
    ]
    ranged = any(out_of_range(text, v.name, v.text) is not None for text in texts for v in told if v.name)
    if len(fits) == 1 and (naming or about or ranged or len(texts) == 1):
        topics = [word for word in wish.about if kin(texts[fits[0]], word)]
        return Picked(fits[0], (*(v.text for v in naming), *topics), by=_deciding(told, texts, fits[0]))
    if not fits:
        wanted = listed([v.text for v in naming] + about) if naming or about else "what is given"
        return Picked(why=f"no row here fits {wanted}")
    fit = [names[index] for index in fits]
    if len(set(fit)) == 1:
        return Picked(why=f"{len(fit)} rows with {fit[0]!r} fit; give an input that tells them apart")
    return Picked(
        why=f"{listed(fit[:4])} {'both' if len(fit) == _TWO else 'all'} fit; give an input that tells them apart"
    )


def _deciding(told: Sequence[Value], texts: Sequence[str], chosen: int) -> tuple[str, ...]:
    """The inputs that would have led to another row, had they said something else.

    What alone tells the row from all others decides; what else the row says could only have spoken against it.
    """
    named = [v for v in told if v.name]
    alone = [v.name for v in named if [n for n, text in enumerate(texts) if says(text, v.text)] == [chosen]]
    if alone:
        return tuple(alone[:1])
    return tuple(
        v.name
        for v in named
        if any(says(text, v.text) or out_of_range(text, v.name, v.text) is not None for text in texts)
    )


def row_names(view: View, own: Mapping[str, tuple[int, ...]], found: Sequence[Element]) -> list[str]:
    """What to call rows when talking to people: by their controls where those differ, else by what they say first."""
    names = [e.said for e in found]
    if len(set(names)) == len(names):
        return names
    said = [
        next((e.own for e in view.within(own[control.id]) if e.own and e.own != control.said and not e.is_control), "")
        for control in found
    ]
    return [f"{name} ({text[:_LETTERS]})" if text else name for name, text in zip(names, said, strict=True)]


def _number(text: str) -> bool:
    return text.isdigit()


def nearest(wish: Reach, view: View, element: Element) -> Picked:
    """For the only control of its kind: the first container around it that says any of the values says them all."""
    told = [v for v in values(wish) if v.identifies]
    for depth in range(len(element.path), 0, -1):
        text = text_of(view.within(element.path[:depth]))
        said = [v for v in told if says(text, v.text)]
        other = [v for v in told if clashes(text, v.text)]
        if not said and not other:
            continue
        rest = [v for v in told if v not in said and not _number(v.text)]
        if other or (wish.verb in ON_EXISTING and rest):
            return Picked(why=f"what {element.said!r} stands by does not say {listed([v.text for v in other or rest])}")
        return Picked(0, tuple(v.text for v in said))
    if wish.verb in ON_EXISTING and told and not element.href:
        return Picked(why=f"what {element.said!r} stands by does not say {listed([v.text for v in told])}")
    return Picked(0)
