"""Where a Chromium is: the order of places to look. Pure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from events.errors import SetupIncomplete

_ON_PATH = ("chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable")


def find_chromium(
    configured: Path | None,
    bundled: Path,
    *,
    exists: Callable[[Path], bool],
    which: Callable[[str], str | None],
) -> Path:
    """The browser to start: the configured one, Playwright's own, or one the system has.

    Headless-shell comes before full Chromium: a third of the memory, and it carries four times the contexts.

    Raises:
        SetupIncomplete: there is none; the text holds the lines to type.
    """
    if configured is not None:
        if not exists(configured):
            raise SetupIncomplete(f"the configured browser {str(configured)!r} does not exist")
        return configured
    if exists(bundled):
        return bundled
    for name in _ON_PATH:
        found = which(name)
        if found is not None:
            return Path(found)
    raise SetupIncomplete(
        "no Chromium was found: type `apt-get install chromium-headless-shell`, or `playwright install chromium`,"
        " or set GOALTRAIL_BROWSER__EXECUTABLE"
    )
