"""Goals that say what shall be so, not which controls to use: "Register Eden for Tuesday swimming". Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from runner.planners.seeing.advice import Refusal
from runner.planners.seeing.verbs import ON_EXISTING, begins, families
from runner.planners.seeing.wishes import Reach
from runner.planners.seeing.words import QUOTED, VERBS, put_away, words

_PRELUDE = re.compile(
    r"^(?:(?:please|kindly|now|could you|can you|would you|i want (?:you )?to|i would like (?:you )?to|i'd like (?:you )?to"
    r"|i need (?:you )?to|help me(?: to)?|(?:log|sign) in(?:to the (?:site|account))?,? (?:and|then|to))\s*,?\s+)+",
    re.IGNORECASE,
)
#: What rules cannot weigh, and may not ignore.
_WEIGHS = re.compile(
    r"\b(not|no|never|don'?t|unless|if|except|without|until|or|either|whichever|any|some|every|all|each|both"
    r"|other|another|first|last|next|nearest|available|possible|instead|only|twice|again|(?:mo|lea|be)st|same|similar"
    r"|cheap\w+|earli\w+|lat(?:er|est)|soon\w*|short\w+|long\w+|few\w+|low\w+|high\w+)\b",
    re.IGNORECASE,
)
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_DATE = r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4}"
_NAME = r"[^\W\d_][\w.@-]*"
#: Names, days, dates and numbers, as they stand in a goal.
_AIM = re.compile(rf"{QUOTED}|[\w.+-]+@[\w.-]+\w|(?i:\b{_DAYS}\b)|\b(?:{_DATE})\b|\b\d+\b|\b[A-Z]\w*(?:[ -][A-Z]\w+)*")
_AND_THEN = re.compile(rf"\b(?:and|then)\s+(?:then\s+)?(?P<verb>{_NAME})", re.IGNORECASE)
_BECOMES = re.compile(r"\b(?:to|into|as|with)\s+(?P<what>.+)$", re.IGNORECASE)
_AGREES = re.compile(r"\b(?:agree|agreeing|accept|accepting|consent|consenting)\b", re.IGNORECASE)
_AGREED = re.compile(rf"{_AGREES.pattern}.*$", re.IGNORECASE)
#: What secrets are called that one logs in with.
LOGS_IN = frozenset({"user", "username", "login", "email", "mail", "account", "member", "pass", "password", "passwd", "pwd",
                     "passphrase", "pw", "pin"})  # fmt: skip
#: Words that say nothing about what a site offers.
_EMPTY = frozenset(
    [
        "a",
        "an",
        "the",
        "for",
        "of",
        "on",
        "in",
        "at",
        "to",
        "from",
        "by",
        "with",
        "into",
        "onto",
        "as",
        "and",
        "my",
        "me",
        "i",
        "us",
        "our",
        "his",
        "her",
        "their",
        "its",
        "your",
        "him",
        "them",
        "it",
        "this",
        "that",
        "is",
        "are",
        "be",
        "s",
        "please",
        "class",
        "classes",
        "lesson",
        "lessons",
        "course",
        "courses",
        "session",
        "sessions",
        "slot",
        "slots",
        "place",
        "places",
        "spot",
        "spots",
        "appointment",
        "appointments",
        "booking",
        "bookings",
        "registration",
        "registrations",
        "order",
        "orders",
        "reservation",
        "reservations",
        "subscription",
        "child",
        "kid",
        "son",
        "daughter",
        "person",
        "people",
        "name",
        "online",
        "site",
        "website",
        "web",
        "page",
        "form",
        "account",
        "up",
        "out",
        "terms",
        "conditions",
        "agree",
        "agreeing",
        "accept",
        "accepting",
        "consent",
        "consenting",
        "time",
        "day",
        "days",
        "date",
        "quantity",
        "number",
        "copies",
        "pieces",
        "x",
        "times",
        "piece",
        "copy",
        "who",
        "which",
        "where",
        "new",
        "everything",
        "details",
        "one",
    ]
)


def read_reach(goal: str, inputs: Mapping[str, str], secrets: Collection[str]) -> Reach | Refusal | None:
    """The wish of a goal that begins with a verb the rules know; None for any other goal.

    Args:
        goal: with its templates, which are read as quotes.
        inputs: the task's values.
        secrets: names of the task's secrets.
    """
    text, quotes = put_away(" ".join(goal.split()))
    text = _PRELUDE.sub("", text.rstrip("?!. "))
    begun = begins(text)
    if begun is None:
        return None
    family, length = begun
    said, rest = _parted(text, length)
    if (weighs := _WEIGHS.search(rest)) is not None:
        return Refusal(f"the rules cannot weigh {weighs[0]!r}; name what is meant, or declare `steps`")
    if (second := _second(rest)) is not None:
        return Refusal(f"{said!r} and {second!r} are two things; submit a goal for each, or declare `steps`")
    bare = _AIM.sub(" ", _AGREED.sub("", rest))
    named = {word for name in inputs for word in words(name.replace("_", " "))}
    about = [word for word in words(bare) if word not in _EMPTY | named and not families(word)]
    change = _BECOMES.search(rest) if family in ON_EXISTING else None
    return Reach(
        verb=family,
        said=said.lower(),
        about=tuple(dict.fromkeys(about)),
        aims=tuple(dict.fromkeys(_aims(rest, quotes))),
        becomes=tuple(_aims(change["what"], quotes)) if change is not None and family == "change" else (),
        given=tuple(inputs.items()),
        secrets=tuple(
            f"{{{{secret:{name}}}}}" for name in sorted(secrets) if LOGS_IN & set(words(name.replace("_", " ")))
        ),
        agrees=_AGREES.search(rest) is not None,
    )


def _parted(text: str, length: int) -> tuple[str, str]:
    """The verb and what follows it."""
    match = re.match(rf"((?:\W*[\w'-]+){{{length}}})\s*(.*)$", text)
    return (match[1].strip(), match[2]) if match is not None else (text, "")


def _aims(rest: str, quotes: tuple[str, ...]) -> list[str]:
    found = []
    for match in _AIM.finditer(rest):
        mark = re.fullmatch("\ue000(\\d+)\ue001", match[0])
        text = quotes[int(mark[1])] if mark is not None else match[0]
        if text.strip() and text != "I":
            found.append(text.strip())
    return found


def _second(rest: str) -> str | None:
    """A second thing that is asked for."""
    for match in _AND_THEN.finditer(rest):
        asks = match["verb"].lower() in VERBS or (begins(match["verb"]) is not None and match["verb"][0].islower())
        if asks and not _AGREES.fullmatch(match["verb"]):
            return match["verb"]
    return None
