"""From a target in words to the one element of the page that is meant, or a sentence on why there is none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal

from playwright.async_api import Error, Frame, Locator, Page

from events.action import Target
from events.failure import ErrorType
from runner.outcome import StepTrouble, of_error
from runner.wording import closest, label_of, name_of

Kind = Literal["press", "field", "any"]  #: what the element is needed for: its name is looked for accordingly

_POLL_SECONDS = 0.05
_STILL_SECONDS = 2.0  # a loaded page that did not change for so long will not grow the element any more
_LIST_STILL_SECONDS = 0.2  # a list that did not change for so long has come
_LOGIN_WORDS = r"log[ _-]?in|sign[ _-]?in|\bauth"
_PRESSABLE = ("button", "link", "tab", "menuitem", "checkbox", "radio", "option", "switch", "treeitem")
_ROWS = (
    "tr, li, article, section, fieldset, form, dt, dd, [role=row], [role=listitem], [role=group], [role=region], .card"
)

_NAMES_JS = """kind => {
  const clean = text => (text || '').replace(/\\s+/g, ' ').trim().slice(0, 80);
  const seen = e => !!(e.offsetWidth || e.offsetHeight || e.getClientRects().length);
  const press = 'a, button, summary, input[type=submit], input[type=button], [role=button], [role=link], [role=tab]';
  const all = [...document.querySelectorAll(kind === 'field' ? 'input, select, textarea' : press)].filter(seen);
  const name = e => kind === 'field'
    ? clean(e.labels && e.labels.length ? e.labels[0].innerText : e.ariaLabel || e.placeholder || e.name)
    : clean(e.innerText || e.ariaLabel || e.value || e.title);
  return all.map(name).filter(text => text).slice(0, 200);
}"""
_STATE_JS = (
    """() => [document.readyState, location.href, document.body ? document.body.innerHTML.length : 0].join(' ')"""
)


@dataclass(frozen=True, slots=True)
class Search:
    """How a target is looked for on one page."""

    page: Page | Frame
    target: Target
    kind: Kind

    def candidates(self) -> list[Locator]:
        """What could be meant, best guess first: whole names before parts of names."""
        exacts = (True,) if self.target.exact else (True, False)
        found = [locator for exact in exacts for locator in self._named(exact)]
        return [self._scoped(locator) for locator in found]

    def _named(self, exact: bool) -> list[Locator]:  # noqa: FBT001 - a private switch
        target, page = self.target, self.page
        only_text = target.text and not (target.role or target.label or target.css or target.test_id)
        if only_text and target.text and self.kind == "press":
            roles: tuple[Any, ...] = _PRESSABLE
            named = [page.get_by_role(role, name=target.text, exact=exact) for role in roles]
            return [*named, page.get_by_text(target.text, exact=exact)]
        found = [self._every(exact)]
        only_label = target.label and not (target.role or target.text or target.css or target.test_id)
        if only_label and target.label:
            found.append(page.get_by_placeholder(target.label, exact=exact))
        return found

    def _every(self, exact: bool) -> Locator:  # noqa: FBT001 - a private switch
        """The elements that match every given field."""
        target, page = self.target, self.page
        role: Any = target.role
        if target.name and not target.role:
            raise StepTrouble(ErrorType.INVALID_INPUT, f"a target with name {target.name!r} needs a role")
        parts: list[Callable[[], Locator] | None] = [
            (lambda: page.get_by_role(role, name=target.name, exact=exact)) if target.role else None,
            (lambda: page.get_by_label(target.label or "", exact=exact)) if target.label else None,
            (lambda: page.get_by_placeholder(target.placeholder or "", exact=exact)) if target.placeholder else None,
            (lambda: page.get_by_test_id(target.test_id or "")) if target.test_id else None,
            (lambda: page.locator(target.css or "")) if target.css else None,
        ]
        given = [part() for part in parts if part is not None]
        if not given:
            return page.get_by_text(target.text or "", exact=exact)
        found = given[0]
        for other in given[1:]:
            found = found.and_(other)
        return found.filter(has_text=target.text) if target.text else found

    def _scoped(self, locator: Locator) -> Locator:
        if not self.target.within:
            return locator
        rows = self.page.locator(_ROWS).filter(has_text=self.target.within).filter(has=locator)
        return rows.filter(has_not=rows).locator(locator)


async def ground(
    page: Page, target: Target, kind: Kind, seconds: float, *, redirected: bool = False, patient: bool = False
) -> Locator:
    """The one visible element that is meant, waited for.

    Args:
        page: where to look.
        target: what is meant.
        kind: what it is needed for.
        seconds: how long to look; a page that has come to rest is given up earlier.
        redirected: whether the site sent us here instead of where we went, as it does to ask for a login.
        patient: whether to use up the time even when the page has come to rest.

    Raises:
        StepTrouble: none or several match once the page is still, or the page does not come to rest in time.
    """
    search = Search(place_of(page, target.frame), target, kind)
    started = still_since = monotonic()
    state = ""
    while True:
        try:
            found, matches = await _look(search)
            now_state = str(await search.page.evaluate(_STATE_JS)) if found is None else state
        except Error as error:
            # The page is on its way to another one; whatever was found in it is gone.
            if of_error(error.message) is not ErrorType.STALE:
                raise
            found, matches, now_state = None, 0, ""
        if found is not None:
            return found
        if now_state != state or not now_state.startswith("complete"):
            state, still_since = now_state, monotonic()
        still = monotonic() - still_since >= min(_STILL_SECONDS, seconds / 2)
        if (still and not patient) or monotonic() - started > seconds:
            raise await _absent(search, matches, still=still, redirected=redirected)
        await asyncio.sleep(_POLL_SECONDS)


async def ground_all(page: Page, target: Target, seconds: float) -> Locator:
    """Every visible element that matches, as many as there are once the page is at rest.

    Raises:
        StepTrouble: none matches.
    """
    search = Search(place_of(page, target.frame), target, "any")
    started = still_since = monotonic()
    state = ""
    while True:
        now_state = str(await search.page.evaluate(_STATE_JS))
        if now_state != state or not now_state.startswith("complete"):
            state, still_since = now_state, monotonic()
        for candidate in search.candidates():
            visible = candidate.filter(visible=True)
            if await visible.count() and (monotonic() - still_since >= _LIST_STILL_SECONDS):
                return visible
        still = monotonic() - still_since >= min(_STILL_SECONDS, seconds / 2)
        if still or monotonic() - started > seconds:
            raise await _absent(search, 0, still=still, redirected=False)
        await asyncio.sleep(_POLL_SECONDS)


def place_of(page: Page, frame: str | None) -> Page | Frame:
    """Where a target is looked for: the page, or the frame of this name or address; raises StepTrouble."""
    if not frame:
        return page
    found = next((other for other in page.frames if frame in {other.name, other.url}), None)
    if found is None:
        raise StepTrouble(ErrorType.GOAL_UNREACHABLE, f"No frame {frame!r} on {page.url}")
    return found


async def _look(search: Search) -> tuple[Locator | None, int]:
    """The element, or how many compete for the name."""
    for candidate in search.candidates():
        visible = candidate.filter(visible=True)
        count = await visible.count()
        nth = search.target.nth
        if nth is not None and count > nth:
            return visible.nth(nth), count
        if nth is None and count == 1:
            return visible, 1
        if count:
            return None, count
    return None, 0


async def _absent(search: Search, matches: int, *, still: bool, redirected: bool) -> StepTrouble:
    page, target = search.page, search.target
    where = f'{page.url} (page "{await page.title()}")'
    if matches:
        said = f"{matches} elements match {name_of(target)} on {where}; say which by `within`, `nth` or an exact name"
        return StepTrouble(ErrorType.GOAL_UNREACHABLE, said)
    if not still:
        return StepTrouble(ErrorType.TIMEOUT, f"{name_of(target)} did not appear on {where}, which is still changing")
    if (redirected or search.kind != "field") and await asks_for_login(page, redirected=redirected):
        return StepTrouble(ErrorType.AUTH, f"{name_of(target)} is not there: {where} asks for a login")
    said = label_of(target)
    names = await page.evaluate(_NAMES_JS, search.kind) if search.kind != "any" else []
    kind = {"press": "link or button", "field": "field", "any": "element"}[search.kind]
    if target.role and target.role not in {"link", "button", "textbox"}:
        kind = target.role
    inside = f' in "{target.within}"' if target.within else ""
    subject = f'No {kind} named "{said}"{inside}' if said else f"No {name_of(target)}"
    return StepTrouble(ErrorType.GOAL_UNREACHABLE, f"{subject} on {where}{closest(said, names)}")


async def asks_for_login(page: Page | Frame, *, redirected: bool) -> bool:
    """Whether the page is there to log in: it wants a password, and we were sent to it or it says so itself."""
    if not redirected and not re.search(_LOGIN_WORDS, f"{page.url} {await page.title()}", re.IGNORECASE):
        return False
    return await page.locator("input[type=password]").filter(visible=True).count() > 0
