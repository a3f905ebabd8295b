"""What must hold after a step, told from the page before and after it, and whether it holds on a page of today. Pure.

Only what lasts is kept: no numbers, dates, prices or counters, no addresses of one record, and never a secret. What the
page says about somebody's data is kept here whole; learning keeps of it what names an input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never
from urllib.parse import unquote, urlsplit

from events.action import Action, Check, Drag, Extract, Fill, Navigate, Scroll, Select, SelectMany, Target, Type, Wait
from events.indicators import (
    ElementState,
    ElementVisible,
    FieldValue,
    ResponseReceived,
    ResultValue,
    SuccessIndicator,
    TextGone,
    TextVisible,
    UrlContains,
)
from events.templates import secrets_in
from runner.page.bundle import bundle
from runner.page.view import Element, View
from runner.replay.matching import matching, said
from runner.replay.meaning import meaning

_LONGEST = 80  # characters of a text that is expected; what is longer is contents
_LONGEST_SEGMENT = 40  # of an address; what is longer is a token
_MOST_TEXTS = 200
_STANDS_OUT = frozenset({"heading", "dialog", "alertdialog", "alert"})
_STATES = ("checked", "expanded", "selected")


def expectations(action: Action, before: View, after: View) -> tuple[SuccessIndicator, ...]:
    """What held after a step and may be asked for when it is done again.

    Args:
        action: as it was done, secrets as references.
        before: the page it was done on.
        after: what came of it.
    """
    element = _acted_on(action, before)
    if isinstance(action, Wait | Scroll | Extract):
        return ()
    if isinstance(action, Navigate) or _address(before.url) != _address(after.url):
        return (*_address_parts(after.url), *_heading(after))
    if isinstance(action, Fill | Select | SelectMany | Check) or (isinstance(action, Type) and not action.enter):
        return tuple(_held(action, element, after))
    states = tuple(_turned(element, after)) if element is not None and not isinstance(action, Drag) else ()
    shown = (*states, *_emptied(action, element, after), *_texts(before, after))
    return shown or _route(before.url, after.url)


def unmet(expects: Sequence[SuccessIndicator], view: View) -> str | None:
    """The first of the expectations that the page does not meet, in words; none when it meets all."""
    return next((trouble for expected in expects if (trouble := _missing(expected, view))), None)


def lasting(text: str) -> bool:
    """Whether a text says nothing that is other tomorrow."""
    return bool(text) and len(text) <= _LONGEST and not any(c.isdigit() for c in text)


def stable_parts(path: str) -> list[str]:
    """The runs of an address's segments that name no single record."""
    runs: list[str] = [""]
    for segment in path.split("/")[1:]:
        if not segment or any(c.isdigit() for c in segment) or len(segment) > _LONGEST_SEGMENT:
            runs.append("")
        else:
            runs[-1] += f"/{segment}"
    return [run for run in runs if run]


def _acted_on(action: Action, view: View) -> Element | None:
    target: Target | None = getattr(action, "target", None)
    found = [] if target is None else matching(view, target)
    return found[0] if len(found) == 1 else None


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _address_parts(url: str) -> Iterator[SuccessIndicator]:
    for run in stable_parts(urlsplit(url).path):
        yield UrlContains(value=run)


def _route(before: str, after: str) -> tuple[SuccessIndicator, ...]:
    """The part of an address after its `#`, which pages without other pages use for the same."""
    fragment = urlsplit(after).fragment
    if fragment == urlsplit(before).fragment or "/" not in fragment:
        return ()
    return tuple(UrlContains(value=run) for run in stable_parts(fragment[fragment.index("/") :]))


def _heading(view: View) -> Iterator[SuccessIndicator]:
    headings = sorted((e for e in view if e.role == "heading" and not e.frame), key=lambda e: e.tag)
    first = next((e for e in headings if lasting(e.name)), None)
    if first is not None:
        yield ElementVisible(target=Target(role="heading", name=first.name, exact=True))


def _again(element: Element, view: View) -> Element | None:
    """The same element on another view of the page."""
    return next(
        (e for e in view if (e.css, e.frame, e.role, e.tag) == (element.css, element.frame, element.role, element.tag)),
        None,
    )


def _best(view: View, element: Element) -> Target:
    return bundle(view, element)[0]


def _held(action: Action, element: Element | None, after: View) -> Iterator[SuccessIndicator]:
    now = None if element is None else _again(element, after)
    if now is None:
        return
    target = _best(after, now)
    match action:
        case Check():
            if now.checked == action.checked:
                yield ElementState(target=target, checked=action.checked)
        case Fill() | Type():
            if now.type != "password" and not secrets_in(action.value) and said(now.value) == said(action.value):
                yield FieldValue(target=target, value=action.value)
        case Select():
            if said(now.value).casefold() == said(action.option).casefold():
                yield FieldValue(target=target, value=action.option)
        case _:
            return


