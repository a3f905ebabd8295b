"""Actions beyond forms, declared as a plan, in a real browser: each leaves a mark that the page can show."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from runner.performer import Reached
from tests.integration.runner_parts import Kept, job, performer

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><title>Gestures</title><style>#from,#onto{width:60px;height:40px;background:#ccc}</style>
<div id=from>box</div><div id=onto>place</div><p id=menu>Menu</p>
<div id=long style="height:50px;overflow:auto"><div style="height:900px">much</div></div>
<input aria-label=Letters><select multiple aria-label=Days><option>Mon<option>Tue<option>Wed</select>
<button id=spot style="width:100px;height:50px">Spot</button><p id=words>select me</p>
<iframe name=inner srcdoc="<button onclick=&quot;parent.say('framed')&quot;>Inside</button>"></iframe>
<ul id=said></ul><script>
const $ = id => document.getElementById(id);
function say(w) { $('said').innerHTML += '<li>' + w + '</li>' }
let held = false;
$('from').onmousedown = e => { held = true; e.preventDefault() };
$('onto').onmouseup = () => { if (held) say('dropped'); held = false };
$('menu').onmouseenter = () => say('pointed');
$('long').onscroll = () => { if ($('long').scrollTop > 800) say('scrolled') };
document.querySelector('input').onkeydown = e => say('key-' + e.key);
$('spot').onclick = e => say('at-' + (e.offsetX < 50 ? 'left' : 'right'));
document.querySelector('select').onchange = e => say([...e.target.selectedOptions].map(o => o.label).join('+'));
document.onselectionchange = () => { if (String(getSelection()) === 'select me') say('selected') };
</script>"""

STEPS = [
    {"op": "drag", "target": {"css": "#from"}, "onto": {"css": "#onto"}},
    {"op": "hover", "target": {"text": "Menu", "exact": True}},
    {"op": "scroll", "target": {"css": "#long"}, "end": "bottom"},
    {"op": "type", "target": {"label": "Letters"}, "value": "{{word}}{{secret:letter}}", "enter": True},
    {"op": "press", "target": {"label": "Letters"}, "key": "ArrowUp", "times": 2},
    {"op": "select_many", "target": {"label": "Days"}, "options": ["mon", "{{day}}"]},
    {"op": "click", "target": {"css": "#spot"}, "at": [90, 10]},
    {"op": "select_text", "target": {"css": "#words"}},
    {"op": "wait", "seconds": 0.05},
    {"op": "click", "target": {"role": "button", "name": "Inside", "frame": "inner"}},
]
SAID = ["dropped", "pointed", "scrolled", "key-a", "key-b", "key-Enter", "key-ArrowUp", "Mon+Wed", "at-right", "selected",
        "framed"]  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


async def test_every_gesture_reaches_the_page(
    chromium_path: Path, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GESTURE_LETTER", "b")
    shown = [{"kind": "text_visible", "value": said} for said in SAID]
    wanted = job(
        "gestures",
        address,
        steps=STEPS,
        inputs={"word": "a", "day": "Wed"},
        secrets={"letter": "env:GESTURE_LETTER"},
        success_indicators=shown,
    )
    async with performer(chromium_path, tmp_path) as hands:
        verdict = await hands.perform(wanted, Kept())

    assert isinstance(verdict, Reached), verdict
