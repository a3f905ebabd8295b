"""Where no success indicator was declared: what the server answered counts, whatever the page claims."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from events.failure import ErrorType
from runner.performer import Fell, Reached
from tests.integration.runner_parts import Kept, job, performer

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><title>Join</title><p id=said></p><button onclick="join()">Join</button><script>
async function join() { await fetch(location.pathname, {method: 'POST'});
  document.getElementById('said').textContent = location.pathname == '/quiet' ? 'Next' : 'Thank you, registered!' }
</script>"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        self._answer(500 if self.path == "/lies" else 200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


async def test_the_answer_of_the_server_counts_more_than_the_page(
    chromium_path: Path, tmp_path: Path, address: str
) -> None:
    verdicts = {}
    async with performer(chromium_path, tmp_path) as hands:
        for path in ("/lies", "/honest", "/quiet"):
            steps = [
                {"op": "navigate", "url": path},
                {"op": "click", "target": {"role": "button", "name": "Join"}, "irreversible": True},
                {"op": "wait_for", "target": {"text": "Next" if path == "/quiet" else "Thank you"}},
            ]
            verdicts[path] = await hands.perform(job("join", address, steps=steps), Kept())
    lies, honest, quiet = verdicts["/lies"], verdicts["/honest"], verdicts["/quiet"]

    assert isinstance(lies, Fell)
    assert lies.error_type is ErrorType.UNCONFIRMED
    assert "POST /lies was answered HTTP 500" in lies.message
    assert isinstance(honest, Reached)
    assert honest.verified
    assert 'the page says "Thank you, registered!"' in honest.evidence[0]
    assert isinstance(quiet, Reached)
    assert not quiet.verified
