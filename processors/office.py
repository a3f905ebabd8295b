"""What one process at a time does in a thread of its own, from taking office to leaving it."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Office:
    """A thread that works from `start` to `stop`; both may be called again."""

    def __init__(self, name: str, work: Callable[[threading.Event], None], *, leave_seconds: float) -> None:
        """Start nothing yet.

        Args:
            name: of the thread.
            work: returns soon after the event it is given was set.
            leave_seconds: how long that is waited for.
        """
        self._name, self._work, self._leave_seconds = name, work, leave_seconds
        self._leaving: threading.Event | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take office."""
        if self._thread is None:
            self._leaving = threading.Event()
            self._thread = threading.Thread(target=self._work, args=(self._leaving,), name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Leave office; returns once the work has ended, or when that takes too long."""
        if self._thread is not None and self._leaving is not None:
            self._leaving.set()
            self._thread.join(timeout=self._leave_seconds)
            self._thread = None
