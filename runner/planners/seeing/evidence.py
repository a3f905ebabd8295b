"""What pages say: whether a value or a topic of the goal stands in a row, a heading, or anywhere that was seen. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from urllib.parse import urlsplit

from runner.page.view import Element, View
from runner.planners.seeing.grammar_values import day_of
from runner.planners.seeing.words import plain, words

DAYS = frozenset(f"{day}day" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"))
_SHORT = {"tuesday": "Tues", "wednesday": "Weds", "thursday": "Thurs?"}
_SHORTEST_KIN = 4  # letters that two words share at their beginning
_RANGE = re.compile(r"(\d+)\s*(?:to|-|\u2013|until)\s*(\d+)")


def text_of(elements: Iterable[Element]) -> str:
    """All that these elements say."""
    said: list[str] = []
    for e in elements:
        # What a list offers is a choice, and no fact about the row it stands in.
        said.extend(part for part in (e.own, e.hint, e.label if not e.own else "") if part)
    return " ".join(said)


def says(text: str, value: str) -> bool:
    """Whether the text holds the value's words, one after the other; days and dates also as people write them."""
    if plain(value) in DAYS:
        return plain(value) in _days(text)
    many = words(text)
    return any(
        bool(few) and any(many[i : i + len(few)] == few for i in range(len(many) - len(few) + 1))
        for few in (words(value), *_written(value))
    )


def _days(text: str) -> set[str]:
    """The weekdays that a text names, in full or in short; "sun" and "sat" are short for days only when they begin large."""
    return {
        day
        for day in DAYS
        if re.search(rf"(?i:\b{day}s?\b)|\b(?:{day[:3].capitalize()}|{_SHORT.get(day, day)})\b", text) is not None
    }


def _written(value: str) -> list[tuple[str, ...]]:
    """Other ways to write a date: 2026-12-24 is "24 December 2026" and "Dec 24"."""
    day = day_of(value)
    if day is None:
        return []
    when = date(*day)
    number, months = str(when.day), (when.strftime("%B").lower(), when.strftime("%b").lower())
    found: list[tuple[str, ...]] = [
        (f"{when.day:02d}", f"{when.month:02d}", str(when.year)),
        (str(when.year), f"{when.month:02d}", f"{when.day:02d}"),
    ]
    for month in months:
        found += [(number, month), (month, number), (f"{number}th", month), (month, f"{number}th")]
    return found


def kin(text: str, word: str) -> bool:
    """Whether the text holds a word that is the same but for its ending."""
    return any(_alike(word, said) for said in words(text))


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if long in {short, f"{short}s"}:
        return True
    if len(short) < _SHORTEST_KIN:
        return False
    if long.startswith(short):
        return True
    return len(short) > _SHORTEST_KIN and short[:-1] == long[: len(short) - 1]


def headings(view: View) -> str:
    """What the page says it is: its title, headings and address."""
    said = " ".join(e.text or e.own for e in view if e.role in {"heading", "dialog"} or e.tag == "legend")
    return f"{view.title} {said} {urlsplit(view.url).path.replace('/', ' ')}"


def whole(view: View) -> str:
    """All that the page says, offers and is called."""
    offered = " ".join(option for e in view for option in e.options)
    return f"{view.title} {view.url} {text_of(view)} {offered}"


def is_day(text: str) -> bool:
    """Whether it is a weekday or a date."""
    return plain(text) in DAYS or day_of(text) is not None


def clashes(text: str, value: str) -> bool:
    """Whether the text says another value of the same kind: another day."""
    day = plain(value)
    said = _days(text) if day in DAYS else set()
    return bool(said) and day not in said


def out_of_range(text: str, name: str, value: str) -> bool | None:
    """Whether a number lies outside of what the text says: age 9, "ages 6 to 8"; None when it says nothing about it."""
    if not value.isdigit():
        return None
    for match in _RANGE.finditer(text):
        before = words(text[: match.start()])[-1:]
        if before and _alike(plain(name), before[0]):
            return not int(match[1]) <= int(value) <= int(match[2])
    return None


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    shown = [repr(name) for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
