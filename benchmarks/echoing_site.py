"""A site that says back whatever it is told: in its pages, titles, addresses, errors and scripts."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

_LOGIN = """<h1>Log in</h1>{said}<form method=post action=/login><label>User <input name=user></label>
<label>Password <input type=password name=password></label><button>Log in</button></form>"""
_HOME = """<h1>Notes</h1>{said}<nav><a href=/notes>Notes</a></nav>
<form method=post action=/notes><label>Note <input name=note></label><button>Keep</button>
<button formaction=/break>Break</button></form>
<form action=/find><label>Search <input name=q></label><button>Find</button></form>"""


@dataclass(slots=True)
class EchoingSite:
    """Where it is, and every body and address it got."""

    url: str
    password: str
    heard: list[bytes] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: EchoingSite

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.query:
            self.site.heard.append(self.path.encode())
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/login" or "in=yes" not in self.headers.get("Cookie", ""):
            self._page(_LOGIN, query.get("wrong", ""))
        else:
            self._page(_HOME, query.get("q", ""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.site.heard.append(body)
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if self.path == "/login":
            right = form.get("password") == self.site.password
            place = "/" if right else f"/login?wrong={quote(form.get('password', ''))}"
            self._send(303, b"", {"Location": place, "Set-Cookie": f"in={'yes' if right else 'no'}"})
            return
        self._page(_HOME, form.get("note", ""), 500 if self.path == "/break" else 200)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _page(self, page: str, said: str, status: int = 200) -> None:
        told = ""
        if said:
            plain = html.escape(said)
            script = f"<script>console.log({json.dumps(said)}); window.said = {json.dumps(said)}</script>"
            told = f"<p role=alert class=error>You said {plain}</p><input title='{plain}' value='{plain}'>{script}"
        body = f"<!doctype html><title>{html.escape(said) or 'Site'}</title>{page.format(said=told)}".encode()
        self._send(status, body, {"Content-Type": "text/html; charset=utf-8", "X-Said": quote(said)})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def echoing(password: str) -> Iterator[EchoingSite]:
    """The site, in a thread; this is the only password it takes."""
    site = EchoingSite("", password)
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
