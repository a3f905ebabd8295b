"""Actions beyond those of forms: typing by keys, pointing, dragging, scrolling, selecting text, waiting."""

from __future__ import annotations

import asyncio

from playwright.async_api import FloatRect, Locator

from events.action import Drag, Hover, Scroll, SelectText, Type, Wait
from events.failure import ErrorType
from events.templates import render
from runner.hands import Act, Hands
from runner.outcome import StepTrouble
from runner.wording import name_of

_DRAG_STEPS = 12  # moves of the mouse between press and release; drag libraries ignore a single jump
_SELECT_TEXT_JS = """e => {
  const range = document.createRange();
  range.selectNodeContents(e);
  const chosen = getSelection();
  chosen.removeAllRanges();
  chosen.addRange(range);
}"""
_SCROLL_JS = """(e, bottom) => { e.scrollTop = bottom ? e.scrollHeight : 0; }"""
# Pages take over what was typed a moment later; nobody presses Enter sooner after the last letter.
_A_MOMENT_JS = "() => new Promise(done => setTimeout(done, 30))"
_IS_FIELD_JS = "e => /^(input|textarea)$/i.test(e.tagName)"


async def type_text(hands: Hands, action: Type) -> Act:
    """Type letter by letter; secrets become values here."""
    element = await hands.find(action.target, "field")
    value = render(action.value, {}, hands.secrets.value)
    if value != action.value:
        hands.session.masked.append(element)

    async def act(seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await element.press_sequentially(value, timeout=seconds * 1_000)
            if action.enter:
                await element.evaluate(_A_MOMENT_JS, timeout=seconds * 1_000)
                await element.press("Enter", timeout=seconds * 1_000)

    return act


async def hover(hands: Hands, action: Hover) -> Act:
    """Point at an element, as menus want it."""
    element = await hands.find(action.target, "any")

    async def act(seconds: float) -> None:
        await element.hover(timeout=seconds * 1_000)

    return act


async def drag(hands: Hands, action: Drag) -> Act:
    """Press in the middle of an element, move, release."""
    element = await hands.find(action.target, "any")
    onto = None if action.onto is None else await hands.find(action.onto, "any")

    async def act(seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await element.scroll_into_view_if_needed(timeout=seconds * 1_000)
            start = _middle(await _box(element, name_of(action.target), seconds))
            if onto is not None and action.onto is not None:
                end = _middle(await _box(onto, name_of(action.onto), seconds))
            else:
                end = await _in_window(hands, action)
            await _move(hands, start, end)

    return act


async def scroll(hands: Hands, action: Scroll) -> Act:
    """Scroll what an element holds to one of its ends."""
    element = await hands.find(action.target, "any")

    async def act(seconds: float) -> None:
        await element.evaluate(_SCROLL_JS, action.end == "bottom", timeout=seconds * 1_000)

    return act


async def select_text(hands: Hands, action: SelectText) -> Act:
    """Select the text an element shows, or the one a field holds."""
    element = await hands.find(action.target, "any")

    async def act(seconds: float) -> None:
        if await element.evaluate(_IS_FIELD_JS, timeout=seconds * 1_000):
            await element.focus(timeout=seconds * 1_000)
            await element.press("ControlOrMeta+a", timeout=seconds * 1_000)
        else:
            await element.evaluate(_SELECT_TEXT_JS, timeout=seconds * 1_000)

    return act


def wait(action: Wait) -> Act:
    """Do nothing for a moment."""

    async def act(_: float) -> None:
        await asyncio.sleep(action.seconds)

    return act


async def _in_window(hands: Hands, action: Drag) -> tuple[float, float]:
    """A point of the page as one of the window, which scrolling may have moved."""
    left, top = await hands.session.page.evaluate("() => [scrollX, scrollY]")
    x, y = action.to or (0.0, 0.0)
    return x - left, y - top


async def _box(element: Locator, name: str, seconds: float) -> FloatRect:
    box = await element.bounding_box(timeout=seconds * 1_000)
    if box is None:
        raise StepTrouble(ErrorType.STALE, f"{name} is not there any more")
    return box


def _middle(box: FloatRect) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def _move(hands: Hands, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = hands.session.page.mouse
    await mouse.move(*start)
    await mouse.down()
    try:
        await mouse.move(*end, steps=_DRAG_STEPS)
    finally:
        await mouse.up()
