"""Carries out acts on elements that were seen: through the runner's hands where they know how, by mouse and keys else."""

from __future__ import annotations

import asyncio
from typing import assert_never

from playwright.async_api import Error, Locator, Page

from events.action import Check, Click, Extract, Fill, Navigate, Press, Select, Target
from events.failure import ErrorType
from runner.actions import prepare
from runner.hands import Hands
from runner.outcome import StepTrouble
from runner.page.acts import (
    Await,
    Drag,
    Mark,
    PageAct,
    Pick,
    Point,
    Push,
    Put,
    Read,
    Scroll,
    Strike,
    Tick,
    Visit,
    Write,
)
from runner.page.view import Element, View

_BOX_MS = 1_000.0
_DRAG_STEPS = 12  # moves of the mouse between press and release; drag libraries ignore a single jump
_SELECT_TEXT_JS = """e => {
  const range = document.createRange();
  range.selectNodeContents(e);
  const chosen = getSelection();
  chosen.removeAllRanges();
  chosen.addRange(range);
}"""
_PRESSES = 2
_AWAIT_CLICK_JS = "() => { window[Symbol.for('goaltrail.clicked')] = 'none'; }"
_MISSED_JS = """css => {
  const got = window[Symbol.for('goaltrail.clicked')];
  const wanted = document.querySelector(css);
  // One that got to a container came from a press and a release on two of its parts; none at all may have served
  // somebody who listens to presses, not to clicks.
  if (!got || got === 'none' || !wanted || got === wanted || !got.contains(wanted)) return false;
  const box = wanted.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return !!top && wanted.contains(top);  // what lies over it now came by the press
}"""
_SCROLL_JS = """(e, bottom) => { e.scrollTop = bottom ? e.scrollHeight : 0; }"""


async def perform(hands: Hands, view: View, act: PageAct) -> None:
    """Do it.

    Raises:
        StepTrouble: the element is not there any more.
        Error: the page does not let it happen.
    """
    if isinstance(act, Await):
        await asyncio.sleep(act.seconds)
        return
    if isinstance(act, Visit):
        await _by_hands(hands, Navigate(url=act.url))
        return
    element = view.get(act.element)
    if element is None:
        raise StepTrouble(ErrorType.STALE, f"{act.element} is no element of the view")
    target = Target(css=element.css)
    match act:
        case Push(at=None):
            await _press(hands, element)
        case Put():
            await _by_hands(hands, Fill(target=target, value=act.value))
        case Tick():
            await _by_hands(hands, Check(target=target, checked=act.on))
        case Pick(options=(only,)):
            await _by_hands(hands, Select(target=target, option=only))
        case Read():
            await _by_hands(hands, Extract(target=target, key=act.key))
        case Strike(times=1):
            await _by_hands(hands, Press(target=target, key=act.key))
        case _:
            await _on(hands, _locator(hands.session.page, element), element, act)


async def _press(hands: Hands, element: Element) -> None:
    """Press, and once more when no click arrived: things that move or grow under the mouse get none."""
    page = hands.session.page
    for _ in range(_PRESSES):
        await page.evaluate(_AWAIT_CLICK_JS)
        await _by_hands(hands, Click(target=Target(css=element.css)))
        try:
            missed = await page.evaluate(_MISSED_JS, element.css)
        except Error:  # the page is on its way elsewhere: the press did something
            return
        if not missed:
            return


async def _by_hands(hands: Hands, action: Click | Extract | Fill | Check | Navigate | Select | Press) -> None:
    doing = await prepare(hands, action, irreversible=False)
    await doing(hands.timeout_of(action))


async def _on(hands: Hands, locator: Locator, element: Element, act: PageAct) -> None:
    milliseconds = hands.action_timeout * 1_000
    match act:
        case Push():
            x, y = act.at or (element.box.width / 2, element.box.height / 2)
            await locator.click(position={"x": x, "y": y}, timeout=milliseconds)
        case Pick():
            await locator.select_option(label=list(act.options), timeout=milliseconds)
        case Strike():
            for _ in range(act.times):
                await locator.press(act.key, timeout=milliseconds)
        case Write():
            await locator.press_sequentially(act.text, timeout=milliseconds)
            if act.enter:
                await locator.press("Enter", timeout=milliseconds)
        case Point():
            await locator.hover(timeout=milliseconds)
        case Drag():
            await locator.scroll_into_view_if_needed(timeout=milliseconds)
            await _drag(hands.session.page, locator, act.to)
        case Scroll():
            await locator.evaluate(_SCROLL_JS, act.end == "bottom", timeout=milliseconds)
        case Mark() if element.field:
            await locator.focus(timeout=milliseconds)
            await locator.press("ControlOrMeta+a", timeout=milliseconds)
        case Mark():
            await locator.evaluate(_SELECT_TEXT_JS, timeout=milliseconds)
        case Put() | Tick() | Read() | Visit() | Await():
            raise AssertionError(f"{act!r} is done elsewhere")
        case _:
            assert_never(act)


def _locator(page: Page, element: Element) -> Locator:
    if element.frame:
        frame = next((f for f in page.frames if element.frame in {f.name, f.url}), page.main_frame)
        return frame.locator(element.css)
    return page.locator(element.css)


async def _drag(page: Page, locator: Locator, to: tuple[float, float]) -> None:
    """By mouse: press where it is now, move in steps, release."""
    left, top = await page.evaluate("() => [scrollX, scrollY]")
    box = await locator.bounding_box(timeout=_BOX_MS)
    if box is None:
        raise StepTrouble(ErrorType.STALE, "what was to be dragged is not there any more")
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    try:
        await page.mouse.move(to[0] - left, to[1] - top, steps=_DRAG_STEPS)
    finally:
        await page.mouse.up()
