"""A stand-in for model providers over real HTTP: says what it was told to say, in their wire formats, and keeps what it heard."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: A status with a text, an answer, raw text in an answer's place, or silence until the test ends.
Fixed = tuple[int, str] | dict[str, Any] | str | None
#: One of those, or what makes one of the request.
Reply = Fixed | Callable[[dict[str, Any]], Fixed]
TOKENS = (321, 17)  # input, output of every answer


@dataclass(slots=True)
class ModelServer:
    """Replies in order; the last one again and again."""

    url: str
    replies: list[Reply] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def openai(self) -> str:
        """The base URL as OpenAI's clients want it."""
        return f"{self.url}/v1"

    def next_reply(self) -> Reply:
        """What is said next."""
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def prompts(self) -> list[str]:
        """All that was sent, as text."""
        return [json.dumps(body, ensure_ascii=False) for body in self.heard]


@contextmanager
def model_server(*replies: Reply) -> Iterator[ModelServer]:
    """Serve on a free port of this machine."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    server = ModelServer(f"http://127.0.0.1:{http.server_port}", list(replies))
    http.model_server = server  # type: ignore[attr-defined] # how handlers reach it
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: ModelServer = self.server.model_server  # type: ignore[attr-defined] # set above
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.heard.append(body)
        told = server.next_reply()
        reply = told(body) if callable(told) else told
        if reply is None:
            server.over.wait(30)
            return
        if isinstance(reply, tuple):
            self._send(reply[0], {"error": {"message": reply[1], "type": "stand_in", "code": reply[0]}})
            return
        self._send(200, _WIRES[_wire(self.path)](body, reply))

    def _send(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _wire(path: str) -> str:
    if path.endswith("/chat/completions"):
        return "openai"
    return "anthropic" if path.split("?", maxsplit=1)[0].endswith("/messages") else "google"


def _text(reply: Any) -> str:
    return reply if isinstance(reply, str) else json.dumps(reply)


def _openai(body: dict[str, Any], reply: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": _text(reply)}
    usage = {"prompt_tokens": TOKENS[0], "completion_tokens": TOKENS[1], "total_tokens": sum(TOKENS)}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice],
            "usage": usage}  # fmt: skip


def _anthropic(body: dict[str, Any], reply: Any) -> dict[str, Any]:
    [tool] = body["tools"]
    content = [{"type": "tool_use", "id": "t", "name": tool["name"], "input": reply}]
    usage = {"input_tokens": TOKENS[0], "output_tokens": TOKENS[1]}
    return {"id": "m", "type": "message", "role": "assistant", "model": body["model"], "content": content,
            "stop_reason": "tool_use", "stop_sequence": None, "usage": usage}  # fmt: skip


def _google(body: dict[str, Any], reply: Any) -> dict[str, Any]:
    [tool] = body["tools"][0]["functionDeclarations"]
    parts = [{"functionCall": {"name": tool["name"], "args": reply}}]
    usage = {"promptTokenCount": TOKENS[0], "candidatesTokenCount": TOKENS[1], "totalTokenCount": sum(TOKENS)}
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "stand-in", "responseId": "r"}


_WIRES = {"openai": _openai, "anthropic": _anthropic, "google": _google}
