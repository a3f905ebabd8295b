"""Reading very many facts at once: without the collector, which would walk all of them again and again.

With a million waiting tasks that took more than half of the time. What is read stays for days and is freed by its
reference count, so it is set aside from later collections too: they would stop every decision for a second.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_readers = 0  # threads that are reading; the last one switches the collector on again


@contextmanager
def bulk() -> Iterator[None]:
    """Build many lasting objects; collection is off for the whole process meanwhile."""
    global _readers  # noqa: PLW0603 - there is one collector per process
    with _lock:
        _readers += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if not _readers:
                gc.freeze()
                gc.enable()
