"""Words of goals and of pages: clauses, verbs, ordinals, and how alike two names are. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher

_PAIRS = {'"': '"', "\u201c": "\u201d", "\u2018": "\u2019", "'": "'", "`": "`", "\u00ab": "\u00bb"}
_OPEN, _CLOSE = "\ue000", "\ue001"
QUOTED = f"{_OPEN}\\d+{_CLOSE}"
_POLITE = re.compile(
    r"^(?:please|kindly|could you|can you|will you|would you|i want you to|i would like you to|i need you to|now|first|then|finally|after that|afterwards|next|your task is to)\s*,?\s+",
    re.IGNORECASE,
)
#: Words a clause begins with, and the plainest word for the same.
VERBS = {
    "click": "press", "press": "press", "hit": "press", "push": "press", "tap": "press",
    "select": "choose", "choose": "choose", "pick": "choose",
    "enter": "enter", "type": "enter", "write": "enter", "input": "enter", "put": "enter", "fill": "enter",
    "check": "tick", "tick": "tick", "untick": "untick", "uncheck": "untick",
    "find": "find", "locate": "find", "look": "find", "open": "open", "expand": "open", "switch": "open",
    "navigate": "open", "go": "open", "scroll": "scroll", "drag": "drag", "move": "drag", "copy": "copy",
    "paste": "paste", "solve": "solve", "submit": "submit", "send": "send", "close": "close", "dismiss": "close",
    "reply": "reply", "forward": "forward", "delete": "delete", "remove": "delete", "star": "star", "mark": "mark",
    "buy": "buy", "book": "book", "order": "order", "sort": "sort", "highlight": "highlight", "resize": "resize",
    "generate": "generate", "guess": "guess", "search": "search", "set": "set", "focus": "focus", "give": "give",
    "use": "use", "log": "login", "login": "login", "sign": "login", "create": "create", "draw": "draw", "add": "add",
    "make": "make", "win": "win", "read": "read", "extract": "read", "report": "read", "note": "read", "wait": "wait", "hover": "hover", "how": "how",
}  # fmt: skip
_JOINERS = frozenset({"and", "then", "after that", "afterwards", "finally", "next", "first"})
_VERB = "(?:" + "|".join(VERBS) + r")(?=\s|$|[.,])"
_SPLIT = re.compile(
    rf"(?:[.;!?]\s+(?=[A-Z{_OPEN}]))|(?:,?\s+(?:and\s+then|and\s+also|and|then)\s+(?={_VERB}))"
    rf"|(?:,\s*(?:and\s+)?(?:then\s+)?(?={_VERB}))",
    re.IGNORECASE,
)
_TO_FIND = re.compile(rf",?\s+(?:in order )?to\s+(?:find|look for|locate)\s+and\s+(?={_VERB})", re.IGNORECASE)
_FINDING = re.compile(rf"\b(?:find|look for|locate)\s+and\s+(?={_VERB})", re.IGNORECASE)
_UNJOINED = re.compile(r"(?<=[\w\ue001])\s+(?=(?:hit|press|click(?: on)?) (?:the )?submit\b)", re.IGNORECASE)
_SHORTEST_STEM = 4  # letters
_MISSPELT = 0.88  # alike enough to be the same word with a slip
_SHORTEST_MISSPELT = 5  # letters; shorter words are other words when one letter differs
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
             "ninth": 9, "tenth": 10, "last": -1}  # fmt: skip
_ORDINAL = re.compile(rf"\b(?:(\d+)(?:st|nd|rd|th)|({'|'.join(_ORDINALS)}))\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that is asked for: its verb, the plainest word for it, and the rest with quotes put away."""

    verb: str
    rest: str
    quotes: tuple[str, ...]
    said: str

    def unquote(self, text: str) -> str:
        """Put the quotes back."""
        return re.sub(f"{_OPEN}(\\d+){_CLOSE}", lambda match: self.quotes[int(match[1])], text).strip()

    def quoted(self, text: str | None = None) -> list[str]:
        """What stands in quotes in the text."""
        return [self.quotes[int(n)] for n in re.findall(f"{_OPEN}(\\d+){_CLOSE}", self.rest if text is None else text)]


