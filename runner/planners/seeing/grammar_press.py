"""Clauses that ask to press, choose, check or open something. Pure."""

from __future__ import annotations

import re

from runner.planners.seeing.context import Context
from runner.planners.seeing.grammar_values import colour_of, day_of
from runner.planners.seeing.wishes import (
    Along,
    Choose,
    Colour,
    Fill,
    Go,
    Key,
    Open,
    PickDate,
    Press,
    Shapes,
    Slide,
    Submit,
    Wish,
)  # fmt: skip
from runner.planners.seeing.words import QUOTED, Clause, ordinal, plain, without_ordinal, words

_KIND_WORDS = {
    "button": "button", "link": "link", "hyperlink": "link", "tab": "tab", "icon": "icon", "item": "item", "entry": "item",
    "checkbox": "checkbox", "check box": "checkbox", "radio button": "radio", "radio": "radio", "option": "option",
    "search result": "result", "result": "result", "textbox": "textbox", "text box": "textbox", "text field": "textbox",
    "input box": "textbox", "input field": "textbox", "input textbox": "textbox", "input text field": "textbox",
    "input": "textbox", "field": "textbox", "image": "image", "picture": "image", "folder or file": "item",
    "menu item": "item", "folder": "item", "file": "item", "card": "item", "row": "row",
}  # fmt: skip
_KIND = re.compile(rf"\b({'|'.join(sorted(_KIND_WORDS, key=len, reverse=True))})s?\b", re.IGNORECASE)
_ROWS = re.compile(
    r"^(?P<what>.+?)\s+(?:on|in|for|of|from)\s+(?:(?P<all>all|each|every|any)(?:\s+of)?(?:\s+the)?|(?P<count>\d+)(?:\s+of\s+the)?)"
    r"\s+(?:posts?|tweets?|rows?|items?|messages?|entries|results?|products?)\s+(?:by|from|of|for|with|named|called)\s+(?P<who>.+)$",
    re.IGNORECASE,
)
_ROW = re.compile(
    r"^(?P<what>.+?)\s+(?:on|in|for|of|next to|beside|by)\s+(?:the\s+)?(?:post|tweet|row|user|item|entry|product|line|order)\s*"
    r"(?:by|from|of|for|with|named|called)?\s+(?P<who>.+)$",
    re.IGNORECASE,
)
_PURPOSE = re.compile(
    r"\s+(?:to\s+(?:mark|delete|remove|star|log|sign|send|submit|finish|continue|proceed|open|close|search|confirm)\b.*|when\s+(?:done|finished|you.*|ready)|at\s+the\s+end|"
    r"afterwards|below|above|to\s+it)$",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:labell?ed|named|called|titled|that says|saying|with the (?:text|label|name))\b", re.IGNORECASE
)
_LEAD = re.compile(r"^(?:on|upon|into|at|the|an|a|that|your|this|down|with)\s+", re.IGNORECASE)
_OWNER = re.compile(r"^(?:their|its|his|her)\s+", re.IGNORECASE)
_KEYS = {"enter": "Enter", "return": "Enter", "escape": "Escape", "esc": "Escape", "tab": "Tab"}
_SMALL = frozenset(
    [
        "the",
        "a",
        "an",
        "on",
        "in",
        "of",
        "that",
        "is",
        "here",
        "this",
        "page",
        "one",
        "with",
        "it",
        "or",
        "and",
        "text",
        "below",
        "above",
        "box",
        "dialog",
    ]
)
_SUBMITS = frozenset({"submit", "login", "log in", "sign in"})


def bare(text: str) -> str:
    """Without the small words at its beginning."""
    while (shorter := _LEAD.sub("", text)) != text:
        text = shorter
    return text.strip(" .,:")


