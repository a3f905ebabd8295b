"""One look at a real page: what is on it, how long it takes, and what acts on what was seen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from playwright.async_api import Page

from benchmarks.acting import perform
from runner.browser import BrowserHost
from runner.hands import Hands
from runner.page.acts import Drag, Mark, PageAct, Point, Push, Put, Strike, Tick
from runner.page.look import look, settle, watch
from runner.page.view import Element, View
from runner.secrets import SecretBox
from runner.session import Session

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>Inbox</title>
<style>.star::before{content:'*'} .gone{display:none} .pad{height:40px} .drop{width:80px;height:80px;background:#eee}</style>
<div class=row><b>Ann</b><span class=star id=s1></span></div>
<div class=row><b>Bob</b><span class=star id=s2></span></div>
<label>Name <input id=name placeholder=Someone></label> <label><input type=checkbox id=yes> Yes</label>
<select id=day><option>Mon<option>Tue</select> <input type=password id=pw value=hunter2>
<button id=b disabled>Send</button> <p class=gone>hidden words</p> <p id=text>Some words to read</p>
<iframe srcdoc="<button>Inner</button>" name=inner></iframe>
<div id=menu style="width:60px">Menu</div><div id=item class=gone>Item</div>
<div id=thing draggable=false style="width:20px;height:20px;background:red;cursor:pointer"></div>
<button id=shy style="position:relative">Shy</button><output id=log></output>
<script>
const log = text => { document.getElementById('log').textContent += text + ' '; };
for (const star of document.querySelectorAll('.star')) star.addEventListener('click', () => log(star.id));
document.getElementById('menu').addEventListener('mouseenter', () => document.getElementById('item').classList.remove('gone'));
let held = false;
document.getElementById('thing').addEventListener('mousedown', () => { held = true; });
document.addEventListener('mouseup', event => { if (held) log('dropped' + (event.clientX > 200)); held = false; });
document.addEventListener('keydown', event => { if (event.key === 'ArrowRight') log('right'); });
const shy = document.getElementById('shy');
shy.addEventListener('mousedown', () => { if (!shy.style.left) shy.style.left = '200px'; });
shy.addEventListener('click', () => log('shy'));
</script>"""


@pytest.fixture
async def hands() -> AsyncIterator[Hands]:
    host = BrowserHost(None, headless=True)
    try:
        async with host.context() as context:
            await watch(context)
            secrets = SecretBox({})
            session = Session(context, await context.new_page(), navigation_timeout=5)
            await session.page.goto("data:text/html," + quote(PAGE))
            await session.page.frame_locator("iframe").locator("button").wait_for()
            yield Hands(session, "http://127.0.0.1/", secrets, 2, 5)
    finally:
        await host.close()


def named(view: View, css: str) -> Element:
    return next(element for element in view if element.css == css)


async def logged(page: Page) -> str:
    return str(await page.locator("#log").text_content())


async def test_a_look_sees_controls_state_and_frames_but_nothing_hidden(hands: Hands) -> None:
    view = await look(hands.session.page)

    star = named(view, "#s2")
    assert star.press
    assert star.tokens == "s2 star"
    assert named(view, "#name").label == "Name"
    assert named(view, "#name").placeholder == "Someone"
    assert named(view, "#yes").checked is False
    assert named(view, "#day").options == ("Mon", "Tue")
    assert named(view, "#pw").value == "*" * 7
    assert named(view, "#b").disabled
    assert [e.name for e in view if e.frame == "inner"] == ["Inner"]
    assert not [e for e in view if "hidden" in e.text]


async def test_acts_on_what_was_seen(hands: Hands) -> None:
    page = hands.session.page
    view = await look(page)
    acts: list[PageAct] = [
        Push(named(view, "#s2").id),
        Put(named(view, "#name").id, "Eden"),
        Tick(named(view, "#yes").id),
        Point(named(view, "#menu").id),
        Strike(named(view, "#name").id, "ArrowRight", 3),
        Mark(named(view, "#text").id),
        Drag(named(view, "#thing").id, (900.0, 30.0)),
    ]
    for act in acts:
        await perform(hands, view, act)
    await settle(page)
    now = await look(page, view)

    assert named(now, "#name").value == "Eden"
    assert named(now, "#yes").checked is True
    assert named(now, "#item").id in now.fresh
    assert (await logged(page)).split() == ["s2", "right", "right", "right", "droppedtrue"]
    assert named(view, "#text").id not in now.fresh


async def test_a_button_that_moves_under_the_mouse_is_pressed_again(hands: Hands) -> None:
    view = await look(hands.session.page)
    await perform(hands, view, Push(named(view, "#shy").id))

    assert (await logged(hands.session.page)).split() == ["shy"]


async def test_a_look_at_five_hundred_rows_is_quick_and_capped(hands: Hands) -> None:
    page = hands.session.page
    rows = "".join(f"<tr><td>row {n}</td><td><button>Open</button></td></tr>" for n in range(900))
    await page.set_content(f"<table>{rows}</table>")
    started = time.monotonic()
    view = await look(page)

    assert view.cut
    assert time.monotonic() - started < 5
