"""Every way to end the demo is Ctrl-C, and while it tidies up nothing disturbs it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_asked = Event()


def every_end_is_ctrl_c() -> None:
    """SIGTERM and a closed terminal raise KeyboardInterrupt too, so that what was started is stopped."""
    _asked.clear()
    for number in _ENDS:
        signal.signal(number, _end)


def end_if_asked() -> None:
    """Raise KeyboardInterrupt once more: Python drops one that comes while it tidies up an object."""
    if _asked.is_set():
        raise KeyboardInterrupt


def _end(number: int, frame: FrameType | None) -> None:
    _asked.set()
    signal.default_int_handler(number, frame)


@contextmanager
def deaf() -> Iterator[None]:
    """Ignore all of them: a second Ctrl-C would leave processes behind."""
    before = [signal.signal(number, signal.SIG_IGN) for number in _ENDS]
    try:
        yield
    finally:
        for number, handler in zip(_ENDS, before, strict=True):
            signal.signal(number, handler)
