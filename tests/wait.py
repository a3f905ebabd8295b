"""Waits on a condition; tests never sleep for a guessed time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE_S = 0.02


def until(predicate: Callable[[], T], timeout: float = 30.0, *, what: str = "") -> T:
    """The first truthy answer of `predicate`; an assertion error once `timeout` seconds have passed."""
    deadline = time.monotonic() + timeout
    idle = threading.Event()
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or predicate!r}")
        idle.wait(_PAUSE_S)
    return answer
