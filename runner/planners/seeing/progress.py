"""What was done so far for a goal in its own words, as the notes of its deeds tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runner.page.view import Element
from runner.planners.seeing import verbs
from runner.planners.seeing.advice import Deed, Situation
from runner.planners.seeing.assigning import Plan
from runner.planners.seeing.evidence import DAYS, headings, kin, says, text_of, whole
from runner.planners.seeing.forms import named
from runner.planners.seeing.wishes import Reach
from runner.planners.seeing.words import plain, words

_PART = "\n"  # between a note and the values that an act used up


def note(kind: str, used: Iterable[str] = ()) -> str:
    """A note that tells which values an act used up."""
    return _PART.join((kind, *used))


def kind_of(deed: Deed) -> str:
    """The first part of a note."""
    return deed.note.split(_PART, 1)[0]


def last_act(at: Situation) -> Deed | None:
    """The last deed that was no wait."""
    return next((deed for deed in reversed(at.deeds) if deed.note != "wait"), None)


def tried(at: Situation, element: Element) -> bool:
    """Whether this very control was acted on, on this page."""
    return any(
        deed.element is not None
        and (deed.element.css, named(deed.element), deed.seen.url) == (element.css, named(element), at.view.url)
        for deed in at.deeds
    )


def used(at: Situation) -> set[str]:
    """The values that rows, links and forms took so far, plain."""
    parts = [deed.note.split(_PART)[1:] for deed in at.deeds]
    parts = [told[-1:] if kind_of(deed) == "filled" else told for deed, told in zip(at.deeds, parts, strict=True)]
    return {plain(text) for told in parts for text in told}


def to_give(wish: Reach, at: Situation) -> list[tuple[str, str]]:
    """The inputs for the fields of this page: those that a field of an earlier page took are not given twice."""
    here = {e.css for e in at.view if e.field}
    gone = {
        deed.note.split(_PART)[-1]
        for deed in at.deeds
        if kind_of(deed) == "filled" and deed.element is not None and deed.element.css not in here
    }
    return [(name, value) for name, value in wish.given if plain(value) not in {plain(text) for text in gone}]


def leads_here(wish: Reach, at: Situation) -> bool:
    """Whether this page is about the verb: it says so, or what was pressed to come here did."""
    if verbs.verb_of(headings(at.view)) == wish.verb or verbs.same(wish.verb, headings(at.view)) > 0:
        return True
    came = [deed for deed in at.deeds if kind_of(deed) in {"led", "verb", "on"} and deed.element is not None]
    return any(verbs.same(wish.verb, named(deed.element)) > 0 for deed in came if deed.element is not None)


def unused(wish: Reach, at: Situation, plan: Plan | None, said: str = "") -> list[str]:
    """The inputs and names of the goal that nothing takes and nothing says.

    Args:
        wish: the goal.
        at: where it stands.
        plan: what goes into the form at hand.
        said: what the row or the form at hand says.
    """
    taken = used(at) | ({plain(value) for value in plan.values.values()} if plan is not None else set())
    around = f"{headings(at.view)} {said}"
    left = []
    for name, value in wish.given:
        if plain(value) not in taken and not says(around, value) and not _credential(name, wish):
            left.append(name)
    given = {plain(value) for _, value in wish.given}
    for aim in wish.aims:
        strict = plain(aim) in DAYS or aim.isdigit() or aim in wish.becomes
        known = says(around, aim) or (not strict and any(_tells(look, aim) for look in _looks(at)))
        if plain(aim) not in given | taken and not known:
            left.append(aim)
    return left


def accounted(wish: Reach, left: Sequence[str]) -> list[str]:
    """The values of the goal without those that are left over."""
    given = [value for name, value in wish.given if name not in left]
    over = {plain(value) for name, value in wish.given if name in left} | {plain(text) for text in left}
    return [*given, *(aim for aim in wish.aims if plain(aim) not in over)]


def _credential(name: str, wish: Reach) -> bool:
    """Whether an input is there to log in with, should that be asked for."""
    return bool(wish.secrets) and bool(
        set(words(name.replace("_", " "))) & {"user", "username", "login", "account", "member"}
    )


def _tells(said: str, aim: str) -> bool:
    return all(kin(said, word) for word in words(aim))


def _looks(at: Situation) -> list[str]:
    return [whole(look) for look in {id(v): v for v in (*(deed.seen for deed in at.deeds), at.view)}.values()]


def off_topic(wish: Reach, at: Situation, said: str = "") -> Sequence[str]:
    """Topics of the goal that neither this page, nor the way to it, nor what is about to be pressed says.

    Names of links prove nothing: a site that offers ballet, too, is not about ballet on its page on swimming. What is to be
    undone has to say so itself, or the page's headings.
    """
    way = [named(deed.element) for deed in at.deeds if kind_of(deed) in {"led", "verb"} and deed.element is not None]
    told = [said, headings(at.view), *way, *(headings(deed.seen) for deed in at.deeds)]
    if wish.verb not in verbs.ON_EXISTING:
        told.append(text_of(e for e in at.view if not e.is_control))
    known = used(at)
    return [word for word in wish.about if word not in known and not any(kin(text, word) for text in told)]


def is_pressed(wish: Reach, at: Situation) -> bool:
    """Whether the verb's control was pressed, and pressing another one could only do it again."""
    pressed = any(kind_of(deed) in {"verb", "sent"} for deed in at.deeds)
    return pressed and (wish.verb in verbs.ON_EXISTING or not unused(wish, at, None))
