"""An element that no description finds any more: by other words for the same, or where it stood. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from runner.page.view import Element
from runner.replay.matching import matching, trait
from runner.replay.meaning import meaning, plain, stem
from runner.replay.wanted import Wanted, name_of

_LIKE_ENOUGH, _MARGIN = 0.72, 0.08  # of letters; and how much less the next one may have (runner-notes.md §4)
_LIKE_WORDS, _LONG_WORD = 0.8, 5
_BUTTONS = frozenset({"button"})


def by_other_words(wanted: Wanted, *, irreversible: bool) -> tuple[Element, str] | str:
    """The element and how it was found, or why it was not."""
    same = [e for e in wanted.present if wanted.names and e.role == wanted.role and wanted.named_so(e)]
    if len(same) > 1:
        return f"{len(same)} elements say in other words that they are {wanted.called}"
    stood = _where_it_stood(wanted, irreversible=irreversible)
    spelled = _in_its_place(wanted, same, stood) or _spelled_alike(wanted)
    found = {e.id: e for e in (spelled, stood) if e is not None}
    if len(found) > 1:
        return f"{wanted.called} may be either of {_list(found.values())}"
    if not found:
        return f"nothing is {wanted.called}" + (f"; {_list(same)} is elsewhere" if same else "")
    element = next(iter(found.values()))
    if irreversible and (doubt := _doubt(wanted, element)):
        return doubt
    by = "where it stood" if element is stood else "by other words"
    return element, f'found {by}, it says "{name_of(element)}" now' if wanted.names else f"found {by}"


def _in_its_place(wanted: Wanted, same: list[Element], stood: Element | None) -> Element | None:
    """The one that says the same: in words that are partly the same, or where it stood; synonyms alone are too little."""
    if not same or same[0] is stood:
        return next(iter(same), None)
    literal = set(meaning(name_of(same[0])).literal)
    return same[0] if any(literal.intersection(mine.literal) for mine in wanted.meanings) else None


def _where_it_stood(wanted: Wanted, *, irreversible: bool) -> Element | None:
    present = {element.id for element in wanted.present}
    for kind, target in sorted(((trait(t), t) for t in wanted.locators), key=lambda pair: pair[0]):
        if kind not in {"id", "place"}:
            continue
        for element in matching(wanted.view, target):
            if element.id not in present or (wanted.role and element.role != wanted.role) or wanted.opposed(element):
                continue
            lasting = kind == "id" and not re.search(r"\d", target.css or "")
            if _is_still(wanted, element, lasting=lasting, irreversible=irreversible):
                return element
    return None


def _is_still(wanted: Wanted, element: Element, *, lasting: bool, irreversible: bool) -> bool:
    """Whether the element at the recorded place is the recorded one."""
    if wanted.named_so(element):
        return bool(wanted.names) or lasting or not irreversible
    if not wanted.names:
        return element.field and not irreversible  # a field that got a label
    lasting = lasting or (element.role in _BUTTONS and _sends_its_form(wanted, element))
    return wanted.same_act(element) or (lasting and wanted.may_be_renamed(element, irreversible=irreversible))


def _sends_its_form(wanted: Wanted, element: Element) -> bool:
    """Whether it is the one button that sends its form to the site."""
    others = (e for e in wanted.view if e.posts and e.form == element.form and e.frame == element.frame)
    return element.posts and [e.id for e in others] == [element.id]


def _spelled_alike(wanted: Wanted) -> Element | None:
    alike = [e for e in wanted.present if e.role == wanted.role and name_of(e)] if wanted.role else []
    scored = sorted(((_likeness(wanted, e), e) for e in alike), key=lambda pair: -pair[0])
    if not scored or scored[0][0] < _LIKE_ENOUGH or (len(scored) > 1 and scored[0][0] - scored[1][0] < _MARGIN):
        return None
    best = scored[0][1]
    harmless = any(_harmless(name, name_of(best)) for name in wanted.names)
    return best if harmless and not wanted.opposed(best) else None


def _likeness(wanted: Wanted, element: Element) -> float:
    said = plain(name_of(element))
    return max((difflib.SequenceMatcher(None, plain(name), said).ratio() for name in wanted.names), default=0.0)


def _harmless(one: str, other: str) -> bool:
    """Whether two names differ in a word or two that name nobody and nothing: no capitals, no numbers, no other act."""
    if meaning(one).head != meaning(other).head:
        return False
    mine, yours = ({stem(w.casefold()): w for w in re.findall(r"\w+", name)} for name in (one, other))
    here, there = [w for s, w in mine.items() if s not in yours], [w for s, w in yours.items() if s not in mine]
    if any(not word.islower() or not word.isalpha() for word in here + there):
        return False
    if here and there:
        spelled = difflib.SequenceMatcher(None, here[0], there[0]).ratio() >= _LIKE_WORDS
        return len(here) == len(there) == 1 and spelled and min(len(here[0]), len(there[0])) >= _LONG_WORD
    return True


def _doubt(wanted: Wanted, element: Element) -> str:
    """Why an act that cannot be taken back is not done to an element that was found by other words or by its place."""
    if wanted.names and not wanted.same_act(element):
        return f'"{name_of(element)}" may be what was {wanted.called}, and the act cannot be taken back'
    rivals = [
        e
        for e in wanted.view
        if wanted.names and e.id != element.id and e.role == element.role and e.frame == element.frame
        and meaning(name_of(e)).head == meaning(name_of(element)).head
    ]  # fmt: skip
    return f"{wanted.called} may be either of {_list([element, *rivals])}" if rivals else ""


def _list(elements: Iterable[Element]) -> str:
    return ", ".join(f'"{name_of(element)}"' for element in elements)
