"""Where the element of a recorded step is on the page of today, or why nobody can be sure. Pure.

First the descriptions that say what an element is, then other words for the same, then where it stood. Two candidates
that are equally good are none; and what announces something else is not acted on, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from events.action import Target
from events.paths import PathStep
from runner.page.bundle import bundle
from runner.page.view import Element, View
from runner.replay.matching import Trait, matching, trait
from runner.replay.renamed import by_other_words
from runner.replay.wanted import Wanted, wanted_of

_ORDER: tuple[Trait, ...] = ("test_id", "name", "row", "attr", "label", "placeholder", "text")
_TELLS_TWINS: frozenset[Trait] = frozenset({"test_id", "attr", "label", "placeholder"})
_SAYS_WHAT: frozenset[Trait] = frozenset({"name", "label", "text"})
_SAID: dict[Trait, str] = {
    "test_id": "its test id", "name": "its role and name", "row": "its role and row", "attr": "its name attribute",
    "label": "its label", "placeholder": "its placeholder", "text": "its text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The element that is meant."""

    element: Element
    how: str  #: in words
    degraded: bool  #: whether it is other than it was: what comes of the act must be looked at
    locators: tuple[Target, ...]  #: that describe it today


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing on the page is the element beyond doubt."""

    reason: str


def resolve(step: PathStep, view: View, *, irreversible: bool, values: Collection[str] | None = None) -> Found | Lost:
    """The element a step acts on.

    Args:
        step: as recorded, inputs filled in.
        view: the page as it is now.
        irreversible: whether the act cannot be taken back; then other words must announce the same act.
        values: of the task's inputs; a name that holds one is another one's without it. Unless they are known, no
            control is taken for one that only has another name now.
    """
    wanted = wanted_of(step, view, values)
    if not wanted.locators:
        return Lost("the step has no element")
    found, tied = _described(wanted)
    if not found and tied:
        return Lost(f"{tied} elements are {wanted.called}, and nothing tells which of them is meant")
    if found:
        return _agreed(wanted, found, irreversible=irreversible)
    other = by_other_words(wanted, irreversible=irreversible)
    if isinstance(other, str):
        return Lost(other)
    element, how = other
    return Found(element, how, True, bundle(view, element))


def healed(step: PathStep, found: Found) -> PathStep:
    """The step with what describes its element today, in its action and in what is expected of it."""
    old = {*step.locators, getattr(step.action, "target", None)} - {None}
    best = found.locators[0]
    expects = [
        expected.model_copy(update={"target": best}) if getattr(expected, "target", None) in old else expected
        for expected in step.expects
    ]
    action = step.action.model_copy(update={"target": best})
    return step.model_copy(update={"action": action, "locators": list(found.locators), "expects": expects})


def _described(wanted: Wanted) -> tuple[dict[Trait, Element], int]:
    """By each kind of description that is true for one element which; and how many competed where none was."""
    present = {element.id for element in wanted.present}
    found: dict[Trait, Element] = {}
    tied: list[Element] = []
    ranked = [(_ORDER.index(trait(t)), t) for t in wanted.locators if trait(t) in _ORDER]
    for rank, target in sorted(ranked, key=lambda pair: pair[0]):
        kind = _ORDER[rank]
        matches = [element for element in matching(wanted.view, target) if element.id in present]
        if len(matches) > 1 and not found:
            tied = tied or matches
        told = len(matches) == 1 and (not tied or (kind in _TELLS_TWINS and matches[0] in tied))
        if told and not wanted.opposed(matches[0]):
            found.setdefault(kind, matches[0])
    return found, len(tied)


def _agreed(wanted: Wanted, found: dict[Trait, Element], *, irreversible: bool) -> Found | Lost:
    """The element that the most durable description finds, unless the others or its words speak against it."""
    kind, element = next(iter(found.items()))
    rival = next((other for other in found.values() if other.id != element.id), None)
    named = wanted.named_so(element) or not _SAYS_WHAT.isdisjoint(k for k, e in found.items() if e.id == element.id)
    how = f"found by {_SAID[kind]}"
    if rival is not None and (irreversible or not named):
        return Lost(f"two elements are {wanted.called}: one by {_SAID[kind]}, another by what else was recorded")
    if named or not wanted.names:
        return Found(element, how, False, bundle(wanted.view, element))
    if not wanted.may_be_renamed(element, irreversible=irreversible):
        return Lost(f'what was {wanted.called} says "{element.name}" now')
    return Found(element, f'{how}, it says "{element.name}" now', True, bundle(wanted.view, element))
