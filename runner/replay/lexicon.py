"""Words for acts, their synonyms and contraries, and the words that tell one thing from another. Pure."""

from __future__ import annotations

from itertools import product


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Several words that are one act.
PHRASES = {
    "log in": "login", "sign in": "login", "log on": "login", "sign on": "login", "sign up": "register",
    "log out": "logout", "sign out": "logout", "log off": "logout", "check out": "checkout", "check in": "checkin",
    "opt in": "optin", "opt out": "optout", "turn on": "enable", "turn off": "disable", "switch on": "enable",
    "switch off": "disable", "go back": "back", "call off": "cancel", "zoom in": "zoomin", "zoom out": "zoomout",
}  # fmt: skip
_ACTS = {
    "register": "register registers enrol enroll enrols enrolls signup",
    "book": "book reserve",
    "cancel": "cancel withdraw",
    "delete": "delete remove erase",
    "add": "add",
    "submit": "submit send",
    "confirm": "confirm yes",
    "decline": "decline reject refuse deny no disagree",
    "accept": "accept agree allow",
    "pay": "pay",
    "buy": "buy purchase order",
    "sell": "sell",
    "login": "login",
    "logout": "logout logoff",
    "next": "next continue proceed",
    "back": "back previous prev",
    "save": "save",
    "edit": "edit modify update",
    "search": "search find",
    "open": "open",
    "close": "close dismiss",
    "show": "show display",
    "hide": "hide",
    "start": "start begin",
    "stop": "stop",
    "enable": "enable activate",
    "disable": "disable deactivate",
    "select": "select choose pick",
    "upload": "upload",
    "download": "download",
    "subscribe": "subscribe",
    "unsubscribe": "unsubscribe",
    "approve": "approve",
    "publish": "publish",
    "restore": "restore",
    "archive": "archive",
    "expand": "expand",
    "collapse": "collapse",
    "undo": "undo",
    "redo": "redo",
    "import": "import",
    "export": "export",
    "create": "create",
    "discard": "discard",
    "transfer": "transfer",
    "clear": "clear",
    "leave": "leave",
    "join": "join",
}
_THINGS = {
    "register": "registration registrations enrolment enrolments enrollment enrollments",
    "book": "booking bookings reservation reservations",
    "cancel": "cancellation withdrawal",
    "delete": "deletion removal",
    "submit": "submission",
    "confirm": "confirmation",
    "pay": "payment",
}
_CONTRARY = (
    ("register book subscribe join add create buy pay save submit confirm accept approve publish next start upload",
     "cancel decline delete unsubscribe leave discard"),
    ("enable", "disable"), ("login register", "logout"), ("next", "back"), ("open show", "close hide"),
    ("start", "stop"), ("expand", "collapse"), ("undo", "redo"), ("archive", "restore"), ("buy", "sell"),
    ("upload import", "download export"), ("restore", "delete discard"), ("optin zoomin checkin", "optout zoomout checkout"),
)  # fmt: skip
ACTS = {word: act for act, words in _ACTS.items() for word in words.split()}
THINGS = {word: act for act, words in _THINGS.items() for word in words.split()}
KNOWN_ACTS = frozenset(_ACTS)
OPPOSITES = frozenset(
    frozenset(pair) for ones, others in _CONTRARY for pair in product(ones.split(), others.split())
)  # fmt: skip
FILLING = _words("a an the my your our this that these please now here for in of at with and")
NEGATIONS = _words("not dont never without none cannot")
#: Two names that differ in one of these name two things, whatever else is alike; so do numbers.
STRICTLY_TELLING = _words(
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec "
    "zero one two three four five six seven eight nine ten eleven twelve once twice single double "
    "first second third fourth fifth last today tomorrow yesterday all every each any other another "
    "daily weekly monthly yearly waiting waitlist draft test preview trial"
)
#: Two names that each have one of these, and not the same, likewise; a name may lose or gain one by being reworded.
TELLING = _words(
    "left right up down top bottom upper lower from to out on off before after since until early late later morning "
    "afternoon evening night am pm day week month year some more less most least min max minimum maximum plus minus "
    "high low old new past future current active inactive completed closed public private read unread example adult "
    "adults child children junior senior man woman men women male female mother father boys girls arrival departure "
    "income expense debit credit billing shipping home work"
)
_DAYS_AND_MONTHS = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep "
    "sept oct nov dec"
)
#: Days and months by their first three letters.
ABBREVIATED = {word: word[:3] for word in _DAYS_AND_MONTHS.split()}
