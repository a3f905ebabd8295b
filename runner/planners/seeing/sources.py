"""Values that are read from the page: a word, a text, a table's cell, the answer of a sum. Pure."""

from __future__ import annotations

import re
from fractions import Fraction

from runner.page.view import Element, View, shared
from runner.planners.seeing.matching import text_fields
from runner.planners.seeing.words import plain, stem, words

_RUNNING = 3  # words that make a text
_SUM = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*([+\-\u2212*x\u00d7\u00f7/])\s*(-?\d+(?:\.\d+)?)\s*=?\s*\??$")
_TERM = re.compile(r"([+-]?)\s*(\d*)\s*\*?\s*([a-z]?)")


def texts(view: View) -> list[Element]:
    """Running texts: paragraphs and filled text areas."""
    areas = [e for e in view if e.field and e.tag == "textarea" and (e.value or e.disabled or e.readonly)]
    paragraphs = [e for e in view if not e.field and len(words(e.text)) >= _RUNNING and not e.is_control]
    return areas or [e for e in paragraphs if e.tag in {"p", "pre", "blockquote", "article"}] or paragraphs


def content(element: Element) -> str:
    """What a text says."""
    return element.value if element.field else element.text or element.own


def nth_word(view: View, nth: int) -> str | None:
    """The nth word of the only text; -1 is the last."""
    found = texts(view)
    if len(found) != 1:
        return None
    said = content(found[0]).split()
    if nth > len(said) or not said:
        return None
    return said[nth - 1 if nth > 0 else -1].strip(" ,.;:!?\"'()")


def nth_text(view: View, nth: int | None) -> str | None:
    """The nth text area or paragraph, or the only one."""
    found = texts(view)
    if nth is None and len(found) != 1:
        return None
    index = (nth or 1) - 1 if (nth or 1) > 0 else -1
    return content(found[index]) if index < len(found) else None


def spelled(view: View) -> str | None:
    """A text shown letter by letter, or the only short text beside a field."""
    letters = [e for e in view if len(e.own) == 1 and not e.is_control and e.tag == "span"]
    if letters:
        return "".join(e.own for e in letters)
    shown = [e for e in view if e.own and not e.is_control and not e.field and e.role not in {"heading", "label"}]
    return shown[0].own if len(shown) == 1 else None


def cell_of(view: View, label: str) -> str | None:
    """What a table or a list of properties says under a label; None when it is not clear."""
    found = cell_element(view, label)
    return found.own if found is not None else None


def cell_element(view: View, label: str) -> Element | None:
    """The element that says it: the next one in the row of the label."""
    wanted = plain(label)
    found: dict[str, Element] = {}
    for index, element in enumerate(view.elements):
        if plain(element.own) != wanted or element.role == "label":
            continue
        beside = next((e for e in view.elements[index + 1 : index + 3] if e.own and not e.field), None)
        if beside is not None and shared(element, beside) >= len(element.path) - 2 and plain(beside.own) != wanted:
            found.setdefault(beside.own, beside)
    return next(iter(found.values())) if len(found) == 1 else None


def answer(view: View) -> str | None:
    """The answer of the only sum or equation on the page."""
    found = {a for e in view if not e.field and (a := solve(e.own or e.text)) is not None}
    return found.pop() if len(found) == 1 else None


def solve(text: str) -> str | None:
    """The answer of a sum, or the unknown of a linear equation."""
    text = text.strip()
    if (match := _SUM.match(text)) is not None:
        left, sign, right = Fraction(match[1]), match[2], Fraction(match[3])
        if sign in "/\u00f7" and not right:
            return None
        results = {"+": left + right, "-": left - right, "\u2212": left - right}
        return _said(results.get(sign, left / right if sign in "/\u00f7" else left * right))
    sides = text.replace("\u2212", "-").split("=")
    if len(sides) != len(("left", "right")) or not re.search(r"[a-z]", text) or re.search(r"[A-Z]|[a-z]{2}", text):
        return None
    one, other = _linear(sides[0]), _linear(sides[1])
    if one is None or other is None or one[0] == other[0]:
        return None
    return _said((other[1] - one[1]) / (one[0] - other[0]))


def _linear(side: str) -> tuple[Fraction, Fraction] | None:
    """Coefficient of the unknown and the constant of one side; None when it is no such thing."""
    text = side.replace(" ", "")
    if not text or not re.fullmatch(r"[+-]?(?:\d*\*?[a-z]|\d+)(?:[+-](?:\d*\*?[a-z]|\d+))*", text):
        return None
    unknown = constant = Fraction(0)
    for sign, digits, letter in _TERM.findall(text):
        if not digits and not letter:
            continue
        size = Fraction(int(digits or 1)) * (-1 if sign == "-" else 1)
        unknown, constant = (unknown + size, constant) if letter else (unknown, constant + size)
    return unknown, constant


def _said(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else str(float(value))


def count_of(view: View, noun: str) -> str | None:
    """How many things of that name there are, by what they call themselves."""
    kin = stem(plain(noun).rstrip("s"))
    found = [e for e in view if any(stem(word) == kin for word in words(e.tokens)) and not e.field and not e.own]
    return str(len(found)) if found else None


def free_fields(view: View) -> list[Element]:
    """Fields for typing that hold nothing yet, or else all of them."""
    fields = text_fields(view)
    return [f for f in fields if not f.value] or fields
