"""Clauses of other kinds, and goals that are understood as a whole only. Pure."""

from __future__ import annotations

import re
from typing import Literal

from runner.planners.seeing.context import Context
from runner.planners.seeing.grammar_enter import read_enter
from runner.planners.seeing.grammar_mail import read_mail
from runner.planners.seeing.grammar_press import bare, read_press, shapes_of
from runner.planners.seeing.grammar_values import day_of
from runner.planners.seeing.wishes import (
    Compare,
    Complete,
    DragTo,
    Draw,
    Fill,
    Guess,
    Hover,
    InOrder,
    Judge,
    Order,
    PickDate,
    Press,
    ReadOut,
    Resize,
    ScrollTo,
    Search,
    Select,
    Shapes,
    Slide,
    Submit,
    WaitFor,
    Wish,
)  # fmt: skip
from runner.planners.seeing.words import QUOTED, Clause, clauses, ordinal, words

_CHEAP = r"cheapest|least expensive|lowest[- ]priced?|shortest|fastest|quickest|longest|most expensive|priciest|dearest"
_POLITE = r"^(?:please|could you|can you|i want you to)\s+"
_FLIGHT = re.compile(
    rf"book (?:the )?(?P<by>{_CHEAP}) (?:one-way )?(?:flight|trip|ticket)s?,? from:? (?P<a>.+?) to:? (?P<b>.+?) on (?P<day>[\d/]+)",
    re.IGNORECASE,
)
_GUESS = re.compile(r"guess (?:the|a) number between (-?\d+)\s*(?:-|and|to)\s*(-?\d+)", re.IGNORECASE)
_TAKE = re.compile(
    rf"(?:buy|book|choose|pick|select|press)\s+(?:the )?(?P<n>\w+) (?:with|that has|of) the (?P<by>{_CHEAP}|lowest|highest|smallest|largest|greatest|biggest)(?: (?P<what>\w+))?",
    re.IGNORECASE,
)
_SORTED = re.compile(r"\b(ascending|increasing|descending|decreasing)\b order", re.IGNORECASE)


def read_whole(goal: str) -> list[Wish] | None:
    """Goals whose sentences hang together."""
    said = " ".join(goal.split()).rstrip(".?! ")
    plain = re.sub(_POLITE, "", said, flags=re.IGNORECASE)
    if (match := _FLIGHT.search(plain)) is not None:
        day = day_of(match["day"])
        by, most = _measure(match["by"], "")
        return [Complete(match["a"].strip(), field="from"), Complete(match["b"].strip(), field="to"), PickDate(*day),
                Submit(), Compare(by, most)] if day else None  # fmt: skip
    if (match := _GUESS.search(plain)) is not None:
        return [Guess(int(match[1]), int(match[2]))]
    if (match := _SORTED.search(plain)) is not None:
        up = match[1].lower() in {"ascending", "increasing"}
        drags = re.match(r"(?:sort|drag|arrange|order|put)\b", plain, re.IGNORECASE)
        return [InOrder(up, drag=True), Submit()] if drags else [InOrder(up)]
    if match := re.match(r"for the (?:user|row|item|post|entry|person) (\S+?),? (.+)$", plain, re.IGNORECASE):
        context = Context(row=match[1].strip(", "))
        parts, _ = clauses(match[2])
        return read_press(parts[0], context) if len(parts) == 1 and parts[0].verb == "press" else None
    if re.match(r"(?:mark|label|classify) (?:the |each |all )*numbers? .*\bodd or even\b", plain, re.IGNORECASE):
        return [Judge(), Submit()]
    if match := re.match(
        r"order (\d+) (?:items?|dishes|things) (?:that (?:are|is)|which are) (.+)$", plain, re.IGNORECASE
    ):
        return [Order(count=int(match[1]), sort=match[2].strip())]
    if match := re.match(r"order one of each(?: item)?:? (.+)$", plain, re.IGNORECASE):
        return [Order(tuple(part.strip() for part in match[1].split(",")))]
    if match := re.match(r"how many (.+?)(?: are there| do you see)?$", plain, re.IGNORECASE):
        seen = shapes_of(match[1])
        return [Shapes(seen, "count")] if seen else None
    if re.search(r"\bbutton that (?:best )?describes the (?:figure|shape)\b", plain):
        return [Shapes((), "describe")]
    return read_mail(said)


