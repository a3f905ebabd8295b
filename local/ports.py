"""Finds free TCP ports on 127.0.0.1."""

from __future__ import annotations

import socket
from contextlib import ExitStack

LOCALHOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError:
            return False
    return True


def answers(port: int, timeout: float = 0.5) -> bool:
    """Whether somebody accepts connections on this port."""
    try:
        with socket.create_connection((LOCALHOST, port), timeout=timeout):
            return True
    except OSError:
        return False


def free(count: int) -> list[int]:
    """That many different ports nobody listens on."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOCALHOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def keep_or_find(wanted: int) -> int:
    """The wanted port if it is free, else another one."""
    return wanted if wanted and is_free(wanted) else free(1)[0]
