"""Files to a site and from it, tables and lists read, new tabs and dialogs: declared steps in a real browser."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
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

FORM = """<form method=post action=/take enctype=multipart/form-data>
<label>Photo <input type=file name=photo></label>
<label for=many class=button>Papers</label><input hidden id=many type=file name=papers multiple>
<button type=button onclick="document.getElementById('later').click()">Choose a letter</button>
<input type=file id=later name=letter style="display:none">
<button>Send in</button></form>"""
TABLE = """<h1>Times</h1><table id=t><thead><tr><th>Class<th>Day<th>Day<th></thead>
<tr><td>Dolphins<td>Monday<td>Friday<td><a href=/d/1>open</a><tr hidden><td>Ghosts<td>x<td>y<td>z
<tr><td colspan=2>Seals<td>Sunday<td><a href="/d/2">open</a></table><p>nothing here</p>
<ul><li class=n> one </li><li class=n>two</li><li class=n style="display:none">three</li></ul><img src=/i.png alt=map>"""
DIALOGS = """<p id=said>-</p><button onclick="alert('x');say('closed')">Tell</button>
<button onclick="say(confirm('sure?') ? 'yes' : 'no')">Ask</button>
<button onclick="say(prompt('who?', 'me') === null ? 'nobody' : 'somebody')">Who</button>
<script>const say = w => document.getElementById('said').textContent += w + ' '</script>"""
PAGES = {
    "/": FORM,
    "/table": TABLE,
    "/dialogs": DIALOGS,
    "/files": "<input aria-label=Word> <a href=/report?token=1>Report</a> <a href=/cut>Cut</a> <button>Nothing</button> <a href=/report target=_blank>Apart</a>",
    "/tabs": "<a href=/inner target=_blank>Open apart</a><p>outer page</p>",
    "/inner": "<button onclick=\"document.body.append('pressed inside')\">Inside</button> <button onclick='window.close()'>Leave</button>",
}
REPORT = b"class,day\nDolphins,Monday\n" + b"key,open-sesame\n"


class Site:
    """What runs, and what it was sent."""

    url = ""
    taken: list[bytes]


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()
    site.taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path in {"/report", "/cut"}:
                self._give(cut=path == "/cut")
                return
            self._say(PAGES.get(path, "there is nothing"))

        def do_POST(self) -> None:
            site.taken.append(self.rfile.read(int(self.headers["content-length"])))
            self._say("<p>Thank you, it was received</p>")

        def _say(self, body: str) -> None:
            said = f"<!doctype html><title>Files</title>{body}".encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def _give(self, *, cut: bool) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/csv")
            self.send_header("content-disposition", 'attachment; filename="times.csv"')
            self.send_header("content-length", str(len(REPORT) + 10 * cut))
            self.end_headers()
            self.wfile.write(REPORT)

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


async def done(hands: BrowserPerformer, url: str, *steps: dict[str, Any], **fields: Any) -> tuple[Verdict, Kept]:
    log = Kept()
    return await hands.perform(job("as declared", url, steps=list(steps), **fields), log), log


def upload(files: list[dict[str, Any]], **target: Any) -> dict[str, Any]:
    return {"op": "upload", "target": target, "files": files}


def read(key: str, target: dict[str, Any], **how: Any) -> dict[str, Any]:
    return {"op": "extract", "target": target, "key": key, **how}


SEND = {"op": "click", "target": {"role": "button", "name": "Send in"}, "irreversible": True}


async def test_files_reach_fields_that_are_seen_hidden_or_opened_by_a_button(
    hands: BrowserPerformer, site: Site
) -> None:
    stored = await hands.store.put("download", b"from before", "text/plain")
    verdict, _ = await done(
        hands,
        site.url,
        upload([{"name": "me.png", "base64": base64.b64encode(b"\x89PNG pixels").decode()}], label="Photo"),
        upload([{"name": "{{child}}.txt", "text": "I am {{child}}"}, {"name": "b.txt", "text": "b"}], label="Papers"),
        upload([{"name": "old.txt", "artifact": stored.sha256}], role="button", name="Choose a letter"),
        SEND,
        inputs={"child": "Eden"},
    )
    assert isinstance(verdict, Reached), verdict
    (body,) = site.taken
    for sent in (b'name="photo"; filename="me.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG pixels',
                 b'name="papers"; filename="Eden.txt"\r\nContent-Type: text/plain\r\n\r\nI am Eden', b'filename="b.txt"',
                 b'name="letter"; filename="old.txt"\r\nContent-Type: text/plain\r\n\r\nfrom before'):  # fmt: skip
        assert sent in body


@pytest.mark.parametrize(
    ("step", "error_type", "said"),
    [
        (upload([{"name": "a", "artifact": "0" * 64}], label="Photo"), ErrorType.INVALID_INPUT, "no artifact 000"),
        (upload([{"name": "a", "text": "{{secret:word}}"}], label="Photo"), ErrorType.INVALID_INPUT, "only be filled into"),
        (upload([{"name": "a", "base64": "QQ="}], label="Photo"), ErrorType.INVALID_INPUT, "no base64"),
        (upload([{"name": "a", "text": "1"}, {"name": "b", "text": "2"}], label="Photo"), ErrorType.GOAL_UNREACHABLE, "Non-multiple"),
        (upload([{"name": "a", "text": "1"}], label="Poto"), ErrorType.GOAL_UNREACHABLE, '"Poto"'),
    ],
)  # fmt: skip
async def test_what_cannot_be_uploaded_says_why(
    hands: BrowserPerformer, site: Site, step: dict[str, Any], error_type: ErrorType, said: str
) -> None:
    verdict, _ = await done(hands, site.url, step, SEND, secrets={"word": "env:NOWHERE"})
    assert isinstance(verdict, Fell), verdict
    assert verdict.error_type is error_type
    assert said in verdict.message
    assert site.taken == []


async def test_a_download_is_kept_without_secrets_and_told_in_the_result(
    hands: BrowserPerformer, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILE_WORD", "open-sesame")
    verdict, log = await done(
        hands,
        f"{site.url}/files",
        {"op": "type", "target": {"label": "Word"}, "value": "{{secret:word}}"},
        {"op": "download", "target": {"role": "link", "name": "Report"}, "key": "report"},
        secrets={"word": "env:FILE_WORD"},
    )
    assert isinstance(verdict, Reached), verdict
    told = verdict.data["report"]
    (kept,) = [artifact for step in log.steps for artifact in step.artifacts if artifact.kind == "download"]
    content = REPORT.replace(b"open-sesame", b"[secret]")
    assert told == {"name": "times.csv", "sha256": kept.sha256, "media_type": "text/csv", "size_bytes": len(content),
                    "url": f"{site.url}/report"}  # fmt: skip
    assert await hands.store.get(kept.sha256) == content


async def test_a_download_in_a_tab_of_its_own_is_kept_too(hands: BrowserPerformer, site: Site) -> None:
    step = {"op": "download", "target": {"role": "link", "name": "Apart"}, "key": "report"}
    verdict, _ = await done(hands, f"{site.url}/files", step)
    assert isinstance(verdict, Reached), verdict
    assert verdict.data["report"]["size_bytes"] == len(REPORT)


@pytest.mark.parametrize(
    ("name", "error_type", "said"),
    [("Cut", ErrorType.SERVER_ERROR, "failed"), ("Nothing", ErrorType.TIMEOUT, "Timeout")],
)
async def test_a_download_that_does_not_come_says_so(
    hands: BrowserPerformer, site: Site, name: str, error_type: ErrorType, said: str
) -> None:
    step = {"op": "download", "target": {"text": name}, "key": "report", "timeout_seconds": 1.0}
    verdict, _ = await done(hands, f"{site.url}/files", step)
    assert isinstance(verdict, Fell), verdict
    assert verdict.error_type is error_type
    assert said in verdict.message


async def test_tables_lists_and_attributes_are_read(hands: BrowserPerformer, site: Site) -> None:
    verdict, _ = await done(
        hands,
        f"{site.url}/table",
        read("times", {"css": "#t"}, table=True),
        read("numbers", {"css": "li.n"}, all=True),
        read("links", {"role": "link", "name": "open"}, all=True, attribute="href"),
        read("map", {"role": "img", "name": "map"}, attribute="src"),
        read("title", {"role": "heading"}),
    )
    assert isinstance(verdict, Reached), verdict
    assert verdict.data == {
        "times": [
            {"Class": "Dolphins", "Day": "Monday", "Day (2)": "Friday", "column 4": "open"},
            {"Class": "Seals", "Day": "", "Day (2)": "Sunday", "column 4": "open"},
        ],
        "numbers": ["one", "two"],
        "links": [f"{site.url}/d/1", f"{site.url}/d/2"],
        "map": f"{site.url}/i.png",
        "title": "Times",
    }


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (read("k", {"text": "nothing here"}, table=True), "is no table"),
        (read("k", {"role": "heading"}, attribute="href"), "no attribute 'href'"),
        (read("k", {"css": "li.m"}, all=True), "on http"),
    ],
)
async def test_what_cannot_be_read_says_why(
    hands: BrowserPerformer, site: Site, step: dict[str, Any], said: str
) -> None:
    verdict, _ = await done(hands, f"{site.url}/table", step)
    assert isinstance(verdict, Fell), verdict
    assert verdict.error_type is ErrorType.GOAL_UNREACHABLE
    assert said in verdict.message


def press(name: str, *, irreversible: bool = False) -> dict[str, Any]:
    return {"op": "click", "target": {"role": "button", "name": name}, "irreversible": irreversible}


async def test_dialogs_are_closed_and_only_a_recorded_act_says_yes(hands: BrowserPerformer, site: Site) -> None:
    steps = [press("Tell"), press("Ask"), press("Who"), press("Ask", irreversible=True)]
    shown = [{"kind": "text_visible", "value": "-closed no nobody yes"}]
    verdict, log = await done(hands, f"{site.url}/dialogs", *steps, success_indicators=shown)
    assert isinstance(verdict, Reached), verdict
    assert len(log.intents) == 1


async def test_steps_go_on_in_a_new_tab_and_come_back_when_it_closes(hands: BrowserPerformer, site: Site) -> None:
    link = {"op": "click", "target": {"role": "link", "name": "Open apart"}}
    inside = {"op": "wait_for", "target": {"text": "pressed inside"}}
    back = [press("Leave"), {"op": "wait_for", "target": {"text": "outer page"}}, read("where", {"css": "p"})]
    verdict, log = await done(hands, f"{site.url}/tabs", link, press("Inside"), inside, *back)
    assert isinstance(verdict, Reached), verdict
    assert verdict.data == {"where": "outer page"}
    assert [step.url.rsplit("/", 1)[1] for step in log.steps] == [
        "tabs",
        "inner",
        "inner",
        "inner",
        "tabs",
        "tabs",
        "tabs",
    ]