def _measure(by: str, what: str) -> tuple[Literal["price", "duration", "number"], bool]:
    by, what = by.lower(), what.lower()
    most = by in {"longest", "most expensive", "priciest", "dearest", "highest", "largest", "greatest", "biggest"}
    if by in {"shortest", "fastest", "quickest", "longest"} or what in {"duration", "time"}:
        return "duration", most
    if what in {"number", "value"}:
        return "number", most
    return "price", most


def read_rest(clause: Clause, context: Context) -> list[Wish] | None:
    """The verbs that are not about pressing, choosing or entering."""
    rest = clause.rest
    if (match := _TAKE.search(clause.said)) is not None and not clause.quotes:
        by, most = _measure(match["by"], match["what"] or "")
        return [Compare(by, most, hidden=match["n"].lower() == "card")]
    match clause.verb:
        case "submit":
            return [Submit()]
        case "send":
            return [Submit(("send",))] if re.fullmatch(r"(?:it|the form|the message)?", rest) else None
        case "find":
            return _find(clause, context)
        case "close":
            how = re.search(r"\bby (?:clicking|pressing)(?: on)? (?:the )?(.+)$", rest)
            quoted = clause.quoted(how[1]) if how else []
            name = quoted[0] if quoted else "close"
            return [Press((name,), within="dialog")]
        case "focus":
            nth = ordinal(rest)
            return [Press((), "textbox", nth=nth or 1)] if re.search(r"text|input|field", rest) else None
        case "scroll":
            end = re.search(r"\b(top|bottom|end|beginning|start)\b", rest)
            return [ScrollTo("top" if end[1] in {"top", "beginning", "start"} else "bottom")] if end else None
        case "highlight":
            return [Select(nth=ordinal(rest))] if re.search(r"\b(?:text|paragraph)\b", rest) else None
        case "set":
            return _set(clause)
        case "search":
            return [Search(clause.unquote(rest)), Submit()]
        case "generate":
            return _generate(rest)
        case "drag":
            return _drag(clause)
        case "use":
            means = re.match(r"the \w+(?: \w+)? to (?=\w)", rest)
            return _again(rest[means.end() :], clause, context) if means else None
        case "wait":
            text = clause.unquote(re.sub(r"^(?:for|until)\s+", "", rest))
            return [WaitFor(text)] if text else None
        case "delete":
            row = re.fullmatch(
                rf"(?:the )?({QUOTED}|[\w@.-]+)(?: (?:row|item|entry|line))?(?: from (?:the )?\w+)?", rest
            )
            return [Press(("delete", "remove"), within=clause.unquote(row[1]))] if row else None
        case "read":
            return _read_out(clause)
        case "hover":
            name = clause.unquote(bare(re.sub(r"^over\s+", "", rest)))
            return [Hover(name)] if name else None
        case "login":
            return _login(clause)
        case "give":
            return _style(clause)
        case "resize":
            side = re.search(r"\b(width|height) is (larger|smaller|bigger)\b", rest)
            return [Resize("width" if side[1] == "width" else "height", larger=side[2] != "smaller")] if side else None
        case _:
            return _unverbed(clause)


def _again(text: str, clause: Clause, context: Context) -> list[Wish] | None:
    word, _, rest = text.partition(" ")
    if word.lower() in {"enter", "type", "input", "write", "put"}:
        return read_enter(Clause("enter", rest, clause.quotes, text), context)
    return None


def _find(clause: Clause, context: Context) -> list[Wish] | None:
    rest = clause.rest
    if (nth := ordinal(rest)) is not None and re.search(r"\bword in\b", rest):
        context.found = Fill(source="word", nth=nth)
        return []
    match = re.fullmatch(r"(?P<name>.+?) in (?:the )?(?:\w+ )?(?:book|list|table|directory|page|contacts?)", rest)
    if match is not None:
        context.row = clause.unquote(match["name"])
        return []
    return None


def _set(clause: Clause) -> list[Wish] | None:
    match = re.search(r"sliders? to (?:the )?(?:combination )?\[?([-\d., ]+)\]?$", clause.unquote(clause.rest))
    if match is not None:
        return [Slide(tuple(float(part) for part in match[1].split(",")))]
    match = re.fullmatch(r"(?:the )?(.+?) to (.+)", clause.rest)
    if match is None:
        return None
    name, value = clause.unquote(bare(match[1])), clause.unquote(match[2])
    day = day_of(value)
    return [PickDate(*day)] if day else [Fill(value, field=name.removesuffix(" field"))]


