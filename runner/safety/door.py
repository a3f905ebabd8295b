"""The one way out of a task's browser: a SOCKS5 proxy that connects only to addresses it has judged.

A browser that looks names up itself may get another answer than whoever judged them a moment before (DNS rebinding). Here
one answer is judged and connected to, for pages, what they embed, redirects, sockets and workers alike.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

from events.addresses import AddressRules

_VERSION, _CONNECT, _NO_LOGIN = 5, 1, 0
_IPV4, _NAME, _IPV6 = 1, 3, 4
_DONE, _REFUSED, _UNREACHABLE = 0, 2, 4
_NOWHERE = bytes([0, _IPV4, 0, 0, 0, 0, 0, 0])  #: the part of an answer that no browser reads
_CHUNK_BYTES = 65_536
_CONNECT_SECONDS = 15.0


class Door:
    """Judges where connections go, and makes those that may be made."""

    def __init__(self, rules: AddressRules, refused: Callable[[str], None]) -> None:
        self._rules, self._refused = rules, refused
        self._busy: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[int]:
        """Listen on a loopback port; all its connections end with it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for task in list(self._busy):
                task.cancel()
            await asyncio.gather(*self._busy, return_exceptions=True)

    async def refusal(self, host: str, port: int) -> str | None:
        """Why a host must not be connected to, or none; one that has no address is left to fail as it does."""
        with suppress(OSError):
            return self._rules.refusal(host, await _addresses(host, port))
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker; a coroutine runs in a task
        self._busy.add(task)
        try:
            await self._pass(reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # whoever asked sees the connection end
        except asyncio.CancelledError:
            pass  # the door is closed; asyncio's server would report it as an error
        finally:
            self._busy.discard(task)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await _asked(reader, writer)
        if asked is None:
            return
        host, port = asked
        try:
            found = await _addresses(host, port)
            reason = self._rules.refusal(host, found)
            if reason is not None:
                self._refused(reason)
                await _answer(writer, _REFUSED)
                return
            far_reader, far_writer = await _connected(found, port)
        except (OSError, TimeoutError):
            await _answer(writer, _UNREACHABLE)
            return
        try:
            await _answer(writer, _DONE)
            await _both_ways(reader, writer, far_reader, far_writer)
        finally:
            far_writer.close()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int] | None:
    """Where the browser wants to go (RFC 1928); none when it wants something else."""
    version, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    if version != _VERSION:
        return None
    writer.write(bytes([_VERSION, _NO_LOGIN]))
    _, command, _, kind = await reader.readexactly(4)
    if command != _CONNECT:
        return None
    host = await _host(reader, kind)
    return host, int.from_bytes(await reader.readexactly(2), "big")


async def _host(reader: asyncio.StreamReader, kind: int) -> str:
    if kind == _NAME:
        (length,) = await reader.readexactly(1)
        return (await reader.readexactly(length)).decode("ascii", "replace")
    if kind == _IPV6:
        return str(IPv6Address(await reader.readexactly(16)))
    return str(IPv4Address(await reader.readexactly(4)))


async def _addresses(host: str, port: int) -> list[str]:
    with suppress(ValueError):
        return [str(ip_address(host.strip("[]")))]
    loop = asyncio.get_running_loop()
    entries = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


async def _connected(found: list[str], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    problem: Exception = OSError("the name has no address")
    for address in found:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await asyncio.open_connection(address, port)
        except (OSError, TimeoutError) as error:
            problem = error
    raise problem


async def _answer(writer: asyncio.StreamWriter, code: int) -> None:
    writer.write(bytes([_VERSION, code]) + _NOWHERE)
    await writer.drain()


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    async with asyncio.TaskGroup() as both:
        both.create_task(_pump(reader, far_writer))
        both.create_task(_pump(far_reader, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while content := await source.read(_CHUNK_BYTES):
            target.write(content)
            await target.drain()
    with suppress(OSError):
        target.close()
