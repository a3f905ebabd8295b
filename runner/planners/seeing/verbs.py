"""Verbs of goals and of controls: families that mean the same, their opposites, and words that only send. Pure."""

from __future__ import annotations

import re

from runner.planners.seeing.words import words

#: A family's beginnings of words, the plainest first; what ends in `$` is the whole word.
FAMILIES: dict[str, tuple[str, ...]] = {
    "cancel": ("cancel", "withdraw", "unregister", "deregister", "unenrol", "unbook", "call off", "revoke"),
    "unsubscribe": ("unsubscri", "opt out"),
    "remove": ("remov", "delet", "discard", "erase", "drop$", "clear$"),
    "register": ("regist", "enrol", "sign up", "signup", "join$"),
    "book": ("book$", "booking", "bookings", "reserve", "reservation", "reserving", "schedule a"),
    "order": ("order", "buy", "purchas", "checkout", "check out", "pay$"),
    "subscribe": ("subscri",),
    "apply": ("apply", "applic"),
    "request": ("request", "ask for"),
    "change": ("change", "changing", "updat", "edit$", "modify", "reschedul", "amend", "switch$", "move$"),
    "rate": ("rate$", "vote$"),
    "report": ("report$",),
    "invite": ("invit",),
    "donate": ("donat",),
    "add": ("add$", "adding", "creat", "new$"),
    "renew": ("renew", "extend"),
    "return": ("return$", "refund"),
    "pause": ("pause", "suspend"),
    "resume": ("resume", "reactivat"),
}
_NEGATIVE = ("cancel", "unsubscribe", "remove")
#: What sites also call it; never across the line between making something and undoing it.
_KIN: dict[str, tuple[str, ...]] = {
    "register": ("book", "apply", "subscribe", "add"), "book": ("register", "order", "add"), "order": ("book", "add"),
    "apply": ("register", "request"), "request": ("apply", "book"), "subscribe": ("register",), "add": ("register",),
    "cancel": ("remove", "unsubscribe"), "remove": ("cancel",), "unsubscribe": ("cancel",),
}  # fmt: skip
#: Families that need something that exists already.
ON_EXISTING = frozenset({"cancel", "remove", "change", "unsubscribe", "renew", "return", "pause", "resume"})
_SENDS = ("submit", "send", "save", "confirm", "finish", "done", "complete", "place", "proceed", "apply changes", "ok$",
          "yes$", "agree$")  # fmt: skip
_GOES_ON = ("next", "continu", "proceed", "go on")
_BACKS_OUT = ("back$", "close$", "dismiss", "keep$", "never mind", "nevermind", "not now", "no$", "later$", "reset$", "skip$",
              "previous$", "don t", "do not", "without$", "undo$", "log in", "login$", "log out", "logout$", "sign in",
              "sign out", "search$", "find$", "filter$", "show$", "help$", "print$", "download$", "share$")  # fmt: skip
_LOGS_IN = ("log in", "login", "log on", "logon", "sign in", "signin")
_AGAIN = ("another", "again", "more$", "shopping", "browsing")


def _says(text: str, beginnings: tuple[str, ...]) -> bool:
    said = " ".join(words(text))
    return any(
        re.search(rf"(?<!\w){re.escape(start.removesuffix('$'))}" + (r"(?!\w)" if start.endswith("$") else ""), said)
        for start in beginnings
    )


def families(text: str) -> tuple[str, ...]:
    """The families whose words a text says; what undoes comes first, since "cancel registration" is no registration."""
    return tuple(family for family, starts in FAMILIES.items() if _says(text, starts))


def verb_of(text: str) -> str:
    """What a control called so does; empty when it does not say."""
    said = families(text)
    if len(said) > 1 and "add" in said:  # "new registration", "add booking": what it is about tells more
        said = tuple(family for family in said if family != "add")
    if said and said[0] not in _NEGATIVE:
        # The word that comes first is the verb, later ones are what it is done to: "change booking".
        return min(said, key=lambda family: _first(text, FAMILIES[family]))
    return said[0] if said else ""


def _first(text: str, beginnings: tuple[str, ...]) -> int:
    said = " ".join(words(text))
    places = [
        found.start()
        for start in beginnings
        if (found := re.search(rf"(?<!\w){re.escape(start.removesuffix('$'))}", said)) is not None
    ]
    return min(places, default=len(said))


def same(verb: str, text: str) -> float:
    """How surely a control called so does what the verb says: 1 the same, 0.6 what sites also call it, 0 not."""
    does = verb_of(text)
    if not does or backs_out(text):
        return 0.0
    return 1.0 if does == verb else 0.6 if does in _KIN.get(verb, ()) else 0.0


def opposite(verb: str, text: str) -> bool:
    """Whether it undoes what the verb does, or the other way round; or does something else altogether."""
    does = verb_of(text)
    return bool(does) and does != verb and does not in _KIN.get(verb, ())


def sends(text: str) -> bool:
    """Whether it sends a form off without saying for what."""
    return _says(text, _SENDS) and not verb_of(text) and not backs_out(text)


def goes_on(text: str) -> bool:
    """Whether it leads to the next page of several."""
    return _says(text, _GOES_ON) and not verb_of(text) and not backs_out(text)


def confirms(text: str) -> bool:
    """Whether it says yes to what is asked."""
    return _says(text, ("confirm", "yes$", "ok$", "proceed", "continu", "finish", "i am sure")) and not backs_out(text)


def backs_out(text: str) -> bool:
    """Whether it leads away from what is going on."""
    return _says(text, _BACKS_OUT)


def logs_in(text: str) -> bool:
    """Whether it logs in."""
    return _says(text, _LOGS_IN)


def is_step(text: str) -> bool:
    """Whether it only puts something into a basket: nothing is ordered yet."""
    return _says(text, ("basket$", "cart$", "bag$"))


def starts_over(text: str) -> bool:
    """Whether it begins the same thing once more."""
    return _says(text, _AGAIN)


def begins(goal: str) -> tuple[str, int] | None:
    """The family of the verb a goal begins with, and how many words that verb has."""
    said = words(goal)
    for length in (2, 1):
        head = " ".join(said[:length])
        for family, starts in FAMILIES.items():
            for start in starts:
                plain = start.removesuffix("$")
                whole = head == plain or (length == 1 and not start.endswith("$") and head.startswith(plain))
                if whole and len(plain.split()) == length and not head.endswith(("tion", "tions", "ment", "ments")):
                    return family, length
    return None
