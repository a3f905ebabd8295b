"""From words to the elements they mean: controls by name and kind, fields by what stands beside them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from runner.page.view import Element, View, shared
from runner.planners.seeing.words import likeness, plain, stem, words

_SURE = 0.6  # below this, two names are not the same thing
#: What icons are called by people, and by their class names.
_ICONS = {
    "star": ("star", "favorite", "favourite", "important"), "important": ("star", "important", "flag"),
    "trash": ("trash", "delete", "remove", "bin"), "delete": ("trash", "delete", "remove", "bin"),
    "trash can": ("trash", "delete", "bin"), "reply": ("reply", "respond", "answer"),
    "forward": ("forward", "fwd"), "send": ("send", "submit"), "like": ("like", "heart", "love"),
    "retweet": ("retweet", "repost"), "share": ("share",), "more": ("more", "menu", "dots", "ellipsis", "kebab"),
    "close": ("close", "dismiss", "x"), "x": ("close", "x", "dismiss"), "search": ("search", "find", "magnify"),
    "back": ("back", "previous", "prev"), "next": ("next", "forward"), "add": ("add", "plus"),
    "remove": ("remove", "minus"), "menu": ("menu", "hamburger", "more"),
}  # fmt: skip
_ICON_LETTERS = 3  # a control that says less is known by its class names
#: What sites ask for instead, tried one after the other.
_ALSO = {"username": "email", "user": "username", "user name": "username", "login": "username", "email": "e-mail",
         "e-mail": "mail", "mail": "account"}  # fmt: skip
_CLOSES = frozenset({"x", "close", "\u00d7", "\u2715"})
_KINDS: dict[str, tuple[str, ...]] = {
    "button": ("button",), "link": ("link",), "tab": ("tab",), "checkbox": ("checkbox",), "radio": ("radio",),
    "radio button": ("radio",), "option": ("option", "radio", "menuitem", "checkbox"), "item": ("menuitem", "option", "listitem"),
    "textbox": ("textbox", "searchbox"), "text": ("textbox", "searchbox"), "textarea": ("textarea",),
    "image": ("img",), "menu": ("menuitem", "button"),
}  # fmt: skip


def is_kind(element: Element, kind: str) -> bool:
    """Whether an element is what people call a button, a link and so on."""
    wanted = _KINDS.get(kind, (kind,))
    if kind == "textarea" or element.tag == "textarea":
        return element.tag == "textarea" and kind == "textarea"
    names = words(element.tokens)
    return element.role in wanted or element.type in wanted or any(
        word.endswith(kind) or (kind == "button" and word.startswith("btn")) for word in names
    )  # fmt: skip


def icon_words(name: str) -> tuple[str, ...]:
    """Words by which an icon of that name may call itself."""
    return _ICONS.get(plain(name), (plain(name),) if len(words(name)) == 1 else ())


def match_control(element: Element, name: str) -> float:
    """How surely a control goes by that name."""
    said = (
        element.name,
        element.own,
        element.label,
        element.hint,
        element.value if element.type in {"submit", "button"} else "",
    )
    best = max(likeness(name, text) for text in said)
    if best < _SURE and plain(name) in _CLOSES and any(plain(text) in _CLOSES for text in said if text):
        best = 0.85
    if best < _SURE and not element.own and len(element.text) < _ICON_LETTERS:
        tokens = words(element.tokens)
        known = icon_words(name)
        if known and any(token in known for token in tokens):
            best = 0.85
        elif known and any(
            token.endswith(word) or token.startswith(word)
            for token in tokens
            for word in known
            if len(word) > _ICON_LETTERS
        ):
            best = 0.7
    if best < _SURE and element.tokens and {plain(name), name.casefold()} & set(element.tokens.casefold().split()):
        best = 0.65
    return best


def controls(view: View, name: str, kind: str = "", among: Iterable[Element] | None = None) -> list[Element]:
    """The controls that go by that name and no better one does; several when the page is not clear."""
    pool = [e for e in (view if among is None else among) if not e.disabled]
    scored = [(match_control(e, name), e) for e in pool if _can_press(e) or kind in {"text", "image"}]
    found = _best(scored, kind)
    if not found:
        found = _best([(likeness(name, e.own) if e.own else 0.0, e) for e in pool if not e.field], kind, floor=0.9)
    return innermost(found)


def _can_press(element: Element) -> bool:
    return element.press or element.is_control or bool(element.shape) or (element.role in {"checkbox", "radio"})


def _best(scored: Sequence[tuple[float, Element]], kind: str, floor: float = _SURE) -> list[Element]:
    good = [(score, e) for score, e in scored if score >= floor]
    if kind and any(is_kind(e, kind) for _, e in good):
        good = [(score, e) for score, e in good if is_kind(e, kind)]
    top = max((score for score, _ in good), default=0.0)
    return [e for score, e in good if score >= top - 0.001]


def innermost(found: Sequence[Element]) -> list[Element]:
    """One of each nest: the outermost that is a control, since its parts only pass the press on."""
    kept: list[Element] = []
    for element in found:
        holder = next((k for k in kept if element.path[: len(k.path)] == k.path), None)
        if holder is None:
            kept.append(element)
        elif not holder.is_control and element.is_control:
            kept[kept.index(holder)] = element
    return kept


def anchors(view: View, text: str) -> list[Element]:
    """The elements that say the text, to find the rows they stand in."""
    scored = [
        (max(likeness(text, e.own), likeness(text, e.hint), likeness(text, e.label)), e)
        for e in view
        if not e.field or e.label
    ]
    top = max((score for score, _ in scored), default=0.0)
    return [e for score, e in scored if score >= max(_SURE, top - 0.001)]


def beside(anchor: Element, candidates: Sequence[Element]) -> Element | None:
    """The one candidate that shares the closest container with the anchor; None when two are as close."""
    ranked = sorted(candidates, key=lambda e: -shared(anchor, e))
    if not ranked:
        return None
    if len(ranked) > 1 and shared(anchor, ranked[0]) == shared(anchor, ranked[1]):
        return None
    return ranked[0]


def rows(candidates: Sequence[Element]) -> dict[str, tuple[int, ...]]:
    """For each of several like elements, the container that is its own row."""
    found: dict[str, tuple[int, ...]] = {}
    for element in candidates:
        depth = max((shared(element, other) for other in candidates if other.id != element.id), default=0)
        found[element.id] = element.path[: depth + 1]
    return found


def text_fields(view: View) -> list[Element]:
    """Fields that take text, in the order of the page."""
    return [
        e
        for e in view
        if (e.takes_text and not e.covered) or (e.role == "textbox" and not e.disabled and not e.readonly)
    ]


def caption(view: View, field: Element) -> str:
    """What a person takes for the label of a field."""
    if field.label:
        return field.label
    if field.placeholder:
        return field.placeholder
    index = view.elements.index(field)
    best, depth = "", 0
    if _labels_below(view):
        below = view.elements[index + 1] if index + 1 < len(view.elements) else None
        return below.own if below is not None and not below.field else ""
    for element in reversed(view.elements[max(0, index - 12) : index]):
        if element.field:
            break
        if element.own and not element.is_control and shared(element, field) > depth:
            best, depth = element.own, shared(element, field)
    return best


def _labels_below(view: View) -> bool:
    """Whether each field is followed by a text and the first one follows none: labels stand below."""
    fields = [i for i, e in enumerate(view.elements) if e.takes_text]
    said = [e for e in view.elements[: fields[0]] if e.own and e.role != "heading"] if fields else []
    after = [view.elements[i + 1] for i in fields if i + 1 < len(view.elements)]
    return (
        len(fields) > 1
        and not said
        and len(after) == len(fields)
        and all(e.own and not e.is_control and not e.field for e in after)
    )


def field_named(view: View, name: str, fields: Sequence[Element]) -> list[Element]:
    """The fields that go by that name, best ones only."""
    scored = []
    for field in fields:
        said = max(likeness(name, caption(view, field)), likeness(name, field.placeholder), likeness(name, field.hint))
        said = max(said, 0.8 if plain(name) in words(f"{field.attr} {field.tokens}") else 0.0)
        said = max(said, 0.8 if field.type == plain(name) else 0.0)
        kin = {stem(w) for w in words(name)} & {stem(w) for w in words(caption(view, field) + " " + field.tokens)}
        scored.append((max(said, 0.62 if kin else 0.0), field))
    top = max((score for score, _ in scored), default=0.0)
    if top < _SURE and (other := _ALSO.get(plain(name))) is not None:
        return field_named(view, other, fields)
    return [f for score, f in scored if score >= max(_SURE, top - 0.001)]


def ticked(view: View, kind: str = "") -> list[Element]:
    """Checkboxes and radio buttons, or those of one kind."""
    return [e for e in view if e.checked is not None and e.field and (not kind or e.role == kind)]


def tick_name(view: View, box: Element) -> str:
    """What a checkbox says: its label, or the text right behind it."""
    if box.label:
        return box.label
    index = view.elements.index(box)
    after = next((e for e in view.elements[index + 1 : index + 4] if e.own or e.field), None)
    return after.own if after is not None and not after.field else box.attr


def number(text: str) -> float | None:
    """The only number in a text."""
    found = re.findall(r"-?\d[\d,]*\.?\d*", text.replace("\u2212", "-"))
    return float(found[0].replace(",", "").rstrip(".")) if len(found) == 1 else None
