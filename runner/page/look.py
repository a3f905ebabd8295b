"""Looks at a page: one call into each of its documents, and a wait that ends when the page is at rest."""

from __future__ import annotations

import contextlib
import json
from importlib.resources import files
from typing import Any

from playwright.async_api import BrowserContext, Error, Page

from runner.page.view import View, read_view

_LIMIT = 1_200  # elements of one document; what comes later is further down the page than anybody reads
_STILL_MS = 45.0  # no change for so long: at rest
_MOST_MS = 1_600.0  # pages with a clock never rest


def _script(name: str) -> str:
    lines = files("runner.page").joinpath(name).read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("//"))


_EXTRACT, _QUIET = _script("extract.js"), _script("quiet.js")
LISTENERS = _script("listeners.js")


async def watch(context: BrowserContext) -> None:
    """Have every page of the context remember what listens; before its first page is opened."""
    await context.add_init_script(LISTENERS)


async def look(page: Page, before: View | None = None, *, ignore: str = "") -> View:
    """What the page shows now.

    Args:
        page: where to look.
        before: the last view of it, for what is new.
        ignore: selector of parts that do not belong to the page, such as a bar of the embedding tool.
    """
    told: list[tuple[str, dict[str, Any]]] = []
    for frame in page.frames:
        argument = {"ignore": ignore, "limit": _LIMIT}
        if frame == page.main_frame:
            told.append(("", json.loads(await frame.evaluate(_EXTRACT, argument))))
            continue
        with contextlib.suppress(Error):  # a frame that is on its way elsewhere shows nothing yet
            told.append((frame.name or frame.url, json.loads(await frame.evaluate(_EXTRACT, argument))))
    return read_view(told, before)


async def settle(page: Page, most_ms: float = _MOST_MS) -> None:
    """Wait until the page is at rest, or long enough."""
    with contextlib.suppress(Error):  # it navigated meanwhile; the next look waits for what came
        await page.evaluate(_QUIET, {"still": _STILL_MS, "most": most_ms})
