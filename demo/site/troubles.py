"""The switches as they stand now, and how often each counted one still has to strike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demo.site.switches import Fault, Switches


class Troubles:
    """Holds the switches; counted ones run down."""

    def __init__(self, switches: Switches) -> None:
        self.set(switches)

    def set(self, switches: Switches) -> None:
        """Take these switches, with all counts anew."""
        self.switches = switches
        self._expiries = switches.expire_sessions
        self._strikes_left = [fault.times for fault in switches.faults]
        self.slow_left = switches.slow_times
        self._rerenders_left = switches.rerender_pages

    def change(self, changes: Mapping[str, Any]) -> Switches:
        """Change some switches and leave the others; raises pydantic's ValidationError."""
        self.set(Switches.model_validate({**self.switches.model_dump(), **changes}))
        return self.switches

    def take_delay_ms(self, path: str) -> int:
        """How long to wait before answering this request; the longest path that fits counts."""
        fitting = [prefix for prefix in self.switches.slow_paths if _below(path, prefix)]
        delay = self.switches.slow_paths[max(fitting, key=len)] if fitting else self.switches.slow_ms
        if delay == 0 or self.slow_left is None:
            return delay
        if self.slow_left == 0:
            return 0
        self.slow_left -= 1
        return delay

    def take_rerender_ms(self) -> int:
        """How often this page draws its forms anew; 0 when it does not."""
        if self.switches.rerender_ms == 0 or self._rerenders_left is None:
            return self.switches.rerender_ms
        if self._rerenders_left == 0:
            return 0
        self._rerenders_left -= 1
        return self.switches.rerender_ms

    def take_expiry(self, path: str) -> bool:
        """Whether this request of somebody logged in logs them out."""
        if self._expiries == 0 or not _below(path, self.switches.expire_path):
            return False
        self._expiries -= 1
        return True

    def take_fault(self, method: str, path: str) -> Fault | None:
        """The error this request is answered with, if any."""
        for place, fault in enumerate(self.switches.faults):
            if self._strikes_left[place] and _below(path, fault.path) and fault.method in {None, method}:
                self._strikes_left[place] -= 1
                return fault
        return None

    def is_deadly(self, path: str) -> bool:
        """Whether the page at this path ends its renderer."""
        return self.switches.deadly_path is not None and _below(path, self.switches.deadly_path)


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")
