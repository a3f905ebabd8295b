"""Which input belongs into which field: by names, by what a list offers, and never by guessing between two. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from runner.page.view import View
from runner.planners.seeing.slots import Slot, is_true
from runner.planners.seeing.words import likeness, plain, stem, words

_SURE = 0.6
_MARGIN = 0.04
_OFFERED = 0.7  # by what a list offers, whatever it is called
_AMONG_OPTIONS = 0.2
#: What forms call the same.
_ALIKE: tuple[frozenset[str], ...] = tuple(
    frozenset(kin.split())
    for kin in ("email mail e", "phone telephone tel mobile cell", "zip postcode postal", "day weekday", "quantity qty amount many number count copies",
                "surname lastname family", "firstname forename given", "address street", "city town", "comment note remark message",
                "child kid", "birthday birthdate born birth dob", "people persons guests party seats", "size", "time hour")
)  # fmt: skip
#: A field that says one of these means something else than the input that does not.
_QUALIFIES = frozenset({"birth", "card", "emergency", "billing", "friend", "coupon", "promo",
                        "voucher", "gift", "captcha"})  # fmt: skip
_FORMER = frozenset({"old", "current", "previous", "former"})
_REPEATS = frozenset({"repeat", "again", "confirm", "retype", "reenter", "verify"})


@dataclass(slots=True)
class Plan:
    """What goes where."""

    filled: dict[str, Slot] = field(default_factory=dict)  #: by name of the input
    values: dict[str, str] = field(default_factory=dict)
    unclear: str = ""  #: why it is not clear where an input goes


def spoken(name: str) -> str:
    """An input's name in words: `child_name` and `childName` are "child name"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_\-.]+", " ", name).strip().lower()


def match(name: str, value: str, slot: Slot, view: View) -> float:
    """How surely the input belongs into it; 0 for not."""
    by_name = _by_name(spoken(name), slot)
    if slot.kind == "text":
        return by_name
    if slot.kind == "box":
        if is_true(value) is not None:
            return by_name
        return 0.9 if plain(value) == plain(slot.name) else 0.0
    if slot.option(value, view) is None:
        return by_name / 2 if by_name > _OFFERED else 0.0
    return max(_OFFERED, by_name + _AMONG_OPTIONS)


def _by_name(name: str, slot: Slot) -> float:
    part = slot.parts[0]
    said = set(words(slot.name)) | set(words(part.placeholder))
    mine = set(words(name))
    if said & (_QUALIFIES | _REPEATS) - mine or set(words(slot.name)[:1]) & _FORMER - mine:
        return 0.0
    best = max(likeness(name, slot.name), likeness(name, part.placeholder), likeness(name, part.hint))
    inside = set(words(spoken(part.attr if slot.kind == "radio" else f"{part.attr} {part.tokens}")))
    if mine and mine <= inside and not inside & _QUALIFIES - mine:
        best = max(best, 0.85 if plain(name) == plain(spoken(part.attr)) else 0.8)
    if part.type in mine and part.type not in {"text", "number"}:
        best = max(best, 0.8)
    for alike in _ALIKE:
        if mine & alike and (said | {part.type, spoken(part.attr)}) & alike:
            best = max(best, 0.7)
    if {stem(w) for w in mine} & {stem(w) for w in said}:
        best = max(best, 0.62)
    return best if best >= _SURE else 0.0


def assign(given: Sequence[tuple[str, str]], found: Sequence[Slot], view: View) -> Plan:
    """The plan in which each input has the field it fits best; unclear when two are as good."""
    plan = Plan()
    pairs = sorted(
        ((match(name, value, slot, view), name, value, at) for name, value in given for at, slot in enumerate(found)),
        key=lambda pair: (-pair[0], pair[3]),
    )
    pairs = [pair for pair in pairs if pair[0] > 0]
    while pairs:
        score, name, value, at = pairs[0]
        rivals = [pair for pair in pairs[1:] if pair[0] > score - _MARGIN and (pair[1] == name) != (pair[3] == at)]
        if score < _SURE and found[at].kind in {"list", "radio"}:
            plan.unclear = str(found[at].put(value, view))
            return plan
        if rivals:
            other = rivals[0]
            plan.unclear = (
                f"{found[at].called!r} and {found[other[3]].called!r} could both take the input {name!r}"
                if other[1] == name
                else f"the inputs {name!r} and {other[1]!r} both fit {found[at].called!r}"
            )
            return plan
        plan.filled[name], plan.values[name] = found[at], value
        pairs = [pair for pair in pairs if pair[1] != name and pair[3] != at]
    _repeat(plan, found)
    return plan


def _repeat(plan: Plan, found: Sequence[Slot]) -> None:
    """A field that wants the same once more gets it."""
    for slot in found:
        said = set(words(slot.name))
        if slot.kind != "text" or not said & _REPEATS or slot in plan.filled.values():
            continue
        kin = [name for name, filled in plan.filled.items() if set(words(filled.name)) & said - _REPEATS]
        if len(kin) == 1:
            plan.filled[f"{kin[0]} again"], plan.values[f"{kin[0]} again"] = slot, plan.values[kin[0]]


def offered(aims: Sequence[str], found: Sequence[Slot], plan: Plan, view: View) -> None:
    """Names and days of the goal may be chosen where exactly one list offers exactly that."""
    for aim in aims:
        if any(plain(aim) == plain(value) for value in plan.values.values()):
            continue
        free = [slot for slot in found if slot not in plan.filled.values() and slot.kind in {"list", "radio"}]
        fit = [slot for slot in free if any(plain(said) == plain(aim) for said in slot.options(view))]
        if len(fit) == 1:
            plan.filled[f"={aim}"], plan.values[f"={aim}"] = fit[0], aim
