"""Every way to end the demo is Ctrl-C, and while it tidies up nothing disturbs it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def every_end_is_ctrl_c() -> None:
    """SIGTERM and a closed terminal raise KeyboardInterrupt too, so that what was started is stopped."""
    for number in _ENDS:
        signal.signal(number, signal.default_int_handler)


@contextmanager
def deaf() -> Iterator[None]:
    """Ignore all of them: a second Ctrl-C would leave processes behind."""
    before = [signal.signal(number, signal.SIG_IGN) for number in _ENDS]
    try:
        yield
    finally:
        for number, handler in zip(_ENDS, before, strict=True):
            signal.signal(number, handler)
