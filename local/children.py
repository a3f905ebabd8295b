"""Command lines whose processes do not outlive the one that started them."""

from __future__ import annotations

import shutil
from functools import cache


@cache
def _setpriv() -> str | None:
    return shutil.which("setpriv")  # util-linux; elsewhere children are ended by their keeper alone


def bound_to_us(command: list[str]) -> list[str]:
    """The same command, asked by the kernel to end when its parent ends, even by SIGKILL."""
    setpriv = _setpriv()
    return [setpriv, "--pdeathsig", "TERM", "--", *command] if setpriv else command
