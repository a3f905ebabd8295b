"""Clauses that ask to enter, copy, paste or work something out. Pure."""

from __future__ import annotations

import re

from runner.planners.seeing.context import Context
from runner.planners.seeing.grammar_values import day_of
from runner.planners.seeing.wishes import Complete, Fill, FillAll, PickDate, Wish
from runner.planners.seeing.words import QUOTED, Clause, ordinal, plain

_FIELD_WORDS = r"(?:text ?box(?:es)?|text fields?|text inputs?|text ?areas?|input (?:text ?)?(?:box|field)s?|inputs?|fields?|box(?:es)?|form)"
_INTO = re.compile(r"\s+(?:into|in|to|inside|on|as)\s+(?P<field>(?!all\s+(?:lower|upper)).+)$", re.IGNORECASE)
_CASE = re.compile(
    r"\s*,?\s*(?:in|using|with)\s+(?:all\s+)?(?P<case>lower|upper)[- ]?case(?:\s+(?:letters|characters))?",
    re.IGNORECASE,
)
_PAIR = re.compile(rf"(?:the\s+)?(?P<label>[\w ]+?)\s+(?P<value>{QUOTED})")
_ANAPHORA = frozenset(
    {"that", "it", "this", "that word", "the word", "that text", "the text", "the result", "this word"}
)
_ANSWERS = re.compile(r"^(?:your |the |an? )?(?:answer|solution|result|value of x)$", re.IGNORECASE)


def read_enter(clause: Clause, context: Context) -> list[Wish] | None:
    """Enter, type, write, put."""
    rest = clause.rest
    case = ""
    if (match := _CASE.search(rest)) is not None:
        case, rest = match["case"].lower(), rest[: match.start()] + rest[match.end() :]
    if begin := re.match(
        rf"^an? (?:item|option|value|tag|word|name) that starts with ({QUOTED})(?: and ends with ({QUOTED}))?$", rest
    ):
        ends = clause.unquote(begin[2]) if begin[2] else ""
        return [Complete(clause.unquote(begin[1]), ends)]
    if re.match(r"^the values? that corresponds? (?:with|to) each label\b", rest):
        return [FillAll()]
    if (
        match := re.fullmatch(rf"(?:the )?({QUOTED}|\w[\w ]*?)(?: field)? with ({QUOTED}|\S+)", rest)
    ) and clause.verb == "enter":
        return [Fill(_cased(clause.unquote(match[2]), case), field=clause.unquote(match[1]))]
    field, nth, every = "", None, False
    dated = re.fullmatch(r"(?P<value>.+?)\s+as (?:the )?(?:\w+ )*?(?P<kind>date|day|time)", rest)
    if dated:
        day = day_of(clause.unquote(dated["value"]))
        return [PickDate(*day)] if day else [Fill(clause.unquote(dated["value"]), kind=dated["kind"])]
    if (into := _INTO.search(re.sub(QUOTED, lambda m: "\ue000" * len(m[0]), rest))) is not None:
        place = rest[into.start("field") :]
        rest = rest[: into.start()]
        field, nth, every = _field(clause.unquote(place))
    return _read_value(rest, clause, context, Fill(field=field, field_nth=nth, every=every), case)


def _field(place: str) -> tuple[str, int | None, bool]:
    """What a field is called, which one it is, and whether all are meant."""
    place = re.sub(r"^(?:the|a|an)\s+", "", place.strip(), flags=re.IGNORECASE)
    place = re.sub(r"\s+(?:below|above)$", "", place)
    if re.fullmatch(rf"(?:both|all|each|every)\s+(?:of )?(?:the )?(?:{_FIELD_WORDS})", place, re.IGNORECASE):
        return "", None, True
    nth = ordinal(place)
    if nth is not None and re.search(_FIELD_WORDS, place, re.IGNORECASE):
        return "", nth, False
    name = re.sub(rf"\s*\b{_FIELD_WORDS}$", "", place, flags=re.IGNORECASE).strip(" \"'")
    name = re.sub(rf"^{_FIELD_WORDS}\s+(?:labell?ed|named|called)\s+", "", name, flags=re.IGNORECASE).strip(" \"'")
    return name, None, False


def _read_value(text: str, clause: Clause, context: Context, into: Fill, case: str) -> list[Wish] | None:
    text = re.sub(r"^(?:in|out)\s+", "", text.strip())
    quoted = clause.quoted(text)
    if len(quoted) > 1 or (quoted and _PAIR.fullmatch(text) and not into.field and not into.every):
        pairs = [
            (re.sub(r"^\s*the\s+", "", m["label"]).strip(), clause.unquote(m["value"]))
            for m in _PAIR.finditer(re.sub(r"\band\b", ",", text))
        ]
        if len(pairs) == 1 and (
            into.field_nth or plain(pairs[0][0]) in {"number", "text", "word", "name", "value", "string", "phrase"}
        ):
            named = (
                pairs[0][0] if plain(pairs[0][0]) == "name" and not into.field_nth and not into.field else into.field
            )
            return [_into(into, value=_cased(pairs[0][1], case), field=named)]
        return [Fill(_cased(value, case), field=label) for label, value in pairs] if len(pairs) == len(quoted) else None
    if len(quoted) == 1:
        return [_into(into, value=_cased(quoted[0], case))]
    if plain(text) in _ANAPHORA:
        found = context.found
        return [_into(into, source=found.source, of=found.of, nth=found.nth)] if found else None
    if (match := re.fullmatch(r"(?:the )?value (?:of|for) (?:the )?(.+)", text)) is not None:
        return [_into(into, source="table", of=match[1])]
    if _ANSWERS.match(text):
        return [_into(into, source="sum")]
    if (match := re.fullmatch(r"(?:the )?(?:total |whole )?(?:number|amount|count) of (\w+)", text)) is not None:
        return [_into(into, source="count", of=match[1])]
    if re.fullmatch(r"(?:the )?(?:text|word|letters|characters|code)(?: shown| you see)?(?: below| above)?", text):
        return [_into(into, source="shown")]
    if (nth := ordinal(text)) is not None and re.search(r"\bword\b", text):
        return [_into(into, source="word", nth=nth)]
    return None


def _into(
    into: Fill, *, value: str = "", source: str = "", of: str = "", nth: int | None = None, field: str | None = None
) -> Fill:
    name = into.field if field is None else field
    return Fill(value, source, of, nth, name, into.field_nth, into.every)


def _cased(value: str, case: str) -> str:
    return value.lower() if case == "lower" else value.upper() if case == "upper" else value


def read_copy(clause: Clause, context: Context) -> list[Wish] | None:
    """Copy a text of the page; paste what was copied."""
    if clause.verb == "paste":
        field, nth, every = _field(re.sub(r"^.*?\b(?:into|in|to)\s+", "", clause.unquote(clause.rest)))
        return (
            [_into(Fill(field=field, field_nth=nth, every=every), source="text", nth=context.found.nth)]
            if context.found
            else None
        )
    context.found = Fill(source="text", nth=ordinal(clause.rest))
    return []


def read_solve(_: Clause, context: Context) -> list[Wish] | None:
    """Solve: what is to be done with the answer comes in the next clause."""
    context.found = Fill(source="sum")
    return []
