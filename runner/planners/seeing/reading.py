"""From a goal in words to wishes: all of it is understood, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from runner.planners.seeing.advice import Refusal
from runner.planners.seeing.context import Context
from runner.planners.seeing.evidence import is_day
from runner.planners.seeing.grammar_enter import read_copy, read_enter, read_solve
from runner.planners.seeing.grammar_press import read_choose, read_open, read_press, read_tick
from runner.planners.seeing.grammar_reach import read_reach
from runner.planners.seeing.grammar_rest import read_rest, read_whole
from runner.planners.seeing.rendering import as_text, lost, rendered
from runner.planners.seeing.wishes import (
    Choose,
    Colour,
    Complete,
    DragTo,
    Fill,
    FillAll,
    Open,
    PickDate,
    Press,
    Reach,
    Search,
    Select,
    Slide,
    Submit,
    Wish,
)  # fmt: skip
from runner.planners.seeing.words import Clause, clauses

#: Wishes that only prepare something: a goal of nothing else means that it is sent off, too.
_STATES = (Choose, Colour, Complete, DragTo, Fill, FillAll, PickDate, Search, Select, Slide)
Read = Callable[[Clause, Context], list[Wish] | None]


_READERS: dict[str, Read] = {
    "press": read_press, "choose": read_choose, "tick": read_tick, "untick": read_tick, "open": read_open,
    "enter": read_enter, "copy": read_copy, "paste": read_copy, "solve": read_solve,
}  # fmt: skip


def wishes_of(
    goal: str, inputs: Mapping[str, str | float | bool], secrets: Collection[str] = ()
) -> tuple[Wish, ...] | Refusal:
    """What a task asks for: its goal read with templates as they stand, then filled in.

    Args:
        goal: may hold `{{name}}`, and `{{secret:name}}` where something is typed.
        inputs: the task's values.
        secrets: names of the task's secrets; their values are not known here.
    """
    given = {name: as_text(value) for name, value in inputs.items()}
    if (nowhere := lost(goal, given, secrets)) is not None:
        return nowhere
    read = read_goal(goal)
    reach = read_reach(goal, given, secrets)
    if isinstance(read, Refusal) or _puts_off(read, reach):
        if reach is None:
            why = read.reason if isinstance(read, Refusal) else "the goal is not understood"
            return Refusal(f"{why}; name controls in quotes, or declare `steps`")
        if isinstance(reach, Refusal):
            return reach
        read = (reach,)
    return rendered(read, given)


def _puts_off(read: Sequence[Wish], reach: Reach | Refusal | None) -> bool:
    """Whether something is moved to another day, which nobody does with the mouse."""
    return isinstance(reach, Reach) and isinstance(read[0], DragTo) and any(is_day(text) for text in reach.becomes)


def read_goal(goal: str, *, sends: bool = False) -> tuple[Wish, ...] | Refusal:
    """What the goal asks for, in order."""
    whole = read_whole(goal)
    if whole is not None:
        return _tidy(whole, sends=sends)
    found: list[Wish] = []
    context = Context()
    parts, _ = clauses(goal)
    for clause in parts:
        read = _READERS.get(clause.verb, read_rest)(clause, context)
        if read is None and _READERS.get(clause.verb) is not None:
            read = read_rest(clause, context)
        if read is None:
            return Refusal(f"the rules do not understand {clause.unquote(clause.said)!r}")
        found.extend(read)
    return _tidy(found, sends=sends) or Refusal("the goal asks for nothing the rules know")


def _tidy(wishes: list[Wish], *, sends: bool) -> tuple[Wish, ...]:
    """Without hints to open something where a later wish looks for what is inside."""
    kept: list[Wish] = []
    for index, wish in enumerate(wishes):
        after = wishes[index + 1] if index + 1 < len(wishes) else None
        hint = isinstance(wish, Open) and isinstance(after, Press) and not wish.name
        if not hint:
            kept.append(wish)
    if sends and kept and all(isinstance(wish, _STATES) for wish in kept):
        kept.append(Submit(optional=True))
    return tuple(kept)
