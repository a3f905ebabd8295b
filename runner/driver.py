"""Starts Playwright's driver in a session of its own, so that a signal to the runner's group does not end the browser.

Ctrl-C, supervisors and service managers signal whole process groups. The runner then still has tasks to give back or to
finish, and closes its browser itself; should it be killed, the driver ends because its pipe closes.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import playwright

_VARIABLE = "PLAYWRIGHT_NODEJS_PATH"  # Playwright starts what this names instead of its own node
_LEAVE_GROUP = "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])"


@contextmanager
def own_session() -> Iterator[None]:
    """Inside the block, a driver that is started leaves the runner's process group first."""
    named = os.environ.get(_VARIABLE)
    node = Path(named) if named else Path(playwright.__file__).parent / "driver" / "node"
    if not node.exists():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="goaltrail-driver-") as folder:
        script = Path(folder) / "node"
        words = [sys.executable, "-I", "-c", _LEAVE_GROUP, str(node)]
        script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        script.chmod(0o700)
        os.environ[_VARIABLE] = str(script)
        try:
            yield
        finally:
            if named:
                os.environ[_VARIABLE] = named
            else:
                del os.environ[_VARIABLE]