def read_press(clause: Clause, context: Context) -> list[Wish] | None:
    """Press, click, hit, ..."""
    rest = bare(re.sub(r"^(?:to|between|through|up)\s+", "", _PURPOSE.sub("", clause.rest)))
    if rest.lower() in _KEYS:
        return [Key(_KEYS[rest.lower()])]
    if (
        match := re.fullmatch(
            rf"({QUOTED}) (?:in|for|of|next to|beside) (?:the )?({QUOTED})(?: row| item| entry)?", rest
        )
    ) is not None:
        return [Press((clause.unquote(match[1]),), within=clause.unquote(match[2]))]
    within, context.row = context.row, "" if context.row and not _OWNER.match(rest) else context.row
    if (match := _ROWS.match(rest)) is not None:
        names, kind = _names(match["what"], clause)
        return (
            [Press(names, kind, within=clause.unquote(match["who"]), many=int(match["count"] or 0))] if names else None
        )
    if (match := _ROW.match(rest)) is not None and not within:
        rest, within = match["what"], clause.unquote(match["who"])
    if _OWNER.match(rest):
        return [Press((clause.unquote(bare(_OWNER.sub("", rest))),), within=within, property=True)] if within else None
    if re.search(r"\bin the (?:dialog|popup|pop-up|modal)(?: box| window)?\b", rest, re.IGNORECASE):
        rest = re.sub(r"\bin the (?:dialog|popup|pop-up|modal)(?: box| window)?\b", "", rest, flags=re.IGNORECASE)
        within = "dialog"
    if (seen := shapes_of(clause.unquote(rest))) is not None and not clause.quoted(rest):
        return [Shapes(seen, "press")]
    if re.fullmatch(rf"(?:a |the )?(?P<q>{QUOTED}) widget", rest):
        return [Press((), plain(clause.quoted()[0]), nth=1)]
    if (match := re.search(r"\b(?:coordinates?|point)\s*(\(.+\))$", rest)) is not None:
        return [Press((match[1],))]
    nth = ordinal(rest) if not clause.quoted(rest) else None
    names, kind = _names(without_ordinal(rest) if nth else rest, clause)
    if nth and kind:
        return [Press((), kind, nth=nth)]
    if names and plain(names[0]) in _SUBMITS and not within:
        return [Submit(names)]
    return [Press(names, kind, nth=nth, within=within)] if names or kind else None


def _names(text: str, clause: Clause) -> tuple[tuple[str, ...], str]:
    """What it may be called, best guess first, and what kind of control it is."""
    text = bare(text)
    quoted = clause.quoted(text)
    kinds = _KIND.findall(re.sub(QUOTED, "", text))
    kind = _KIND_WORDS[kinds[-1].lower()] if kinds else ""
    if len(quoted) == 1:
        spare = set(words(_KIND.sub("", _CALLED.sub("", re.sub(QUOTED, "", text))))) - _SMALL
        return ((), "") if spare else ((quoted[0],), kind)
    if quoted:
        return (), ""
    whole = bare(_CALLED.sub("", text))
    inner = bare(_KIND.sub("", whole, count=1)) if kind else whole
    if kind == "item" and re.search(r"\bwith\b", whole):
        return (), ""
    if re.search(r"\b(?:that|which|where|whose|with|so)\b", whole):
        return (), ""
    names = dict.fromkeys((whole, inner) if kind == "tab" else (inner, whole) if inner else ())
    return tuple(names), kind


def shapes_of(text: str) -> tuple[str, ...] | None:
    """Words for something that is seen: its colour, size and kind; None when the text is about something else."""
    found = plain(text).removesuffix(" colored box").removesuffix(" coloured box").split()
    colored = plain(text).endswith(("colored box", "coloured box"))
    if colored and len(found) == 1 and colour_of(found[0]):
        return (found[0], "box")
    kinds = {"digit", "letter", "circle", "rectangle", "triangle", "shape", "item", "square"}
    last = found[-1].rstrip("s") if found else ""
    known = all(w in {"large", "small", "big", "tiny"} or colour_of(w) for w in found[:-1])
    if last in kinds and known and (len(found) > 1 or last != "item"):
        return (*found[:-1], last)
    if len(found) == 1 and len(found[0]) == 1:
        return (found[0],)
    return None


