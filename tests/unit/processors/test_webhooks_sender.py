"""One try against servers on 127.0.0.1: what is sent, what is believed, what is not waited for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from events.addresses import AddressRules
from processors.webhooks.sender import Sender
from processors.webhooks.tries import Answered, Refused, Unanswered
from tests.integration.webhook_receiver import Receiver

ALL = AddressRules(allow_private=True)
SECOND = timedelta(seconds=1)


def test_what_is_sent_comes_over_whole() -> None:
    with Receiver() as receiver:
        found = Sender(ALL, SECOND).post(f"{receiver.url}/a%20b?x=1&y=%2F", {"webhook-id": "m"}, b'{"a":1}')
        (call,) = receiver.calls

    assert isinstance(found, Answered)
    assert found.http_status == 204
    assert call.path == "/a%20b?x=1&y=%2F"
    assert call.body == b'{"a":1}'
    assert call.headers["content-type"] == "application/json"
    assert call.headers["host"] == receiver.url.removeprefix("http://")
    assert call.message == "m"


def test_redirects_are_not_followed() -> None:
    with Receiver(lambda call: (302, {"Location": "/elsewhere"}) if call.path == "/" else 204) as receiver:
        found = Sender(ALL, SECOND).post(f"{receiver.url}/", {}, b"{}")

    assert isinstance(found, Answered)
    assert found.http_status == 302
    assert len(receiver.calls) == 1


@pytest.mark.parametrize(
    ("said", "understood"), [("120", 120.0), ("soon", None), ("-1", None), ("9" * 40, 10**8), ("", None)]
)
def test_a_receiver_says_when_to_come_back(said: str, understood: float | None) -> None:
    with Receiver(lambda _: (503, {"Retry-After": said})) as receiver:
        found = Sender(ALL, SECOND).post(receiver.url, {}, b"{}")

    assert isinstance(found, Answered)
    assert (found.retry_after and found.retry_after.total_seconds()) == understood


def test_a_date_to_come_back_at_is_understood() -> None:
    said = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    with Receiver(lambda _: (429, {"Retry-After": said})) as receiver:
        found = Sender(ALL, SECOND).post(receiver.url, {}, b"{}")

    assert isinstance(found, Answered)
    assert found.retry_after is not None
    assert timedelta(minutes=4) < found.retry_after <= timedelta(minutes=5)


def test_nothing_reaches_an_address_that_is_refused() -> None:
    with Receiver() as receiver:
        port = receiver.url.rsplit(":", 1)[1]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"):
            found = Sender(AddressRules(), SECOND).post(f"http://{host}:{port}/", {}, b"{}")
            assert isinstance(found, Refused), (host, found)

    assert receiver.calls == []


def test_a_name_is_asked_once_and_the_answer_that_was_checked_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers the check with a public address and the connection with an inner one gains nothing."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "rebind.example.org":
            return real(host, port, *args, **kwargs)
        asked.append(host)
        address = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with Receiver() as receiver:
        port = receiver.url.rsplit(":", 1)[1]
        checked = AddressRules.of(["127.0.0.2"])
        found = Sender(checked, SECOND).post(f"http://rebind.example.org:{port}/", {}, b"{}")

    assert isinstance(found, Unanswered), found
    assert asked == ["rebind.example.org"]
    assert receiver.calls == []


def test_the_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert isinstance(Sender(ALL, SECOND).post(receiver.url, {}, b"{}"), Answered)


@pytest.mark.parametrize("drip", [b"", b"H", b"HTTP/1.1 200 OK\r\nX-A: b\r\n"])
def test_a_receiver_that_dawdles_is_left_in_time(drip: bytes) -> None:
    with _dawdler(drip) as url:
        began = time.monotonic()
        found = Sender(ALL, timedelta(seconds=0.4)).post(url, {}, b"{}")

    assert isinstance(found, Unanswered)
    assert 0.3 < time.monotonic() - began < 15


def test_nobody_there_and_no_such_name_are_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as shut:
        port = shut.getsockname()[1]
    assert isinstance(Sender(ALL, SECOND).post(f"http://127.0.0.1:{port}/", {}, b"{}"), Unanswered)
    assert isinstance(Sender(ALL, SECOND).post("http://nowhere.invalid/", {}, b"{}"), Unanswered)


def test_a_plain_server_behind_https_is_an_answer_that_failed() -> None:
    with Receiver() as receiver:
        found = Sender(ALL, SECOND).post(receiver.url.replace("http:", "https:"), {}, b"{}")

    assert isinstance(found, Unanswered)
    assert receiver.calls == []


@pytest.mark.parametrize("url", ["ftp://hooks.example.org/", "http://a\x00b/", "http://[::1/", "//hooks.example.org"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert isinstance(Sender(ALL, SECOND).post(url, {}, b"{}"), Refused | Unanswered)


@contextmanager
def _dawdler(word: bytes) -> Iterator[str]:
    """A server that says `word`, then a byte now and then, and never comes to the point."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(word)
                while not over.wait(0.05):
                    connection.sendall(b"x" if word else b"")
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        over.set()
        thread.join(5)
        listener.close()
