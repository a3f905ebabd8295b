"""Secret references become values here and nowhere else, and every text about to leave is cleaned of them."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[secret]"


class UnresolvedSecret(Exception):
    """Raised when a reference leads nowhere; the text names the secret and where it was looked for."""


class SecretBox:
    """The secrets of one task; remembers the values it gave out, to take them out of what is written."""

    def __init__(self, references: Mapping[str, str]) -> None:
        self._references = dict(references)
        self._values: dict[str, str] = {}

    def value(self, name: str) -> str:
        """The value of one secret.

        Raises:
            UnresolvedSecret: no such name, or its environment variable or file is missing or empty.
        """
        if name not in self._values:
            if name not in self._references:
                raise UnresolvedSecret(f"no secret named {name!r} was given with the task")
            self._values[name] = _resolve(name, self._references[name])
        return self._values[name]

    @property
    def in_use(self) -> bool:
        """Whether the task refers to secrets at all."""
        return bool(self._references)

    @property
    def values_given(self) -> tuple[str, ...]:
        """The values that were asked for so far."""
        return tuple(self._values.values())

    def forms(self) -> list[str]:
        """Every form in which a value given out may show, longest first."""
        shown = {form for value in self._values.values() for form in _forms(value)}
        return sorted(shown, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """The text without any value given out."""
        for form in self.forms():
            text = text.replace(form, MASK)
        return text

    def redact_json(self, value: Any) -> Any:
        """A JSON value, redacted in every text and key."""
        match value:
            case str():
                return self.redact(value)
            case dict():
                return {self.redact(str(key)): self.redact_json(item) for key, item in value.items()}
            case list():
                return [self.redact_json(item) for item in value]
            case _:
                return value


def _resolve(name: str, reference: str) -> str:
    kind, _, place = reference.partition(":")
    if kind == "env":
        value = os.environ.get(place, "")
        where = f"environment variable {place!r} of the runner"
    else:
        where = f"file {place!r} on the runner's machine"
        try:
            value = Path(place).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            value = ""
    if not value:
        raise UnresolvedSecret(f"secret {name!r}: {where} is missing or empty")
    return value


def _forms(value: str) -> set[str]:
    """A value as it is written in addresses, in pages and in JSON, and as pages and addresses are written in JSON."""
    in_text, in_attribute = html.escape(value, quote=False), value.replace("&", "&amp;").replace('"', "&quot;")
    numbered = html.escape(value).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    plain = {value, html.escape(value), in_text, in_attribute, numbered}
    plain |= {quote(value, safe=""), quote(value), quote_plus(value)}
    escaped = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for text in plain for ascii_only in (True, False)}
    careful = {_careful(text) for text in escaped}
    return plain | escaped | careful | {json.dumps(text)[1:-1] for text in escaped}


def _careful(text: str) -> str:
    """As servers write JSON that shall be safe inside a page."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
