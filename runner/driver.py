"""Starts Playwright's driver in a session of its own, so that a signal to the runner's group does not end the browser.

Ctrl-C, supervisors and service managers signal whole process groups. The runner then still has tasks to give back or to
finish, and closes its browser itself; should it be killed, the driver ends because its pipe closes. A driver that does not
end when told to is killed, and its browser ends because *its* pipe closes.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import playwright

_VARIABLE = "PLAYWRIGHT_NODEJS_PATH"  # Playwright starts what this names instead of its own node
_LEAVE_GROUP = "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])"


class Pid:
    """Of the driver that was started; none when it was started by Playwright itself."""

    def __init__(self) -> None:
        self.number: int | None = None

    def kill(self) -> None:
        """End it, if it is still there; a number that went to another process since is left alone."""
        if self.number is None:
            return
        with suppress(ChildProcessError, ProcessLookupError):
            os.waitid(os.P_PID, self.number, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # raises for one not ours
            os.kill(self.number, signal.SIGKILL)


@contextmanager
def own_session() -> Iterator[Pid]:
    """Inside the block, a driver that is started leaves the runner's process group first; its number is known after it."""
    pid = Pid()
    named = os.environ.get(_VARIABLE)
    node = Path(named) if named else Path(playwright.__file__).parent / "driver" / "node"
    if not node.exists():
        yield pid
        return
    with tempfile.TemporaryDirectory(prefix="goaltrail-driver-") as folder:
        script, told = Path(folder) / "node", Path(folder) / "pid"
        words = [sys.executable, "-I", "-c", _LEAVE_GROUP, str(node)]
        script.write_text(f'#!/bin/sh\necho $$ > {shlex.quote(str(told))}\nexec {shlex.join(words)} "$@"\n')
        script.chmod(0o700)
        os.environ[_VARIABLE] = str(script)
        try:
            yield pid
        finally:
            if named:
                os.environ[_VARIABLE] = named
            else:
                del os.environ[_VARIABLE]
            if told.exists():
                pid.number = int(told.read_text())
