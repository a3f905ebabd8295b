"""One try: an HTTP POST to an address that was checked, within a deadline, of which only status and headers are read."""

from __future__ import annotations

import email.utils
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import httpx

from events.addresses import AddressRules
from events.errors import AddressRefused
from processors.webhooks.tries import Answered, Outcome, Refused, Unanswered

_USER_AGENT = "goaltrail-webhooks/1"


class Sender:
    """Posts bodies; safe to use from many threads."""

    def __init__(self, rules: AddressRules, timeout: timedelta) -> None:
        self._rules, self._seconds = rules, timeout.total_seconds()
        self._tls = httpx.create_ssl_context()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Try once."""
        began = time.monotonic()
        try:
            place = httpx.URL(url)
            if place.scheme not in {"http", "https"}:
                return Refused(f"{url} is neither http nor https")
            status, retry_after = self._ask(place, headers, body, began + self._seconds)
        except AddressRefused as refusal:
            return Refused(str(refusal))
        except httpx.InvalidURL as error:
            return Refused(f"{url} is no address: {error}")
        except httpcore.TimeoutException:
            return Unanswered(f"no answer within {self._seconds:g} s")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as error:
            return Unanswered(f"{type(error).__name__}: {error}"[:500])
        return Answered(status, retry_after, round((time.monotonic() - began) * 1_000, 1))

    def _ask(
        self, place: httpx.URL, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> tuple[int, timedelta | None]:
        target = httpcore.URL(scheme=place.raw_scheme, host=place.raw_host, port=place.port, target=place.raw_path)
        usual = [("User-Agent", _USER_AGENT), ("Content-Type", "application/json"), ("Connection", "close")]
        sent: list[tuple[bytes | str, bytes | str]] = [*usual, *headers.items()]
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        # A pool of its own per try: nothing of one receiver is reused for another, and no proxy of the environment,
        # which would resolve the name itself, stands between the check and the connection.
        with (
            httpcore.ConnectionPool(ssl_context=self._tls, network_backend=_Checked(self._rules, deadline)) as pool,
            pool.stream("POST", target, headers=sent, content=body, extensions={"timeout": limits}) as response,
        ):
            said = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
            return response.status, _retry_after(said)


class _Checked(httpcore.NetworkBackend):
    """Resolves, checks every address, and connects to one that was checked: no second look-up can answer otherwise."""

    def __init__(self, rules: AddressRules, deadline: float) -> None:
        self._rules, self._deadline = rules, deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """See httpcore; raises AddressRefused."""
        found = list(dict.fromkeys(str(entry[4][0]) for entry in _resolve(host, port)))
        refusal = self._rules.refusal(host, found)
        if refusal is not None:
            raise AddressRefused(refusal)
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in found:
            try:
                stream = self._backend.connect_tcp(
                    address, port, _left(self._deadline, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _Hurried(stream, self._deadline)
        raise problem


class _Hurried(httpcore.NetworkStream):
    """A stream on which no wait goes beyond the deadline: a receiver that sends a byte now and then gains nothing."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See httpcore."""
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See httpcore."""
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        """See httpcore."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """See httpcore; the certificate must be that of the name in the address, not of the number dialled."""
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _Hurried(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """See httpcore."""
        return self._stream.get_extra_info(info)


def _resolve(host: str, port: int) -> list[Any]:
    try:
        return list(socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM))
    except OSError as error:
        raise httpcore.ConnectError(f"{host}: {error}") from error


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the try's time is over")
    return left if timeout is None else min(left, timeout)


def _retry_after(value: bytes) -> timedelta | None:
    """Seconds or a date; what is neither counts as nothing said."""
    text = value.decode("ascii", "replace").strip()
    if text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(timedelta(0), moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC))
