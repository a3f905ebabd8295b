"""A tiny site for the runner's tests: login, classes, a form, and a record of what was posted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PASSWORD = "s3cret&pass word"

LOGIN = """<title>Log in</title><h1>Log in</h1><form method=post action=/login>
<label>Email <input name=email></label><label>Password <input type=password name=password></label>
<button>Log in</button></form>"""
CLASSES = """<title>Classes</title><h1>Classes</h1><ul>
<li>Tuesday <a href="/form?day=Tuesday">Tuesday 16:00</a></li>
<li>Saturday <a href="/form?day=Saturday">Saturday 10:00</a></li></ul><a href=/mine>My bookings</a>"""
FORM = """<title>Registration</title><form method=post action=/register>
<label>Child's name <input name=child></label>
<label>Day <select name=day><option>Monday</option><option>Tuesday</option><option>Saturday</option></select></label>
<label><input type=checkbox name=agree> I agree</label><button>Register</button></form>"""


class Site(ThreadingHTTPServer):
    """Serves on a free port; `posted` is its record of effects."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posted: list[dict[str, str]] = []
        self.seen: list[str] = []
        self.answer_status = 200  #: of the page after registration
        self.reply = threading.Event()  #: the answer to a registration waits for this
        self.reply.set()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.seen.append(parts.path)
        logged_in = "session=yes" in self.headers.get("Cookie", "")
        match parts.path:
            case "/login":
                self._page(LOGIN)
            case "/broken":
                self._page("<title>Oops</title>broken", 500)
            case "/busy":
                self._page("<title>Busy</title>busy", 429)
            case "/secret":
                self._page("<title>No</title>no", 403)
            case "/odd":
                self._page(ODD)
            case "/hangs":
                self.server.release.wait(30)
            case _ if not logged_in:
                self._go("/login")
            case "/form":
                self._page(FORM)
            case "/mine":
                rows = "".join(f"<li>{entry['child']} on {entry['day']}</li>" for entry in self.server.posted)
                self._page(f"<title>My bookings</title><ul>{rows}</ul>")
            case "/done":
                self._page("<title>Done</title><p>Confirmation number <b id=number>A-1001</b></p>")
            case _:
                self._page(CLASSES)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path == "/login":
            self._go("/", cookie="session=yes" if form.get("password") == PASSWORD else "session=no")
            return
        self.server.posted.append(form)
        self.server.reply.wait(30)
        if self.server.answer_status == 200:
            self._go("/done")
        else:
            self._page("<title>Sorry</title>something went wrong", self.server.answer_status)

    def log_message(self, *_: object) -> None:
        return

    def _page(self, html: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html>" + html.encode())

    def _go(self, path: str, cookie: str = "") -> None:
        self.send_response(303)
        self.send_header("Location", path)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()


ODD = """<title>Odd</title><table><tr><td>Ann</td><td><button onclick="say('Ann')">Remove</button></td></tr>
<tr><td>Bob</td><td><button onclick="if (confirm('sure?')) say('Bob')">Remove</button></td></tr></table>
<p id=said></p><div role=button tabindex=0 onclick="say('div')">Open</div><input placeholder="Search"><input id=late>
<button onclick="setTimeout(() => document.getElementById('said').innerHTML = '<i>late text</i>', 700)">Later</button>
<a href=/odd target=_blank onclick="return false">Nothing</a>
<script>function say(w) { document.getElementById('said').textContent = w + ' removed' }</script>"""


@contextmanager
def serve() -> Iterator[Site]:
    """The site, in a thread."""
    site = Site()
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.reply.set()
        site.release.set()
        site.shutdown()
        site.server_close()
