"""The processes that the nemesis torments: started again whenever they end, whatever ended them."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.machine import Machine
from local.children import bound_to_us

_ROOT = Path(__file__).parent.parent
_END_SECONDS = 15.0

Kind = Literal["processors", "benchmarks.nemesis_runner"]


@dataclass(slots=True)
class Member:
    """One place in the fleet and the process that fills it."""

    kind: Kind
    number: int
    process: subprocess.Popen[bytes]
    ready: Path
    stopped_until: float = 0.0  #: monotonic; 0 while it runs


@dataclass(slots=True)
class Fleet:
    """All of it; every method is called from one thread, as the kernel ends children with the thread that made them."""

    machine: Machine
    settings: dict[str, str]
    members: list[Member] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    _launched: int = 0

    def add(self, kind: Kind, count: int) -> None:
        """Start as many more of a kind."""
        for _ in range(count):
            number = len(self.members)
            process, ready = self._launch(kind, number)
            self.members.append(Member(kind, number, process, ready))

    def tend(self) -> None:
        """Wake who slept long enough, and start again who ended."""
        for member in self.members:
            if member.stopped_until and time.monotonic() >= member.stopped_until:
                member.process.send_signal(signal.SIGCONT)
                member.stopped_until = 0.0
            code = member.process.poll()
            if code is not None:
                self.exits[f"{member.kind.rpartition('.')[2]}:{code}"] += 1
                member.process, member.ready = self._launch(member.kind, member.number)
                member.stopped_until = 0.0

    def kill(self, kind: Kind) -> bool:
        """`kill -9` one that is at work; false when none is."""
        victim = self._victim(kind)
        if victim is None:
            return False
        victim.process.kill()
        victim.process.wait()
        self.counts[f"kill {kind}"] += 1
        return True

    def stop(self, kind: Kind, seconds: float) -> bool:
        """Stop the clock of one that is at work; `tend` starts it again."""
        victim = self._victim(kind)
        if victim is None:
            return False
        victim.process.send_signal(signal.SIGSTOP)
        victim.stopped_until = time.monotonic() + seconds
        self.counts[f"stop {kind}"] += 1
        return True

    def heal(self) -> None:
        """Wake all and start all anew, without faults."""
        self.settings.pop("GOALTRAIL_FAULTS", None)
        for member in self.members:
            member.stopped_until = 0.0
            member.process.send_signal(signal.SIGCONT)
            if member.kind == "processors":
                member.process.kill()
                member.process.wait()
        self.tend()

    def close(self) -> None:
        """End all."""
        for member in self.members:
            member.process.send_signal(signal.SIGCONT)
            member.process.terminate()
        for member in self.members:
            try:
                member.process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                member.process.kill()
                member.process.wait()

    def _victim(self, kind: Kind) -> Member | None:
        able = [m for m in self.members if m.kind == kind and not m.stopped_until and self._at_work(m)]
        return random.choice(able) if able else None

    def _at_work(self, member: Member) -> bool:
        return member.process.poll() is None and (member.kind != "processors" or member.ready.exists())

    def _launch(self, kind: Kind, number: int) -> tuple[subprocess.Popen[bytes], Path]:
        self._launched += 1
        ready = self.machine.home / f"{kind}-{self._launched}.ready"
        with (self.machine.home / f"{kind}-{number}.log").open("ab") as log:
            process = subprocess.Popen(
                bound_to_us([sys.executable, "-m", kind]),
                env={**self.machine.environment(ready), **self.settings},
                cwd=_ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        return process, ready
