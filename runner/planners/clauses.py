"""A goal in words, cut into clauses of words and quoted values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_PAIRS = {'"': '"', "\u201c": "\u201d", "'": "'", "\u2018": "\u2019", "\u00ab": "\u00bb", "`": "`"}
_APOSTROPHES = frozenset("'\u2018")
_BREAKS = frozenset(",;\n")
_JOINERS = frozenset({"and", "then", "next", "finally", "afterwards"})
_WORD_EDGES = ".!:?"


@dataclass(frozen=True, slots=True)
class Word:
    """One word outside quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quoted text, or a template that stands by itself."""

    text: str


Token = Word | Quoted


def clauses(goal: str) -> list[list[Token]]:
    """The clauses of a goal, split on commas, semicolons, lines, "and" and "then" outside quotes; none is empty."""
    found: list[list[Token]] = [[]]
    place = 0
    while place < len(goal):
        token, place, ends = _next(goal, place)
        if isinstance(token, Word) and token.text.lower() in _JOINERS:
            ends, token = True, None
        if token is not None:
            found[-1].append(token)
        if ends:
            found.append([])
    return [clause for clause in found if clause]


def _next(goal: str, place: int) -> tuple[Token | None, int, bool]:
    """The token at `place`, where the next one begins, and whether the clause ends here."""
    char = goal[place]
    if char in _BREAKS:
        return None, place + 1, True
    if char.isspace():
        return None, place + 1, False
    if goal.startswith("{{", place) and (end := goal.find("}}", place)) > 0:
        return Quoted(goal[place : end + 2]), end + 2, False
    if char in _PAIRS and (end := _closing(goal, place)) > 0:
        return Quoted(goal[place + 1 : end]), end + 1, False
    end = place
    while end < len(goal) and not goal[end].isspace() and goal[end] not in _BREAKS and not _opens(goal, end, place):
        end += 1
    end = max(end, place + 1)
    raw = goal[place:end]
    text = raw.rstrip(_WORD_EDGES)
    # "Press Register. Type ..." ends a clause; the dots of an address do not, since more of it follows.
    return (Word(text) if text else None), end, len(raw) > len(text)


def _opens(goal: str, place: int, start: int) -> bool:
    """Whether a quote or template begins inside a run of letters; apostrophes do not."""
    return place > start and (
        goal.startswith("{{", place) or (goal[place] in _PAIRS and goal[place] not in _APOSTROPHES)
    )


def _closing(goal: str, place: int) -> int:
    """Where the quote that opens at `place` closes; -1 when it does not."""
    closer = _PAIRS[goal[place]]
    end = goal.find(closer, place + 1)
    if goal[place] in _APOSTROPHES:
        # An apostrophe inside a word closes nothing.
        while 0 < end < len(goal) - 1 and goal[end + 1].isalnum():
            end = goal.find(closer, end + 1)
    return end
