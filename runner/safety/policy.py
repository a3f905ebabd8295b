"""Where the main window of a task may go: its site, and what the caller and the operator add. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from events.addresses import AddressRules

HOW_TO_ALLOW = "GOALTRAIL_BROWSER__ALLOWED names hosts and networks that are not public and may be visited all the same"
_ORIGINS = "the submission's `allowed_origins` or GOALTRAIL_BROWSER__ALLOWED_ORIGINS may name its origin"
_DEFAULT = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """The rules for one task."""

    site_url: str
    origins: tuple[str, ...] = ()  #: `https://login.example.org`, or `https://*.example.org`
    addresses: AddressRules = field(default_factory=lambda: AddressRules(how_to_allow=HOW_TO_ALLOW))

    @staticmethod
    def of(
        site_url: str, origins: Iterable[str] = (), allowed: Iterable[str] = (), *, allow_private: bool = False
    ) -> GuardPolicy:
        """Rules as a caller and an operator write them."""
        rules = AddressRules.of(allowed, allow_private=allow_private, how_to_allow=HOW_TO_ALLOW)
        return GuardPolicy(site_url, tuple(origins), rules)

    def refusal(self, url: str) -> str | None:
        """Why this document must not be shown, or none; its network address is judged elsewhere."""
        if url == "about:blank":
            return None
        try:
            parts = urlsplit(url)
            host, port = _host(parts.hostname), parts.port or _DEFAULT.get(parts.scheme)
        except ValueError:
            return f"{url[:200]!r} is no address"
        if port is None or not host:
            return f"{parts.scheme or url[:40]!r} is no scheme that a task may open: only http and https are"
        if self._is_site(host, port) or any(_names(origin, parts.scheme, host, port) for origin in self.origins):
            return None
        return f"{parts.scheme}://{parts.netloc} does not belong to the task's site {self.site_url}; {_ORIGINS}"

    def _is_site(self, host: str, port: int) -> bool:
        site = urlsplit(self.site_url)
        home = _host(site.hostname)
        ports = {site.port} if site.port else {80, 443}
        if port not in ports:
            return False
        return host == home or (not _is_address(home) and _within(host, home.removeprefix("www.")))


def _names(origin: str, scheme: str, host: str, port: int) -> bool:
    named = urlsplit(origin)
    name = _host(named.hostname)
    if named.scheme != scheme or (named.port or _DEFAULT.get(scheme)) != port:
        return False
    return host == name or (name.startswith("*.") and host.endswith(name[1:]))


def _within(host: str, home: str) -> bool:
    """Whether a host is the home or below it; a home of one word, such as `com`, has nothing below it."""
    return host == home or ("." in home and host.endswith(f".{home}"))


def _host(name: str | None) -> str:
    return (name or "").lower().rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
