"""One function per action: each finds its element and returns the act itself, still to be carried out.

The two are apart so that an irreversible act can be recorded as intended after everything that can go wrong before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import assert_never
from urllib.parse import urljoin

from playwright.async_api import ElementHandle, Error, Locator, Position

from events.action import (
    Action,
    Check,
    Click,
    Download,
    Drag,
    Extract,
    Fill,
    Hover,
    Navigate,
    Press,
    Scroll,
    Select,
    SelectMany,
    SelectText,
    Target,
    Type,
    Upload,
    Wait,
    WaitFor,
)
from events.failure import ErrorType
from events.templates import render
from runner.files import download, upload
from runner.gestures import drag, hover, scroll, select_text, type_text, wait
from runner.grounding import ground
from runner.hands import Act, Hands
from runner.outcome import StepTrouble
from runner.reading import extract
from runner.wording import closest, name_of

_PRESSES = 2
_AWAIT_CLICK_JS = "() => { window[Symbol.for('goaltrail.clicked')] = 'none'; }"  # see page/listeners.js
_MISSED_JS = """wanted => {
  const got = window[Symbol.for('goaltrail.clicked')];
  // One that got to a container came from a press and a release on two of its parts; none at all may have served
  // somebody who listens to presses, not to clicks.
  if (!got || got === 'none' || got === wanted || !got.contains(wanted)) return false;
  const box = wanted.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return !!top && wanted.contains(top);  // what lies over it now came by the press
}"""
_OPTIONS_JS = "select => select.options ? [...select.options].map(o => o.label.trim()) : null"


async def prepare(hands: Hands, action: Action, *, irreversible: bool) -> Act:
    """Find what the action needs; returns the act.

    Raises:
        StepTrouble: the page does not offer what is needed; nothing was done to it.
    """
    match action:
        case Navigate():
            return navigate(hands, action)
        case Click():
            return await click(hands, action, irreversible=irreversible)
        case Fill():
            return await fill(hands, action)
        case Select():
            return await select(hands, action.target, [action.option])
        case SelectMany():
            return await select(hands, action.target, action.options)
        case Check():
            return await check(hands, action)
        case Press():
            return await press(hands, action)
        case Type():
            return await type_text(hands, action)
        case Hover():
            return await hover(hands, action)
        case Drag():
            return await drag(hands, action)
        case Scroll():
            return await scroll(hands, action)
        case SelectText():
            return await select_text(hands, action)
        case Wait():
            return wait(action)
        case WaitFor():
            return await wait_for(hands, action)
        case Extract():
            return await extract(hands, action)
        case Upload():
            return await upload(hands, action)
        case Download():
            return await download(hands, action)
        case _:
            assert_never(action)


def navigate(hands: Hands, action: Navigate) -> Act:
    """Open a page; a relative address is read against the task's site."""
    url = urljoin(hands.site_url, action.url)
    if not url.startswith(("http://", "https://")):
        raise StepTrouble(ErrorType.INVALID_URL, f"{action.url!r} is no address of a web page")

    async def act(seconds: float) -> None:
        await hands.session.admit(url)
        await hands.session.page.goto(url, wait_until="domcontentloaded", timeout=seconds * 1_000)

    return act


async def click(hands: Hands, action: Click, *, irreversible: bool) -> Act:
    """Click; an irreversible click is rehearsed first, and not waited for longer than it takes to press.

    A click that did not get to its element, as happens with what moves or grows under the mouse, is given once more, but
    for an irreversible one.
    """
    element = await hands.find(action.target, "press")
    position: Position | None = None if action.at is None else {"x": action.at[0], "y": action.at[1]}
    if irreversible and not hands.sure:
        await element.click(trial=True, position=position, timeout=hands.action_timeout * 1_000)

    async def act(seconds: float) -> None:
        await element.click(position=position, timeout=seconds * 1_000, no_wait_after=irreversible)

    async def act_until_it_arrives(seconds: float) -> None:
        for _ in range(_PRESSES):
            seen = await element.element_handle(timeout=seconds * 1_000)
            await seen.evaluate(_AWAIT_CLICK_JS)
            await act(seconds)
            if not await _is_missed(seen):
                return

    return act if irreversible or hands.sure else act_until_it_arrives


async def _is_missed(element: ElementHandle) -> bool:
    try:
        return bool(await element.evaluate(_MISSED_JS))
    except Error:  # its page is on the way elsewhere: the press did something
        return False


async def fill(hands: Hands, action: Fill) -> Act:
    """Replace a field's value; secrets become values here."""
    element = await hands.find(action.target, "field")
    value = render(action.value, {}, hands.secrets.value)
    if value != action.value:
        hands.session.masked.append(element)

    async def act(seconds: float) -> None:
        await element.fill(value, timeout=seconds * 1_000)

    return act


async def select(hands: Hands, target: Target, options: Sequence[str]) -> Act:
    """Choose options by what they say; upper and lower case do not matter when only one can be meant."""
    element = await hands.find(target, "field")
    chosen = list(options) if hands.sure else await _offered(hands, element, target, options)

    async def act(seconds: float) -> None:
        await element.select_option(label=chosen, timeout=seconds * 1_000)

    return act


async def _offered(hands: Hands, element: Locator, target: Target, options: Sequence[str]) -> list[str]:
    """The options as the list writes them; raises StepTrouble when it lacks one."""
    offered = await element.evaluate(_OPTIONS_JS, timeout=hands.action_timeout * 1_000)
    if offered is None:
        raise StepTrouble(ErrorType.GOAL_UNREACHABLE, f"{name_of(target)} is no list to choose from")
    chosen: list[str] = []
    for option in options:
        wanted = option.strip()
        same = [label for label in offered if label == wanted] or [o for o in offered if o.lower() == wanted.lower()]
        if not same:
            said = f'{name_of(target)} offers no "{wanted}" on {hands.session.page.url}'
            raise StepTrouble(ErrorType.GOAL_UNREACHABLE, said + closest(wanted, offered))
        chosen.append(same[0])
    return chosen


async def check(hands: Hands, action: Check) -> Act:
    """Set a checkbox or radio button; one that is set already stays."""
    element = await hands.find(action.target, "field")

    async def act(seconds: float) -> None:
        await element.set_checked(action.checked, timeout=seconds * 1_000)

    return act


async def press(hands: Hands, action: Press) -> Act:
    """Press a key on an element, or on whatever has the focus."""
    element = None if action.target is None else await hands.find(action.target, "any")

    async def act(seconds: float) -> None:
        async with asyncio.timeout(seconds):
            for _ in range(action.times):
                if element is not None:
                    await element.press(action.key, timeout=seconds * 1_000)
                else:
                    await hands.session.page.keyboard.press(action.key)

    return act


async def wait_for(hands: Hands, action: WaitFor) -> Act:
    """Wait for an element; looking for it is the whole act."""

    async def act(_: float) -> None:
        await ground(hands.session.page, action.target, "any", action.timeout_seconds, patient=True)

    return act
