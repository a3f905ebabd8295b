"""Forms of a page: what belongs together, what sends it off, and whether that is what the goal wants. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.page.view import Element, View
from runner.planners.seeing import verbs
from runner.planners.seeing.matching import innermost, is_kind, rows
from runner.planners.seeing.slots import Slot, slots


@dataclass(frozen=True, slots=True)
class Form:
    """Fields, and the buttons beside them."""

    slots: tuple[Slot, ...]
    buttons: tuple[Element, ...]
    region: tuple[int, ...]  #: the container that holds it all

    @property
    def is_door(self) -> bool:
        """Whether one logs in here."""
        secret = [slot for slot in self.slots if slot.parts[0].type == "password"]
        enters = any(verbs.logs_in(named(button)) for button in self.buttons)
        few = len([slot for slot in self.slots if slot.kind == "text"]) <= 2  # noqa: PLR2004 - a name and a password
        return len(secret) == 1 and few and (enters or not any(verbs.verb_of(named(b)) for b in self.buttons))


def named(element: Element) -> str:
    """What is written on a control."""
    return element.name or element.own or element.value or element.hint


def is_button(element: Element) -> bool:
    """Whether it is a button, or says it is one; a link that leads somewhere is none, however it looks."""
    if element.tag == "a" and element.href and not element.href.startswith(("#", "javascript:")):
        return False
    return not (element.field and element.type not in {"submit", "button", "image"}) and (
        is_kind(element, "button") or element.type in {"submit", "image"}
    )


def stages(view: View) -> list[tuple[Element, ...]]:
    """What can be acted on, the dialog that came last first, then the page below."""
    dialogs = [e for e in view if e.role in {"dialog", "alertdialog"} and not e.covered]
    tops = [d for d in dialogs if any(c.is_control or c.field for c in view.within(d.path) if not c.covered)]
    if not tops:
        return [view.elements]
    top = view.within(tops[-1].path)
    inside = {e.id for e in top}
    return [top, tuple(e for e in view if e.id not in inside)]


def forms(view: View, stage: Sequence[Element]) -> list[Form]:
    """The forms of a page, in its order."""
    found: list[Form] = []
    open_fields = [e for e in stage if e.field and not e.covered]
    buttons = innermost([e for e in stage if is_button(e)])
    for number in dict.fromkeys(e.form for e in open_fields if e.form):
        inside = slots(view, [e for e in open_fields if e.form == number])
        found.extend(_form(inside, [b for b in buttons if b.form == number]))
    loose = [e for e in open_fields if not e.form]
    free = [b for b in buttons if not b.form]
    found.extend(_by_rows(view, loose, free))
    return sorted(found, key=lambda form: form.slots[0].parts[0].path)


def _form(inside: list[Slot], buttons: list[Element]) -> list[Form]:
    if not inside:
        return []
    paths = [part.path for slot in inside for part in slot.parts] + [b.path for b in buttons]
    return [Form(tuple(inside), tuple(buttons), common(paths))]


def _by_rows(view: View, loose: list[Element], buttons: list[Element]) -> list[Form]:
    """Fields without a form: one form, or one in each row that has a button of its own."""
    if not loose:
        return []
    twins = max(([b for b in buttons if named(b) == name] for name in {named(b) for b in buttons}), key=len, default=[])
    if len(twins) > 1:
        own = rows(twins)
        found: list[Form] = []
        for twin in twins:
            row = own[twin.id]
            inside = [e for e in loose if e.path[: len(row)] == row]
            mine = [b for b in buttons if b.path[: len(row)] == row]
            found.extend(_form(slots(view, inside), mine))
        if found:
            return found
    return _form(slots(view, loose), buttons)


def common(paths: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The innermost container of all of them."""
    first, depth = paths[0], 0
    while all(len(path) > depth and len(first) > depth and path[depth] == first[depth] for path in paths):
        depth += 1
    return first[:depth]


def senders(form: Form, verb: str, *, leads: bool) -> tuple[list[Element], str]:
    """What sends it off as the goal wants, and how: `sent`, or `on` to the next page; several when the page is not clear.

    Args:
        form: of the page.
        verb: the goal's.
        leads: whether the page says that it is about the verb.
    """
    names = {b.id: named(b) for b in form.buttons}
    usual = [b for b in form.buttons if not verbs.starts_over(names[b.id])]
    for sure in (1.0, 0.6):
        found = [b for b in usual if verbs.same(verb, names[b.id]) == sure]
        found = [b for b in found if not is_bare(names[b.id], verb) or not _others(usual, b)]
        if found:
            step = all(verbs.is_step(names[b.id]) for b in found)
            return _one(found), "on" if step else "sent"
    if not leads:
        return [], ""
    for test, note in ((verbs.sends, "sent"), (verbs.goes_on, "on")):
        found = [b for b in usual if test(names[b.id])]
        if found:
            return _one(found), note
    return [], ""


def is_bare(name: str, verb: str) -> bool:
    """Whether it only says "Cancel", which beside other buttons means: leave this as it is."""
    return verb == "cancel" and name.strip().casefold() == "cancel"


def _others(buttons: Sequence[Element], mine: Element) -> bool:
    return any(b.id != mine.id and (verbs.sends(named(b)) or verbs.verb_of(named(b))) for b in buttons)


def _one(found: list[Element]) -> list[Element]:
    """The same button written twice is one."""
    return found[:1] if len({(named(b), b.form) for b in found}) == 1 else found