def _emptied(action: Action, element: Element | None, after: View) -> Iterator[SuccessIndicator]:
    """A field that took what was typed and is ready for more: typed too early, the next text would be added to it."""
    now = None if element is None else _again(element, after)
    if isinstance(action, Type) and now is not None and now.field and not now.value:
        yield FieldValue(target=_best(after, now), value="")


def _turned(element: Element, after: View) -> Iterator[SuccessIndicator]:
    now = _again(element, after)
    if now is None:
        return
    changed = {s: getattr(now, s) for s in _STATES if getattr(now, s) not in {None, getattr(element, s)}}
    if changed:
        yield ElementState(target=_best(after, now), **changed)


def _texts(before: View, after: View) -> Iterator[SuccessIndicator]:
    """What came and what went: what stands out by its role, and data, each in the form that tells which it is."""
    had, has = _said_by(before), _said_by(after)
    for text in [text for text in has if text not in had][:_MOST_TEXTS]:
        element = has[text]
        if element.role not in _STANDS_OUT:
            yield ElementVisible(target=Target(text=text, exact=True))
        elif lasting(text):
            yield ElementVisible(target=Target(role=element.role, name=text, exact=True))
    for text in [text for text in had if text not in has][:_MOST_TEXTS]:
        if had[text].role not in _STANDS_OUT:
            yield TextGone(value=text, exact=True)
        elif lasting(text):
            yield TextGone(value=text)


def _said_by(view: View) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for element in view:
        text = said(element.name if element.role in _STANDS_OUT else element.own)
        if text and len(text) <= _LONGEST and not element.field and not element.frame:
            found.setdefault(text, element)
    return found


def _missing(expected: SuccessIndicator, view: View) -> str:
    match expected:
        case UrlContains():
            held = expected.value in view.url or expected.value in unquote(view.url)
            return "" if held else f'the address is {view.url}, without "{expected.value}"'
        case TextVisible():
            return "" if _shows(view, expected.value, exact=False) else f'the page does not show "{expected.value}"'
        case TextGone():
            return f'the page shows "{expected.value}"' if _shows(view, expected.value, exact=expected.exact) else ""
        case ElementVisible():
            return "" if matching(view, expected.target) or _said_otherwise(view, expected.target) else (
                f"the page does not show {expected.target.role or 'text'} "
                f'"{expected.target.name or expected.target.text or expected.target.css}"'
            )  # fmt: skip
        case ElementState():
            return _other_state(expected, view)
        case FieldValue():
            return _other_value(expected, view)
        case ResponseReceived() | ResultValue():
            return ""  # no page shows it
        case _:
            assert_never(expected)


def _shows(view: View, text: str, *, exact: bool) -> bool:
    wanted = said(text)
    if exact:
        return any(wanted == said(element.own) for element in view)
    wanted = wanted.casefold()
    return any(wanted in said(t).casefold() for element in view for t in (element.own, element.text, element.name))


def _said_otherwise(view: View, target: Target) -> bool:
    """Whether something of that role says the same in other words, as after a redesign."""
    if not (target.role and target.name):
        return False
    wanted = meaning(target.name)
    return any(e.role == target.role and wanted.same_as(meaning(e.name)) for e in view)


def _other_state(expected: ElementState, view: View) -> str:
    found = matching(view, expected.target)
    wanted = {s: getattr(expected, s) for s in _STATES if getattr(expected, s) is not None}
    if len(found) == 1 and all(getattr(found[0], state) == value for state, value in wanted.items()):
        return ""
    said_so = ", ".join(state if value else f"not {state}" for state, value in wanted.items())
    what = expected.target.name or expected.target.label or expected.target.within or "the element"
    return f'"{what}" should be {said_so}' if len(found) == 1 else f'{len(found)} elements are "{what}"'


def _other_value(expected: FieldValue, view: View) -> str:
    found = matching(view, expected.target)
    what = expected.target.name or expected.target.label or expected.target.placeholder or "the field"
    if not found:
        # What is not there holds nothing; and a field that goes by another name now still holds what was entered.
        found = [
            e for e in view if e.field and e.role == expected.target.role and said(e.value) == said(expected.value)
        ]
        if not expected.value or len(found) == 1:
            return ""
    if len(found) != 1:
        return f'{len(found)} fields are "{what}"'
    wanted = said(expected.value).casefold()
    held = {said(found[0].value).casefold(), *(said(option).casefold() for option in found[0].chosen)}
    return "" if wanted in held else f'"{what}" ' + ("does not hold what was entered" if wanted else "is not empty")
