"""Finds a Chromium that Playwright can drive."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from events.errors import SetupIncomplete

#: In this order: the first is the smallest and asks no host for anything (runner-notes.md §1).
_INSTALLED = ("chromium-headless-shell", "chromium", "google-chrome")


def find(chosen: Path | None = None) -> Path:
    """The browser to drive: the chosen one, else Playwright's own, else one of the system's.

    Raises:
        SetupIncomplete: there is none, or the chosen one does not exist.
    """
    if chosen is not None:
        if os.access(chosen, os.X_OK):
            return chosen
        raise SetupIncomplete(f"GOALTRAIL_BROWSER__EXECUTABLE names {str(chosen)!r}, which cannot be run")
    own = next(_playwrights_own(), None)
    if own is not None:
        return own
    found = next(filter(None, map(shutil.which, _INSTALLED)), None)
    if found is None:
        raise SetupIncomplete(
            "no Chromium found; type: apt-get install chromium-headless-shell   (or: playwright install chromium)"
        )
    return Path(found)


def _playwrights_own() -> Iterator[Path]:
    """What `playwright install chromium` left; found by its folder names, since asking starts a node process."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    revision = _expected_revision()
    for pattern in (f"chromium_headless_shell-{revision}/*/*headless*shell", f"chromium-{revision}/*/chrome"):
        yield from (file for file in sorted(cache.glob(pattern)) if os.access(file, os.X_OK))


def _expected_revision() -> str:
    spec = importlib.util.find_spec("playwright")
    if spec is None or spec.origin is None:
        raise SetupIncomplete("playwright is not installed; type: make setup")
    listed = Path(spec.origin).parent / "driver" / "package" / "browsers.json"
    browsers = json.loads(listed.read_text())["browsers"]
    return next(str(browser["revision"]) for browser in browsers if browser["name"] == "chromium")
