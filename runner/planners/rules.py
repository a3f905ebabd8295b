"""Rules that read a goal's quoted and templated values; they plan all of it or nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from events.action import Action, Check, Click, Fill, Navigate, Press, Select, Target, WaitFor
from runner.planners.clauses import Quoted, Token, Word, clauses
from runner.planners.planner import FixedPlan, GiveUp

_EXAMPLE = (
    'Say it in clauses such as: open "/classes", type "Eden" into "Child\'s name", select "Tuesday" in "Day",'
    ' check "I agree", press "Register"; or declare `steps`.'
)
_FILLERS = frozenset(
    {
        "the",
        "a",
        "an",
        "please",
        "button",
        "link",
        "field",
        "box",
        "textbox",
        "checkbox",
        "option",
        "tab",
        "menu",
        "item",
        "page",
        "dropdown",
        "list",
        "radio",
    }
)
_PHRASES = (("go", "to"), ("navigate", "to"), ("click", "on"), ("tap", "on"), ("fill", "in"), ("wait", "for"))
_INTO = frozenset({"in", "into", "as", "for", "to", "at"})
_FROM = frozenset({"in", "from", "as", "for", "at"})
_KEYS = {k.lower(): k for k in ("Enter", "Tab", "Escape", "Space", "Backspace", "Delete", "ArrowDown", "ArrowUp")}
_CLICKS = frozenset({"press", "click", "tap", "push", "hit"})
_OPENS = frozenset({"open", "visit", "goto"})
_TYPES = frozenset({"type", "enter", "write", "put", "input", "fill"})
_CHOOSES = frozenset({"select", "choose", "pick"})
_TICKS = frozenset({"check", "tick"})
_UNTICKS = frozenset({"uncheck", "untick"})


def rules_plan(goal: str) -> FixedPlan | GiveUp:
    """A plan for the goal, if every clause of it is understood."""
    actions: list[Action] = []
    for clause in clauses(goal):
        action = _read(clause)
        if action is None:
            said = " ".join(f'"{t.text}"' if isinstance(t, Quoted) else t.text for t in clause)
            return GiveUp(f"No configured level understands {said!r}. {_EXAMPLE}")
        actions.append(action)
    if not actions:
        return GiveUp(f"The goal says nothing to do. {_EXAMPLE}")
    return FixedPlan(actions, "rules", "every clause of the goal names its element")


def _read(clause: Sequence[Token]) -> Action | None:
    """One clause as an action; none unless all of it is understood."""
    telling = [t for t in clause if not (isinstance(t, Word) and t.text.lower() in _FILLERS)]
    # "press Tab": a filler that is all there is says something after all.
    verb, rest = _verb(telling if len(telling) > 1 else clause)
    quoted = [t.text for t in rest if isinstance(t, Quoted)]
    words = [t.text for t in rest if isinstance(t, Word)]
    if not all(quoted):
        return None
    if verb in _OPENS or verb in {"go to", "navigate to"}:
        return _open(quoted, words)
    if verb in _CLICKS or verb in {"click on", "tap on"}:
        return _click(quoted, words)
    if verb in _TYPES or verb in {"fill in", "set"}:
        return _fill(verb, rest)
    if verb in _CHOOSES:
        return _choose(rest)
    if len(quoted) != 1 or words:
        return None
    match verb:
        case _ if verb in _TICKS | _UNTICKS:
            return Check(target=Target(label=quoted[0]), checked=verb in _TICKS)
        case "wait for":
            return WaitFor(target=Target(text=quoted[0]))
        case _:
            return None


def _verb(clause: Sequence[Token]) -> tuple[str, Sequence[Token]]:
    words = [t.text.lower() if isinstance(t, Word) else None for t in clause[:2]]
    if tuple(words) in _PHRASES:
        return " ".join(w for w in words if w), clause[2:]
    return (words[0], clause[1:]) if words and words[0] else ("", clause)


def _open(quoted: list[str], words: list[str]) -> Action | None:
    said = [*quoted, *words]
    if len(said) != 1:
        return None
    if said[0].startswith(("/", "http://", "https://")):
        return Navigate(url=said[0])
    return Click(target=Target(text=quoted[0])) if quoted else None


def _click(quoted: list[str], words: list[str]) -> Action | None:
    if len(quoted) == 1 and not words:
        return Click(target=Target(text=quoted[0]))
    if not quoted and len(words) == 1 and words[0].lower() in _KEYS:
        key = _KEYS[words[0].lower()]
        # Enter submits the form it is pressed in; whether that can be taken back, the goal does not say.
        return Press(key=key, irreversible=key == "Enter")
    if len(quoted) == 2 and [word.lower() for word in words] in (["in"], ["for"], ["of"]):  # noqa: PLR2004
        return Click(target=Target(text=quoted[0], within=quoted[1]))
    return None


def _fill(verb: str, rest: Sequence[Token]) -> Action | None:
    match rest:
        case [Quoted(value), Word(into), Quoted(field)] if into.lower() in _INTO and verb not in {"fill in", "set"}:
            return Fill(target=Target(label=field), value=value)
        case [Quoted(field), Word(with_), Quoted(value)] if with_.lower() == "with" and verb in {"fill", "fill in"}:
            return Fill(target=Target(label=field), value=value)
        case [Quoted(field), Word(to), Quoted(value)] if to.lower() == "to" and verb == "set":
            return Fill(target=Target(label=field), value=value)
        case _:
            return None


def _choose(rest: Sequence[Token]) -> Action | None:
    match rest:
        case [Quoted(option), Word(from_), Quoted(field)] if from_.lower() in _FROM:
            return Select(target=Target(label=field), option=option)
        case [Quoted(option)]:
            return Click(target=Target(text=option))
        case _:
            return None
