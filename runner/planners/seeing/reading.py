"""From a goal in words to wishes: all of it is understood, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable

from runner.planners.seeing.advice import Refusal
from runner.planners.seeing.context import Context
from runner.planners.seeing.grammar_enter import read_copy, read_enter, read_solve
from runner.planners.seeing.grammar_press import read_choose, read_open, read_press, read_tick
from runner.planners.seeing.grammar_rest import read_rest, read_whole
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
