"""Installs missing parts from Debian's packages when we may, and says the line to type when we may not."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

from events.errors import SetupIncomplete

_TIMEOUT_S = 900
_LAST_LINES = 10  #: of what apt-get said that are shown when it fails


def install(*packages: str) -> None:
    """Install these packages.

    Raises:
        SetupIncomplete: we are not root, this is no Debian, or apt-get failed.
    """
    line = f"apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise SetupIncomplete(f"install what Debian calls {' '.join(packages)} with your system's package tool")
    if os.geteuid() != 0:
        raise SetupIncomplete(f"type: sudo {line}")
    _update()
    _apt_get("install", "-y", "--no-install-recommends", *packages)


@cache
def _update() -> None:
    """Once per run: a fresh machine has no package lists."""
    _apt_get("update")


def _apt_get(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", "-qq", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        raise SetupIncomplete(f"apt-get {' '.join(arguments)} failed:\n{said}")
