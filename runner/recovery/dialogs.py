"""Closes dialogs, overlays and cookie banners that cover a page, and makes sure that they are gone."""

from __future__ import annotations

import re
from time import monotonic

from playwright.async_api import Error, Locator, Page

from events.failure import ErrorType
from runner.outcome import StepTrouble
from runner.wording import IRREVERSIBLE

_MARK = "data-goaltrail-cover"
_GONE_SECONDS = 1.0  # a dialog may fade out
_CLICK_MS = 2_000
_ESCAPE_SECONDS = 0.3
_MOST_BUTTONS = 6

#: What is said by buttons that close a dialog, the most harmless first.
_CLOSERS = (
    r"^\s*[x\u00d7\u2715\u2716]\s*$|\b(close|dismiss|hide)\b",
    r"no,? thanks|not now|maybe later|\b(skip|later)\b|remind me",
    r"\b(reject|decline|refuse|necessary|essential)\b",
    r"\b(accept|allow|agree|consent|got it|understood|i understand|ok|okay|continue)\b",
)

#: Marks what covers the page; returns how many such elements there are.
_COVERS_JS = """mark => {
  document.querySelectorAll('[' + mark + ']').forEach(e => e.removeAttribute(mark));
  const shown = e => { const s = getComputedStyle(e), b = e.getBoundingClientRect();
    return s.visibility !== 'hidden' && s.display !== 'none' && +s.opacity > 0.01 && b.width > 0 && b.height > 0; };
  const named = [...document.querySelectorAll(
    'dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]')].filter(shown);
  const points = [[.5, .5], [.5, .25], [.5, .75], [.25, .5], [.75, .5], [.5, .95], [.5, .05]];
  const over = points.map(([x, y]) => document.elementFromPoint(innerWidth * x, innerHeight * y)).map(e => {
    for (; e && e !== document.body && e !== document.documentElement; e = e.parentElement) {
      const s = getComputedStyle(e);
      // A bar at the top that is always there covers nothing that matters; what floats above the rest does.
      if ((s.position === 'fixed' || s.position === 'absolute') && +s.zIndex > 0 && shown(e)) return e;
    }
    return null;
  }).filter(e => e);
  const all = new Set([...named, ...over]);
  const outer = [...all].filter(e => ![...all].some(other => other !== e && other.contains(e)));
  outer.forEach(e => e.setAttribute(mark, ''));
  return outer.length;
}"""


async def close_dialogs(page: Page) -> None:
    """Close whatever covers the page; a page that nothing covers is left as it is.

    Raises:
        StepTrouble: something stays in the way.
        Error: the page cannot be talked to.
    """
    before = await _covers(page)
    if not before:
        return
    await page.keyboard.press("Escape")
    if await _fewer(page, before, _ESCAPE_SECONDS):
        return
    for button in await _closers(page):
        try:
            await button.click(timeout=_CLICK_MS)
        except Error:  # it is covered itself, or went away
            continue
        if await _fewer(page, before, _GONE_SECONDS):
            return
    raise StepTrouble(ErrorType.MODAL, f"A dialog covers {page.url} and could not be closed")


async def _covers(page: Page) -> int:
    found: int = await page.evaluate(_COVERS_JS, _MARK)
    return found


async def _fewer(page: Page, before: int, seconds: float) -> bool:
    """Whether something goes away within the time."""
    started = monotonic()
    while True:
        try:
            if await _covers(page) < before:
                return True
        except Error:  # closing it led to another page; whoever asked looks at that
            return True
        if monotonic() - started > seconds:
            return False
        await page.wait_for_timeout(50)


async def _closers(page: Page) -> list[Locator]:
    """Buttons of the dialog that close it, the most harmless first; none that says it submits, pays or deletes."""
    inside = page.locator(f"[{_MARK}]").locator("button, a, [role=button], input[type=button], summary")
    buttons = [(button, await _name(button)) for button in await inside.filter(visible=True).all()]
    harmless = [(b, said) for b, said in buttons if IRREVERSIBLE.isdisjoint(re.findall(r"[a-z]+", said.lower()))]
    ordered = [b for words in _CLOSERS for b, said in harmless if re.search(words, said, re.IGNORECASE)]
    return list(dict.fromkeys(ordered))[:_MOST_BUTTONS]


async def _name(button: Locator) -> str:
    said: str = await button.evaluate("e => e.ariaLabel || e.innerText || e.value || e.title || ''", timeout=_CLICK_MS)
    return said.strip()
