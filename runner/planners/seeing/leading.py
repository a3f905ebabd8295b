"""Where a page leads on to what the goal wants: the one link, button or tab that says so most clearly. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from runner.page.view import Element, View
from runner.planners.seeing import verbs
from runner.planners.seeing.advice import Refusal, Situation
from runner.planners.seeing.evidence import clashes, kin, listed, says, text_of
from runner.planners.seeing.forms import named
from runner.planners.seeing.matching import innermost, is_kind, rows
from runner.planners.seeing.progress import tried
from runner.planners.seeing.rowwise import values
from runner.planners.seeing.wishes import Reach
from runner.planners.seeing.words import words

_MARGIN = 0.5
_LEAST = 0.5
_VALUE, _ABOUT, _VERB, _MINE, _OFFERED, _OFFERS, _IN_ROW = 2.0, 2.0, 2.0, 2.0, 1.0, 0.5, 1.0
#: Where sites keep what one has, and what they offer.
_OWN = frozenset({"my", "your", "manage", "account", "profile", "settings", "dashboard", "existing"})
_OFFERING = frozenset(
    [
        "class",
        "classes",
        "course",
        "courses",
        "lesson",
        "lessons",
        "timetable",
        "programme",
        "program",
        "programs",
        "schedule",
        "shop",
        "store",
        "products",
        "catalogue",
        "catalog",
        "menu",
        "events",
        "event",
        "activities",
        "tickets",
        "rooms",
        "services",
        "offers",
        "bookings",
        "book",
    ]
)
_BASKET = frozenset({"basket", "cart", "bag", "checkout"})


@dataclass(frozen=True, slots=True)
class Way:
    """What leads on."""

    element: Element
    used: tuple[str, ...]  #: the values that it, or its row, says
    by: tuple[str, ...] = ()  #: names of the inputs among them


def lead(wish: Reach, at: Situation, stage: Sequence[Element]) -> Way | Refusal | None:
    """The control to follow; a refusal when two lead as clearly, None when none does."""
    found = {e.id: (e, row) for e, row in _candidates(wish, at, stage)}
    scored = sorted(((score(wish, at.view, e, row), e) for e, row in found.values()), key=lambda pair: -pair[0])
    good = [(points, e) for points, e in scored if points >= _LEAST]
    if not good:
        return None
    best = [e for points, e in good if points > good[0][0] - _MARGIN]
    places = {_place(at.view, e) if e.href else e.css for e in best}
    if len(places) > 1:
        return Refusal(
            f"{listed([named(e) for e in best[:3]])} could all lead there; say which in quotes, or declare `steps`"
        )
    row = found[best[0].id][1]
    text = f"{named(best[0])} {text_of(at.view.within(row)) if row else ''}"
    said = [v for v in values(wish) if says(text, v.text)]
    topics = [word for word in wish.about if kin(text, word)]
    return Way(best[0], (*(v.text for v in said), *topics), tuple(v.name for v in said if v.name))


def score(wish: Reach, view: View, element: Element, row: tuple[int, ...]) -> float:
    """How clearly a control leads to what the goal wants."""
    name = named(element)
    said = set(words(name))
    own = bool(said & _OWN)
    points = 0.0
    told = values(wish)
    points += _VALUE * sum(says(name, v.text) for v in told)
    # What one has is listed among what one has, and not where the same is offered.
    points += (_OFFERED if wish.verb in verbs.ON_EXISTING else _ABOUT) * sum(kin(name, word) for word in wish.about)
    same = verbs.same(wish.verb, name)
    if wish.verb in verbs.ON_EXISTING:
        if own or same:
            points += _MINE + same / 2
        elif verbs.families(name):
            points += _OFFERS  # "Bookings": what exists is listed under what it is
    elif own:
        points -= _MINE
    else:
        points += _VERB * same
        points += _OFFERS * bool(said & _OFFERING)
    if wish.verb == "order" and said & _BASKET:
        points += _VERB
    if row:
        text = text_of(e for e in view.within(row) if e.id != element.id)
        if any(clashes(text, v.text) for v in told if v.identifies):
            return 0.0
        points += _IN_ROW * (sum(says(text, v.text) for v in told) + sum(kin(text, word) for word in wish.about))
    return points


def _candidates(wish: Reach, at: Situation, stage: Sequence[Element]) -> list[tuple[Element, tuple[int, ...]]]:
    """What may be followed, and of several of one name the row each stands in."""
    seen = {_address(deed.seen.url) for deed in at.history} | {_address(at.view.url)}
    found = []
    for e in innermost([e for e in stage if (e.is_control or e.press) and not e.field]):
        name = named(e)
        if not name or e.disabled or e.covered or tried(at, e) or verbs.backs_out(name) or verbs.logs_in(name):
            continue
        if verbs.opposite(wish.verb, name) and not _only_lists(wish, name):
            continue
        if e.href and not _inside(at.view, e, seen):
            continue
        if not e.href and is_kind(e, "button") and (e.posts or verbs.sends(name)):
            continue
        found.append(e)
    families: dict[str, list[Element]] = {}
    for e in found:
        families.setdefault(named(e), []).append(e)
    own: dict[str, tuple[int, ...]] = {}
    for family in families.values():
        if len({e.href or e.css for e in family}) > 1:
            own.update(rows(family))
    return [(e, own.get(e.id, ())) for e in found]


def _only_lists(wish: Reach, name: str) -> bool:
    """Whether it leads to what exists already, which is where one undoes or changes it."""
    said = set(words(name))
    return wish.verb in verbs.ON_EXISTING and (bool(said & _OWN) or any(word.endswith("s") for word in said)) and not any(
        verbs.opposite(wish.verb, word) and not word.endswith("s") for word in said - _OWN
    )  # fmt: skip


def _place(view: View, element: Element) -> str:
    return _address(urljoin(view.url, element.href))


def _inside(view: View, element: Element, seen: set[str]) -> bool:
    """Whether a link stays on the site and goes where one was not yet."""
    if element.href.startswith(("mailto:", "tel:", "javascript:")):
        return element.href.startswith("javascript:")
    if element.href.startswith("#"):
        return True
    target = urljoin(view.url, element.href)
    return urlsplit(target).netloc == urlsplit(view.url).netloc and _address(target) not in seen


def _address(url: str) -> str:
    return url.split("#", 1)[0].rstrip("/")
