"""What the words on a control announce, to tell other words for the same act from words for another one. Pure.

Likeness of letters is no reason to act: "enable" is like "disable", and Tuesday like Thursday.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from runner.replay.lexicon import (
    ABBREVIATED,
    ACTS,
    FILLING,
    NEGATIONS,
    OPPOSITES,
    PHRASES,
    STRICTLY_TELLING,
    TELLING,
    THINGS,
)

_COUNTER = re.compile(r"\s*[(\[]\s*(\d+)\s*[)\]]\s*$")
_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+|[+\u2212<>%$\u20ac\u00a3*]")
_TURNED = ("un", "dis", "de", "non", "in", "im", "re")  # "subscribe" and "unsubscribe", "activate" and "deactivate"
_SHORTEST_STEM = 3


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name says, apart from how it says it."""

    words: tuple[str, ...]  #: in order, one for all words of an act, without fillers
    literal: tuple[str, ...]  #: the same before synonyms were made one
    head: str  #: the act, or the first word where no act is known
    strict: frozenset[str]  #: numbers, days, negations: whoever differs here is another one
    telling: frozenset[str]  #: sides, times, people: whoever says another one here is another one
    counter: str = ""  #: a number in brackets at the end, as buttons of lists carry

    def opposes(self, other: Meaning) -> bool:
        """Whether the other one announces the contrary, or the same for another day, number or side."""
        counted = bool(self.counter and other.counter and self.counter != other.counter)
        told = bool(self.telling and other.telling and self.telling != other.telling)
        if self.strict != other.strict or told or counted or _contrary(self.head, other.head):
            return True
        return any(
            _turned(word, word2)
            for word in self.literal
            for word2 in other.literal
            if word not in other.literal or word2 not in self.literal
        )

    def same_as(self, other: Meaning) -> bool:
        """Whether both say the same, word for word or by synonyms of acts."""
        return bool(self.words) and self.words == other.words and not self.opposes(other)

    def same_act_as(self, other: Meaning) -> bool:
        """Whether the other one announces this very act, saying no more than this one does."""
        return (
            bool(self.head)
            and self.head == other.head
            and set(other.words) <= set(self.words)
            and not self.opposes(other)
        )


@lru_cache(maxsize=4_096)
def meaning(name: str) -> Meaning:
    """What a name says."""
    counter = _COUNTER.search(name)
    tokens = _tokens(name[: counter.start()] if counter else name)
    kept = [t for place, t in enumerate(tokens) if t not in FILLING or (place and place == len(tokens) - 1)]
    stems = [stem(token) for token in kept]
    words = [ACTS.get(token) or THINGS.get(token) or ABBREVIATED.get(token) or stem(token) for token in kept]
    verbs = [ACTS[token] for token in kept if token in ACTS]
    if any(word != "submit" and token in (*ACTS, *THINGS) for word, token in zip(words, kept, strict=True)):
        words = [word for word in words if word != "submit"]  # "send enrolment" is "enrol"
        verbs = [verb for verb in verbs if verb != "submit"]
    things = [THINGS[token] for token in kept if token in THINGS]
    head = next(iter([*verbs, *things, *words]), "")
    strict = {ABBREVIATED.get(t, t) for t in tokens if t in STRICTLY_TELLING or not t.isalpha()}
    strict |= {"not"} if NEGATIONS.intersection(tokens) else set()
    counted = counter[1] if counter else ""
    return Meaning(tuple(words), tuple(stems), head, frozenset(strict), TELLING.intersection(tokens), counted)


def plain(name: str) -> str:
    """A name without differences of case, accents, spaces and punctuation."""
    return " ".join(_tokens(name))


@lru_cache(maxsize=4_096)
def stem(word: str) -> str:
    """A word without its ending, spelled one way on both sides of the ocean."""
    bare = re.sub(r"(?:our)(?=s?$)", "or", word).replace("isation", "ization")
    bare = re.sub(r"is(?=e[ds]?$|ing$)", "iz", bare)
    for ending in ("ing", "ed", "es", "s", "e"):
        if bare.endswith(ending) and len(bare) - len(ending) >= _SHORTEST_STEM and not bare.endswith("ss"):
            bare = bare[: -len(ending)]
            break
    return re.sub(r"([bdfglmnprt])\1$", r"\1", bare)


def _tokens(name: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", name)
    folded = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    folded = re.sub(r"n['\u2019]t\b", " not", folded)
    folded = re.sub(r"['\u2019]s\b|['\u2019]", "", folded)
    folded = re.sub(r"\b([a-z])-(?=[a-z])", r"\1", folded)  # e-mail
    text = " ".join(_TOKEN.findall(folded))
    for phrase, word in PHRASES.items():
        text = re.sub(rf"\b{phrase}\b", word, text)
    return text.split()


def _contrary(one: str, other: str) -> bool:
    return frozenset((one, other)) in OPPOSITES


def _turned(one: str, other: str) -> bool:
    """Whether one word is the other with its meaning turned by what stands before it."""
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORTEST_STEM or short == long:
        return False
    same_end = any(long == turn + short for turn in _TURNED)
    return same_end or ((short[:2], long[:3]) == ("en", "dis") and short[2:] == long[3:])
