"""Goals said in other words, by rules of ours: other verbs, other nouns, other order; values stay. Pure."""

from __future__ import annotations

import random
import re

_SWAPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\b[Cc]lick on\b", ("press", "tap", "hit")),
    (r"\b[Cc]lick\b", ("press", "tap", "push")),
    (r"\b(?:hit|press) ([Ss]ubmit|login)\b", (r"click \1", r"push \1", r"click on \1")),
    (r"\b[Ss]elect\b", ("choose", "pick")),
    (r"\b[Cc]hoose\b", ("select", "pick")),
    (r"\b[Ee]nter\b", ("type", "put", "write")),
    (r"\b[Tt]ype\b", ("enter", "write")),
    (r"\b[Ff]ind\b", ("look for", "locate")),
    (r"\b[Cc]heck the\b", ("tick the",)),
    (r"\btext field\b", ("text box", "input field")),
    (r"\btextbox\b", ("text field", "input box")),
    (r"\btext input\b", ("text box",)),
    (r"\bdropdown\b", ("drop-down list", "list")),
    (r"\b[Dd]rag\b", ("Move",)),
    (r"\blabeled\b", ("called", "named")),
    (r"\bnamed\b", ("called",)),
    (r"\btrash icon\b", ("trash can",)),
    ("(\ue000\\d+\ue001) (button|link|icon)\\b", (r"\2 \1", r"\2 labeled \1", r"\2 that says \1")),
    (r"\bthe text into\b", ("the words into",)),
    (r",? and (?=(?:press|hit|click|push)(?: on)? [Ss]ubmit)", (". Then ", ". After that, ", ", then ")),
    (r", then\b", (" and then", " and")),
    (r"\band then\b", ("then",)),
)
_OPENINGS = ("", "Please ", "", "I want you to ", "", "Could you ", "")
_KEEP = re.compile(r"\"[^\"]*\"|\[[^\]]*\]")


def reword(goal: str, seed: int) -> str:
    """The goal in other words; the same for the same seed. What stands in quotes is kept."""
    chance = random.Random(f"{seed} {goal}")
    kept: list[str] = []

    def put_away(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\ue000{len(kept) - 1}\ue001"

    text = _KEEP.sub(put_away, goal)
    for pattern, others in _SWAPS:
        if chance.random() < 0.7:
            text = re.sub(pattern, chance.choice(others), text)
    opening = chance.choice(_OPENINGS)
    text = opening + text[:1].lower() + text[1:] if opening else text[:1].upper() + text[1:]
    return re.sub("\ue000(\\d+)\ue001", lambda match: kept[int(match[1])], text)
