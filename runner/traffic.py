"""How the site answered what was sent to it: the last answer per address, without bodies."""

from __future__ import annotations

from collections import OrderedDict
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Request, Response

_KEPT = 50
_REFUSED_FROM = 400  # HTTP statuses
_KINDS = frozenset({"document", "xhr", "fetch"})


class Traffic:
    """Listens to a context; what is sent again at the same address replaces what it was answered before."""

    def __init__(self, context: BrowserContext) -> None:
        self._answers: OrderedDict[tuple[str, str, str], int | None] = OrderedDict()
        context.on("response", self._answered)
        context.on("requestfailed", self._failed)

    def refused(self, url: str) -> str | None:
        """What the site of this page did not take, as a sentence; addresses without their queries, which may be private."""
        host = urlsplit(url).netloc
        for (method, where, path), status in self._answers.items():
            if where == host and (status is None or status >= _REFUSED_FROM):
                return f"{method} {path} was answered {'not at all' if status is None else f'HTTP {status}'}"
        return None

    def taken(self, url: str) -> bool:
        """Whether anything was sent to the site of this page, and all of it was taken."""
        host = urlsplit(url).netloc
        return any(where == host for _, where, _ in self._answers) and self.refused(url) is None

    def _answered(self, response: Response) -> None:
        self._keep(response.request, response.status)

    def _failed(self, request: Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):
            self._keep(request, None)

    def _keep(self, request: Request, status: int | None) -> None:
        if request.method in {"GET", "HEAD", "OPTIONS"} or request.resource_type not in _KINDS:
            return
        parts = urlsplit(request.url)
        key = (request.method, parts.netloc, parts.path)
        self._answers.pop(key, None)
        self._answers[key] = status
        if len(self._answers) > _KEPT:
            self._answers.popitem(last=False)