def clauses(goal: str) -> tuple[list[Clause], tuple[str, ...]]:
    """The clauses of a goal in order, and all that stands in quotes."""
    text, quotes = put_away(" ".join(goal.split()))
    text = text.rstrip("?!. ")
    while (shorter := _POLITE.sub("", text)) != text:
        text = shorter
    found: list[Clause] = []
    text = _FINDING.sub("", _TO_FIND.sub(", ", text))
    text = _UNJOINED.sub(", ", text)
    for part in _SPLIT.split(text):
        piece = re.sub(r"(?:^|,?\s+)(?:and|then|and then)$", "", part.strip(" ,.;:"), flags=re.IGNORECASE).strip(" ,")
        if piece and piece.lower() not in _JOINERS:
            found.append(_clause(piece, quotes))
    return found, quotes


def _clause(piece: str, quotes: tuple[str, ...]) -> Clause:
    piece = _POLITE.sub("", piece)
    word, _, rest = piece.partition(" ")
    verb = VERBS.get(word.lower().strip(".,:"), "")
    if word.lower() in {"look", "search"} and rest.lower().startswith("for "):
        rest = rest[4:]
    if word.lower() == "fill" and re.match(r"(?:in|out)\s", rest):
        rest = rest.split(" ", 1)[1]
    if word.lower() in {"log", "sign"} and rest.lower().startswith("in"):
        rest = rest[2:]
    return Clause(verb, rest.strip() if verb else piece, quotes, piece)


def put_away(goal: str) -> tuple[str, tuple[str, ...]]:
    """The goal with what stands in quotes replaced by a mark; apostrophes inside words are none."""
    text, place = "", 0
    quotes: list[str] = []
    while place < len(goal):
        char = goal[place]
        template = goal.find("}}", place) + 1 if goal.startswith("{{", place) else 0
        if template > 0:
            text += f"{_OPEN}{len(quotes)}{_CLOSE}"
            quotes.append(goal[place : template + 1])
            place = template + 1
            continue
        closer = _PAIRS.get(char)
        opens = closer and (place == 0 or not goal[place - 1].isalnum())
        end = goal.find(closer, place + 1) if closer and opens else -1
        while char in "'\u2018" and 0 < end < len(goal) - 1 and goal[end + 1].isalnum():
            end = goal.find(closer or "'", end + 1)
        if end > 0:
            text += f"{_OPEN}{len(quotes)}{_CLOSE}"
            quotes.append(goal[place + 1 : end])
            place = end + 1
        else:
            text += char
            place += 1
    return text, tuple(quotes)


def ordinal(text: str) -> int | None:
    """The first ordinal in a text; -1 for "last"."""
    found = _ORDINAL.search(text)
    if found is None:
        return None
    return int(found[1]) if found[1] else _ORDINALS[found[2].lower()]


def without_ordinal(text: str) -> str:
    """The text without its first ordinal."""
    return " ".join(_ORDINAL.sub("", text, count=1).split())


def plain(text: str) -> str:
    """A name for comparison: case, accents of writing, edges and spaces do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split()).strip(" .,:;!?*\u2026\"'()")


def words(text: str) -> tuple[str, ...]:
    """The words of a text, plain."""
    return tuple(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))


def stem(word: str) -> str:
    """A word without the endings that grammar gives it; only to see that two words are kin."""
    for ending in ("ations", "ation", "ings", "ing", "ors", "or", "ers", "er", "ed", "es", "s", "d", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def likeness(wanted: str, said: str) -> float:
    """How surely `said` is what is called `wanted`: 1 the same, 0.5 hardly, 0 not."""
    if not wanted or not said:
        return 0.0
    if wanted.strip() == said.strip():
        return 1.0
    mine, yours = plain(wanted), plain(said)
    if not mine or not yours:
        return 0.0
    if mine == yours:
        return 0.95
    mine_words, your_words = words(mine), words(yours)
    if mine_words == your_words:
        return 0.9
    if mine_words and _holds(your_words, mine_words):
        return 0.6 + 0.25 * len(mine_words) / len(your_words)
    close = SequenceMatcher(None, mine, yours).ratio()
    return 0.6 if close >= _MISSPELT and min(len(mine), len(yours)) >= _SHORTEST_MISSPELT else 0.0


def _holds(many: tuple[str, ...], few: tuple[str, ...]) -> bool:
    return any(many[i : i + len(few)] == few for i in range(len(many) - len(few) + 1))
