"""What counts as success beside what a page shows: answers of the site, what was read; and what nobody can know."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from events.failure import ErrorType
from runner.browser_performer import BrowserPerformer
from runner.performer import Fell, Reached, Verdict
from tests.integration.runner_parts import Kept, job, performer

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>Seats</title><p>Last order received</p><p id=said>free</p><input aria-label=Note>
<button onclick="call('/login')">Refresh</button>
<button onclick="call('/seats', () => said('taken'))">Register</button>
<button onclick="call('/full', () => said('hm'))">Book</button>
<button onclick="document.body.append(Object.assign(document.createElement('dialog'), {open: true, textContent: 'Sure?'}))">
Delete</button>
<script>
const said = words => document.getElementById('said').textContent = words;
async function call(path, then) {
  await new Promise(done => setTimeout(done, 150));
  await fetch(path, {method: 'POST', body: 'child=Eden'});
  if (then) then();
}
</script>"""


@dataclass
class Site:
    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, PAGE, "text/html")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            site.asked.append(self.path)
            status = {"/login": 401, "/full": 409}.get(self.path, 201)
            self._say(status, json.dumps({"number": "A-7"}), "application/json")

        def _say(self, status: int, body: str, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
async def hands(chromium_path: Path, tmp_path: Path) -> AsyncIterator[BrowserPerformer]:
    async with performer(chromium_path, tmp_path) as ready:
        yield ready


def press(name: str) -> dict[str, Any]:
    return {"op": "click", "target": {"role": "button", "name": name}}


def answer(path: str, **more: Any) -> dict[str, Any]:
    return {"kind": "response", "url_contains": path, "method": "POST", **more}


async def tried(hands: BrowserPerformer, site: Site, *steps: dict[str, Any], **fields: Any) -> Verdict:
    return await hands.perform(job("as declared", site.url, steps=list(steps), **fields), Kept())


def reached(verdict: Verdict) -> Reached:
    assert isinstance(verdict, Reached), verdict
    return verdict


def fell(verdict: Verdict) -> Fell:
    assert isinstance(verdict, Fell), verdict
    return verdict


async def test_the_answer_to_the_submitting_request_is_evidence(hands: BrowserPerformer, site: Site) -> None:
    indicators = [answer("/seats", status=201, body_contains="A-7")]
    verdict = reached(await tried(hands, site, press("Register"), success_indicators=indicators))
    assert verdict.evidence == ["POST /seats was answered HTTP 201"]


async def test_a_refusal_is_none(hands: BrowserPerformer, site: Site) -> None:
    verdict = fell(await tried(hands, site, press("Book"), success_indicators=[answer("/full")]))
    assert verdict.error_type is ErrorType.UNCONFIRMED
    assert "POST /full was answered HTTP 409" in verdict.message
    assert site.asked == ["/full"]


async def test_a_call_that_never_was_made_is_told(hands: BrowserPerformer, site: Site) -> None:
    verdict = fell(await tried(hands, site, press("Register"), success_indicators=[answer("/other")]))
    assert verdict.error_type is ErrorType.UNCONFIRMED
    assert 'no POST to an address that contains "/other" was seen' in verdict.message


async def test_what_was_read_is_evidence(hands: BrowserPerformer, site: Site) -> None:
    step = {"op": "extract", "target": {"css": "#said"}, "key": "seat"}
    wanted = [{"kind": "result_value", "key": "seat", "equals": "{{seat}}"}]
    verdict = reached(await tried(hands, site, step, inputs={"seat": "free"}, success_indicators=wanted))
    assert verdict.evidence == ['"seat" was read: "free"']
    verdict_of_another = await tried(hands, site, step, inputs={"seat": "taken"}, success_indicators=wanted)
    assert 'is "free", not "taken"' in fell(verdict_of_another).message


async def test_reading_nothing_is_no_success(hands: BrowserPerformer, site: Site) -> None:
    empty = {"op": "extract", "target": {"label": "Note"}, "key": "note"}
    verdict = fell(await tried(hands, site, empty))
    assert verdict.error_type is ErrorType.UNKNOWN
    assert verdict.message == f"Nothing could be read: note is empty on {site.url}/"
    seat = {"op": "extract", "target": {"css": "#said"}, "key": "seat"}
    both = reached(await tried(hands, site, empty, seat))
    assert (both.data, both.verified) == ({"note": "", "seat": "free"}, False)


async def test_what_failed_before_the_act_is_not_held_against_it(hands: BrowserPerformer, site: Site) -> None:
    refresh = [press("Refresh"), {"op": "wait", "seconds": 0.5}]
    verdict = reached(await tried(hands, site, *refresh, press("Register")))
    assert site.asked == ["/login", "/seats"]
    assert "Inferred" in verdict.evidence[0]
    assert not verdict.verified


@pytest.mark.parametrize(
    ("name", "said"),
    [("Book", "POST /full was answered HTTP 409"), ("Delete", "nothing was sent to the site")],
)
async def test_what_was_not_taken_or_not_sent_goes_to_a_human(
    hands: BrowserPerformer, site: Site, name: str, said: str
) -> None:
    verdict = fell(await tried(hands, site, press(name)))
    assert verdict.error_type is ErrorType.UNCONFIRMED
    assert said in verdict.message
