"""Whether an element of the page is checked, expanded or selected, as an indicator says."""

from __future__ import annotations

import asyncio
from time import monotonic

from playwright.async_api import Locator

from events.indicators import ElementState

_POLL_SECONDS = 0.05
_STATES_JS = """e => {
  const aria = name => e.hasAttribute(name) ? e.getAttribute(name) === 'true' : null;
  const box = e.type === 'checkbox' || e.type === 'radio';
  const opened = e.tagName === 'SUMMARY' && e.parentElement ? !!e.parentElement.open : null;
  return { checked: box ? e.checked : aria('aria-checked'),
    expanded: aria('aria-expanded') ?? opened, selected: aria('aria-selected') };
}"""


async def in_states(element: Locator, wanted: ElementState, seconds: float) -> bool:
    """Whether the element comes to be in these states in time; raises Playwright's error if it is not there."""
    until = monotonic() + seconds
    while True:
        now = await element.evaluate(_STATES_JS, timeout=seconds * 1_000)
        if all(now[name] == state for name, state in states_of(wanted).items()):
            return True
        if monotonic() > until:
            return False
        await asyncio.sleep(_POLL_SECONDS)


def states_of(wanted: ElementState) -> dict[str, bool]:
    """The states that are given, by name."""
    all_three = {"checked": wanted.checked, "expanded": wanted.expanded, "selected": wanted.selected}
    return {name: state for name, state in all_three.items() if state is not None}


def say_states(wanted: ElementState) -> str:
    """The states in words."""
    return ", ".join(name if state else f"not {name}" for name, state in states_of(wanted).items()) or "there"
