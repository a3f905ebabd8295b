"""Entering values into fields: which field is meant, and what goes into it. Pure."""

from __future__ import annotations

import re

from runner.page.acts import Put, Write
from runner.page.view import Element
from runner.planners.seeing import sources
from runner.planners.seeing.advice import MET, Refusal, Situation, Step, do
from runner.planners.seeing.choosing import choose
from runner.planners.seeing.matching import caption, field_named, text_fields
from runner.planners.seeing.wishes import Choose, Fill, FillAll, Search
from runner.planners.seeing.words import stem, words

_TRIES = 2
_TIME = re.compile(r"(\d{1,2}):(\d{2})\s*([AaPp])?\.?[Mm]?")


def fill(wish: Fill, at: Situation) -> Step:
    """Bring the value into the field, or into each."""
    lists = [e for e in at.view if e.options and not e.disabled]
    if wish.field and not wish.source and lists:
        named = field_named(at.view, wish.field, [*text_fields(at.view), *lists])
        if len(named) == 1 and named[0].options:
            return choose(Choose((wish.value,), field=wish.field), at)
    fields = _fields(wish, at)
    if isinstance(fields, Refusal):
        return fields
    for field in fields:
        value = _value(wish, at)
        if value is None:
            return Refusal(f"what to enter is not clear: {wish.source} {wish.of}")
        typed = _typed(value, field)
        if typed is None:
            return Refusal(f"{value!r} is nothing for a field of type {field.type!r}")
        if (
            not holds(field, typed)
            and sum(d.element is not None and d.element.css == field.css for d in at.deeds) < _TRIES
        ):
            how = Write(field.id, typed) if field.role == "textbox" and not field.type else Put(field.id, typed)
            return do(how, f"enter {typed!r} into {caption(at.view, field)!r}", "filled")
    return MET


def holds(field: Element, value: str) -> bool:
    """Whether the field holds the value; of a password only its length is seen, of a secret nothing is known."""
    if "{{" in value:
        return bool(field.value)
    return len(field.value) == len(value) if field.type == "password" else field.value == value


def _fields(wish: Fill, at: Situation) -> list[Element] | Refusal:
    done = [d.element.css for d in at.deeds if d.element is not None and d.note == "filled"]
    if done and not wish.every:
        return [e for e in at.view if e.css == done[0]]  # what stands there now is looked at again
    fields = text_fields(at.view)
    if wish.kind:
        fields = [f for f in fields if f.type == wish.kind] or fields
    if wish.every:
        return fields or Refusal("there is no field to type into")
    if wish.field_nth is not None:
        index = wish.field_nth - 1 if wish.field_nth > 0 else -1
        return [fields[index]] if index < len(fields) else Refusal(f"there is no {wish.field_nth}. field")
    if wish.field:
        named = field_named(at.view, wish.field, fields)
        if len(named) == 1:
            return named
        if len(named) > 1 or len(fields) != 1:
            return Refusal(f"{len(named)} fields are called {wish.field!r}")
    if wish.source == "text" and len(fields) > 1:
        fields = [f for f in fields if f.tag != "textarea"]
    used = {d.element.css for d in at.history if d.element is not None and d.note == "filled"}
    free = [f for f in fields if f.css not in used]
    if len(free) > 1:
        free = [f for f in free if f.tag != "textarea" or not f.value] or free
        free = [f for f in free if not f.value] if any(not f.value for f in free) else free
    return free if len(free) == 1 else Refusal(f"{len(free)} fields could be meant")


def _value(wish: Fill, at: Situation) -> str | None:
    match wish.source:
        case "":
            return wish.value
        case "word":
            return sources.nth_word(at.view, wish.nth or 1)
        case "text":
            return sources.nth_text(at.view, wish.nth)
        case "shown":
            return sources.spelled(at.view)
        case "table":
            return sources.cell_of(at.view, wish.of)
        case "sum":
            return sources.answer(at.view)
        case "count":
            return sources.count_of(at.view, wish.of)
        case _:
            return None


def _typed(value: str, field: Element) -> str | None:
    """The value as the field wants it; None when it cannot be."""
    if field.type == "time":
        match = _TIME.fullmatch(value.strip())
        if match is None:
            return None
        hour = int(match[1])
        if match[3]:
            hour = hour % 12 + (12 if match[3].lower() == "p" else 0)
        return f"{hour:02d}:{match[2]}"
    if field.type == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return None
    return value


def fill_all(_: FillAll, at: Situation) -> Step:
    """Each labelled field gets what the page says under its label."""
    fields = text_fields(at.view)
    found = {f.id: sources.cell_of(at.view, caption(at.view, f)) for f in fields}
    for field in fields:
        value = found[field.id]
        if value is None:
            return Refusal(f"the page does not say what {caption(at.view, field)!r} is")
        if field.value != value and not at.tried(field):
            return do(Put(field.id, value), f"enter {value!r} into {caption(at.view, field)!r}", "filled")
    return MET if fields else Refusal("there is no field to type into")


def search(wish: Search, at: Situation) -> Step:
    """The words of a sentence, each where a field asks for it; all fields or none."""
    fields = text_fields(at.view)
    if len(fields) == 1:
        plan = {fields[0].id: wish.words}
    else:
        plan = assign(wish.words, {f.id: caption(at.view, f) for f in fields})
    if not plan or len(plan) != len(fields):
        return Refusal("it is not clear which word belongs into which field")
    for field in fields:
        if field.value != plan[field.id] and not at.tried(field):
            return do(
                Put(field.id, plan[field.id]), f"enter {plan[field.id]!r} as {caption(at.view, field)!r}", "filled"
            )
    return MET


_SMALL = frozenset({"from", "in", "by", "of", "the", "a", "an", "for", "with", "to", "on", "year", "all", "any"})


def assign(sentence: str, captions: dict[str, str]) -> dict[str, str]:
    """Which word of the sentence each caption asks for; empty when that is not clear.

    A word after one that is kin to a caption ("directed by Curry", Director) belongs to it; numbers of four digits are
    years; a single word that is left belongs to a single caption that is left.
    """
    said = sentence.split()
    found: dict[str, str] = {}
    used: set[int] = set()
    for name, text in captions.items():
        kin = {stem(w) for w in words(text)}
        if kin & {"year", "releas", "dat"}:
            years = [i for i, w in enumerate(said) if re.fullmatch(r"(19|20)\d\d", w)]
            if len(years) == 1:
                found[name] = said[years[0]]
                used.add(years[0])
            continue
        for i, word in enumerate(said):
            if stem(word.lower()) in kin:
                after = next((j for j in range(i + 1, len(said)) if said[j].lower() not in _SMALL), None)
                if after is not None and said[after][:1].isupper():
                    found[name] = said[after]
                    used.update({i, after})
    left = [name for name in captions if name not in found]
    spare = [w for i, w in enumerate(said) if i not in used and w.lower() not in _SMALL]
    if len(left) == 1 and spare:
        nouns = {stem(w) for w in words(captions[left[0]])}
        spare = [w for w in spare if stem(w.lower()) not in nouns]
        found[left[0]] = spare[0]
    return found if len(found) == len(captions) else {}
