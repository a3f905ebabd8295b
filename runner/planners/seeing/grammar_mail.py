"""Goals about messages of a person: delete, star, answer, pass on. Pure."""

from __future__ import annotations

import re

from runner.planners.seeing.wishes import Mail, Wish
from runner.planners.seeing.words import put_away

_MAIL = re.compile(r"\b(?:e-?mails?|messages?|mails?|inbox|forward|reply|respond)\b", re.IGNORECASE)
_NAME = r"(?P<who>[A-Z][\w.-]*)"
_FROM = re.compile(
    rf"\b(?:from|by|of|that)\s+{_NAME}\b|\b(?P<own>[A-Z][\w-]*)(?:'s|\u2019s)\s+(?:\w+\s+)?(?:e-?mails?|messages?)\b"
)
_TO = re.compile(rf"\bto\s+{_NAME}\b")
_DELETE = re.compile(r"\b(?:delete|trash|remove|get rid of)\b", re.IGNORECASE)
_STAR = re.compile(r"\b(?:star|important|favou?rite)\b", re.IGNORECASE)
_REPLY = re.compile(r"\b(?:reply|respond|answer|write back)\b", re.IGNORECASE)
_FORWARD = re.compile(r"\b(?:forward|pass on)\b", re.IGNORECASE)
_SEND_ON = re.compile(r"\b(?:send|give)\b.*\b(?:to|it)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\b(?:from|by|of|to) [A-Z]\w* (?:and|or) [A-Z]\w*")
_WITH = re.compile(r"\b(?:with|saying|say|text|message|reading|write|says)\b[^\ue000]*(\ue000\d+\ue001)")


_ASKED_BY = re.compile(rf"^{_NAME} (?:is waiting for|wants|needs|would like|asked for)\b")
_WROTE = re.compile(rf"\b{_NAME} (?:sent|wrote|has sent|has written)\b")
_GIVE = re.compile(rf"\b(?:send|give|forward|show|email) {_NAME} (?:the|that|a|an|this)\b", re.IGNORECASE)


def read_mail(goal: str) -> list[Wish] | None:
    """One message, one thing to do with it; None when any part is not clear."""
    if _SEVERAL.search(goal):
        return None
    if not _MAIL.search(goal) and not (_WROTE.search(goal) and _GIVE.search(goal)):
        return None
    said, quotes = put_away(goal)
    senders = {match["who"] or match["own"] for match in _FROM.finditer(said)} - {None}
    senders |= {match["who"] for match in _WROTE.finditer(said)}
    to = [match["who"] for match in _TO.finditer(said)]
    to += [
        match["who"] for pattern in (_ASKED_BY, _GIVE) for match in pattern.finditer(said) if match["who"][0].isupper()
    ]
    asked = [bool(pattern.search(said)) for pattern in (_DELETE, _STAR, _REPLY, _FORWARD)]
    if quotes:
        return _reply(said, quotes, senders, to) if not asked[0] and not asked[1] and not asked[3] else None
    if asked[3] or (not any(asked) and (_SEND_ON.search(said) or _ASKED_BY.search(said))):
        return _forward(senders, to) if sum(asked) == asked[3] else None
    if sum(asked) > 1 or len(senders) != 1 or to:
        return None
    sender = next(iter(senders))
    if asked[0]:
        return [Mail("delete", sender)]
    return [Mail("star", sender)] if asked[1] else None


def _reply(said: str, quotes: tuple[str, ...], senders: set[str], to: list[str]) -> list[Wish] | None:
    people = senders or set(to)
    if len(people) != 1 or len(quotes) != 1 or not _WITH.search(said):
        return None
    return [Mail("reply", next(iter(people)), text=quotes[0])]


def _forward(senders: set[str], to: list[str]) -> list[Wish] | None:
    if len(senders) != 1 or len(set(to)) != 1 or to[0] in senders:
        return None
    return [Mail("forward", next(iter(senders)), to=to[0])]
