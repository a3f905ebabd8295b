"""Shows the log lines of every process as they are written, each under its process's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class _Tail:
    file: Path
    offset: int = 0
    rest: bytes = field(default=b"")  # a line that is not whole yet

    def lines(self) -> Iterator[str]:
        size = self.file.stat().st_size if self.file.exists() else 0
        if size < self.offset:  # rotated
            self.offset = 0
        if size == self.offset:
            return
        with self.file.open("rb") as log:
            log.seek(self.offset)
            fresh = log.read()
        self.offset += len(fresh)
        *whole, self.rest = (self.rest + fresh).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")


class LogFollower:
    """The new lines of several logs since the last look."""

    def __init__(self, folder: Path, programs: list[str]) -> None:
        self._tails = [_Tail(folder / f"{name}.log") for name in programs]
        for tail in self._tails:
            tail.offset = tail.file.stat().st_size if tail.file.exists() else 0
        self._width = max((len(name) for name in programs), default=0)

    def new_lines(self) -> Iterator[str]:
        """Every whole line written since the last call."""
        for tail in self._tails:
            for line in tail.lines():
                yield f"{tail.file.stem:<{self._width}} | {line}"
