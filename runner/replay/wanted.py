"""What was recorded of a step's element, and which elements of a view may be it at all. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from events.action import Action, Target
from events.paths import PathStep
from runner.page.view import Element, View
from runner.replay.lexicon import KNOWN_ACTS
from runner.replay.matching import fits, in_row, says
from runner.replay.meaning import Meaning, meaning, plain


@dataclass(frozen=True)
class Wanted:
    """One step's element, looked for on one view."""

    action: Action
    view: View
    locators: tuple[Target, ...]
    names: tuple[str, ...]  #: that it went by
    role: str
    rows: tuple[tuple[str, bool], ...]  #: texts of its row, where that tells it from others, and whether they are whole
    values: tuple[str, ...] | None = None  #: of the task's inputs, where they are known

    @cached_property
    def present(self) -> tuple[Element, ...]:
        """The elements that the act can be done to, in the frame and the row of the one that is wanted."""
        frame = next((t.frame for t in self.locators if t.frame), "")
        able = [e for e in self.view if e.frame == frame and fits(self.action, e)]
        told = [(row, exact) for row, exact in self.rows if says(self.view, row, exact=exact)]
        if self.rows and not told:
            return ()
        for row, exact in told:
            alike = [e for e in able if e.role == self.role] if self.role else able
            # One by one: the text may stand in a control of the same kind, which is nearest to itself.
            inside = {e.id for e in alike if in_row(self.view, row, [e], exact=exact)}
            able = [e for e in able if e.id in inside]
        return tuple(able)

    @cached_property
    def meanings(self) -> tuple[Meaning, ...]:
        """What its names say."""
        return tuple(meaning(name) for name in self.names)

    @property
    def called(self) -> str:
        """It in words."""
        role, row = self.role or "element", f' in "{self.rows[0][0]}"' if self.rows else ""
        return (f'{role} "{self.names[0]}"' if self.names else role) + row

    def named_so(self, element: Element) -> bool:
        """Whether the element says the same, if only in other words."""
        if not self.names:
            return not name_of(element)
        said = meaning(name_of(element))
        return any(mine.same_as(said) for mine in self.meanings)

    def opposed(self, element: Element) -> bool:
        """Whether the element announces the contrary, or the same for another day, number or side."""
        said = meaning(name_of(element))
        return bool(self.names and name_of(element)) and all(mine.opposes(said) for mine in self.meanings)

    def same_act(self, element: Element) -> bool:
        """Whether the element announces this very act, says no more than was recorded, and leaves out no name."""
        said = meaning(name_of(element))
        return self._keeps_values(element) and any(
            mine.same_act_as(said) and set(mine.words) - set(said.words) <= KNOWN_ACTS for mine in self.meanings
        )

    def may_be_renamed(self, element: Element, *, irreversible: bool) -> bool:
        """Whether an element that stayed where and what it was may have got this other name."""
        if not self._keeps_values(element):
            return False
        if irreversible or (self.values is None and not element.field):
            return self.same_act(element)
        said = meaning(name_of(element))
        heads = {mine.head for mine in self.meanings}
        another_act = not element.field and said.head in KNOWN_ACTS and said.head not in heads
        return not another_act and not self.opposed(element)

    def _keeps_values(self, element: Element) -> bool:
        """Whether what an input put into the recorded names is in today's name, too: else it is somebody else's."""
        said = f" {plain(name_of(element))} "
        recorded = [f" {plain(name)} " for name in self.names]
        given = [f" {plain(value)} " for value in self.values or ()]
        return all(value in said for value in given if any(value in name for name in recorded))


def wanted_of(step: PathStep, view: View, values: Collection[str] | None = None) -> Wanted:
    """What a step wants, on a view."""
    own: Target | None = getattr(step.action, "target", None)
    recorded = list(step.locators)
    if own is not None and (not recorded or (own.within and not any(t.within for t in recorded))):
        recorded.append(own)  # else it may be looser than what was recorded: "Register" is in "Register later", too
    if own is not None and own.within and not own.exact:
        # The row as the plan names it, which may say more today than it said then.
        named = next((t for t in recorded if t.role and t.name and t.within != own.within), None)
        recorded += [named.model_copy(update={"within": own.within, "exact": False})] if named is not None else []
    frame = own.frame if own is not None else None
    framed = (t if t.frame or not frame else t.model_copy(update={"frame": frame}) for t in recorded)
    targets = tuple(dict.fromkeys(framed))
    names = dict.fromkeys(t.name or t.label or t.text or "" for t in targets)
    return Wanted(
        step.action,
        view,
        targets,
        tuple(name for name in names if name),
        next((t.role for t in targets if t.role), ""),
        tuple(dict.fromkeys((t.within, t.exact) for t in targets if t.within)),
        None if values is None else tuple(value for value in values if plain(value)),
    )


def name_of(element: Element) -> str:
    """What an element goes by."""
    return element.name or element.label or element.own