def _generate(rest: str) -> list[Wish] | None:
    if (match := re.search(r"number (less|lower|smaller|greater|higher|larger|more) than (-?\d+)", rest)) is not None:
        less = match[1] in {"less", "lower", "smaller"}
        return [Draw("generate", "less" if less else "greater", float(match[2]))]
    match = re.search(r"\b(even|odd) number\b", rest)
    return [Draw("generate", "even" if match[1] == "even" else "odd")] if match else None


def _drag(clause: Clause) -> list[Wish] | None:
    rest = clause.unquote(clause.rest)
    two = re.fullmatch(
        r"all (?:the )?(.+?) (?:in)?to the (\w+ box),? and (everything else|the rest|all others|the others) (?:in)?to the (\w+ box)",
        rest,
    )
    if two is not None:
        return [DragTo(two[1], two[2]), DragTo(two[3], two[4])]
    for pattern in (
        r"(?P<what>.+?) to the (?P<place>\d+(?:st|nd|rd|th)|first|last)(?: position| place)?",
        r"(?P<what>.+?) to the (?P<place>(?:top|middle|bottom|center|centre)(?: (?:left|center|centre|right|middle))?|left|right|center)(?: (?:corner|position))?",
        r"(?:the )?(?P<what>item|circle|shape|box|square) (?:to the )?(?P<place>left|right|up|down)(?:wards?)?",
        r"(?:the )?(?P<what>smaller \w+) so that it is (?:completely )?(?P<place>inside)(?: of)? the larger \w+",
        r"all (?:the )?(?P<what>[\w ]+?) into the (?P<place>[\w ]*box)",
        r"(?P<what>.+?) (?:on|in)?to (?P<place>.+)",
    ):
        if (match := re.fullmatch(pattern, rest, re.IGNORECASE)) is not None:
            return [DragTo(match["what"], match["place"])]
    return None


def _read_out(clause: Clause) -> list[Wish] | None:
    """`Read the price`, `read "Total" into "amount"`: the key is the label's words unless one is given."""
    match = re.fullmatch(
        rf"(?:the )?(?:value of |text of )?(?:the )?(.+?)(?:\s+(?:into|as)\s+({QUOTED}|\w+))?", clause.rest
    )
    if match is None:
        return None
    label = clause.unquote(match[1])
    return [ReadOut(label, clause.unquote(match[2]) if match[2] else "_".join(words(label)) or "text")]


def _login(clause: Clause) -> list[Wish] | None:
    text = re.sub(r"^(?:in|on)?\s*(?:with|as|using)?\s*", "", clause.rest)
    if (match := re.fullmatch(rf"({QUOTED}) (?:with|and) (?:the )?password ({QUOTED})", text)) is not None:
        text = f"username {match[1]} password {match[2]}"
    found = re.findall(
        rf"(user ?name|user|e-?mail|password|login)\s*:?\s*({QUOTED}|\{{\{{.+?\}}\}}|\S+)", text, re.IGNORECASE
    )
    wishes: list[Wish] = [Fill(clause.unquote(value), field=name.lower()) for name, value in found]
    return [*wishes, Submit(("login", "log in", "sign in"))] if len(found) == 2 else None  # noqa: PLR2004


def _style(clause: Clause) -> list[Wish] | None:
    match = re.fullmatch(
        r"(?P<what>everything|all|all (?:of )?the text|(?:the )?(?:text )?.+?) the (?:style|colou?r) (?P<style>\w+)",
        clause.rest,
    )
    if match is None:
        return None
    what = clause.quoted(match["what"])
    if not what and not match["what"].startswith(("everything", "all")):
        return None
    return [Select(text=what[0] if what else "", style=match["style"].lower())]


def _unverbed(clause: Clause) -> list[Wish] | None:
    """Preludes that only say by which means, and comments that ask for nothing."""
    said = clause.said
    if re.match(r"using the [\w ]+$", said, re.IGNORECASE) or re.match(
        r"using (?:the )?feedback\b", said, re.IGNORECASE
    ):
        return []
    match = re.match(r"(?:using the [\w ]+?,\s*)(give .+)$", said, re.IGNORECASE)
    if match is not None:
        return _style(Clause("give", match[1][5:], clause.quotes, said))
    return None