def read_choose(clause: Clause, context: Context) -> list[Wish] | None:
    """Select, choose, pick."""
    rest = clause.rest
    if (match := re.fullmatch(r"(.+?)\s+as (?:the )?(?:\w+ )*?(date|day|time)", rest)) is not None:
        day = day_of(clause.unquote(match[1]))
        return [PickDate(*day)] if day else [Fill(clause.unquote(match[1]), kind=match[2])]
    if (
        match := re.fullmatch(r"(-?\d+(?:\.\d+)?)\s+(?:with|on|using|in) (?:the )?(?:slider|spinner)", rest)
    ) is not None:
        return [Slide((float(match[1]),))]
    if (match := re.fullmatch(r"(.+?)\s+(?:with|using|in) (?:the )?colou?r ?(?:picker|wheel)", rest)) is not None:
        name = bare(clause.unquote(match[1]))
        return [Colour("" if re.search(r"following|shown|given", name) else name)]
    if (match := re.fullmatch(r"all (?:of )?(?:the )?shades of (\w+)", rest)) is not None:
        return [Shapes((match[1],), "press_all")]
    if match := re.fullmatch(
        rf"({QUOTED}|[^\s,]+) (?:from|in|as|for) (?:the )?({QUOTED})(?: (?:list|dropdown|field|menu))?", rest
    ):
        return [Choose((clause.unquote(match[1]),), field=clause.unquote(match[2]))]
    if ">" in rest:
        return [Along(tuple(part.strip() for part in clause.unquote(rest).split(">")))]
    if re.search(r"\b(?:similar|related|close) to\b", rest):
        return None
    rest = re.sub(
        r"\s+(?:from|in|on|using|with) (?:the |a )?(?:\w+[- ])*?(?:list|dropdown|drop-down|menu|options?|box|select)(?: below)?$",
        "",
        rest,
    )
    nth = ordinal(rest)
    if nth is not None and _KIND.search(rest):
        return read_press(clause, context)
    if re.search(r"\b(?:button|link|tab|icon)\b", rest):
        return read_press(clause, context)
    if re.search(r"\b(?:card|number|flight|ticket|option)s? with\b", rest):
        return None
    if plain(rest) in {"nothing", "none", "no option", "no options"}:
        return [Choose(())]
    return [Choose(options_of(rest, clause))]


def options_of(text: str, clause: Clause) -> tuple[str, ...]:
    """Options of a list in words."""
    quoted = clause.quoted(text)
    if quoted:
        return tuple(quoted)
    parts = re.split(r",\s*(?:and\s+)?|\s+and\s+(?=\S+$)" if "," in text else r",\s*", clause.unquote(text))
    return tuple(bare(part) if part.lower().startswith("the ") else part.strip() for part in parts if part.strip())


def read_tick(clause: Clause, context: Context) -> list[Wish] | None:
    """Check, tick, and their opposites."""
    on = clause.verb == "tick"
    nth = ordinal(clause.rest)
    kinds = _KIND.findall(clause.rest)
    kind = _KIND_WORDS[kinds[-1].lower()] if kinds else ""
    if nth is not None and kind in {"checkbox", "radio"}:
        return [Choose((), kind, nth, on)]
    names, _ = _names(clause.rest, clause)
    context.row = ""
    said = tuple(clause.quoted()) or names[:1]
    return [Choose(said, on=on)] if said else None


def read_open(clause: Clause, context: Context) -> list[Wish] | None:
    """Open, expand, switch to, navigate."""
    rest = re.sub(r"\s+below$", "", bare(re.sub(r"^(?:to|between|through|up)\s+", "", clause.rest)))
    address = clause.unquote(rest)
    if address.startswith(("/", "http://", "https://")) and " " not in address:
        return [Go(address)]
    if re.fullmatch(r"(?:\w+ )?(section|tab|menu|tree|panel|list)s?", rest):
        return [Open("", rest.split()[-1].removesuffix("s"))]
    return read_press(clause, context) if clause.quoted(rest) or ordinal(rest) else None
