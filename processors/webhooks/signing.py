"""Standard Webhooks signatures, and the secret they are made with.

Source: https://www.standardwebhooks.com (the specification), whose Python library signs.
"""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from events.errors import SetupIncomplete

_PREFIX = "whsec_"
_SECRET_BYTES = 32
_SHORTEST_BYTES = 16


def headers_of(message: str, body: bytes, signers: Sequence[Webhook], now: datetime) -> dict[str, str]:
    """The three headers of a try; one signature per secret, so that a receiver may know the old or the new one."""
    moment = now.astimezone(UTC)
    signed = [signer.sign(message, moment, body.decode()) for signer in signers]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def signers_of(words: str, where: str) -> tuple[Webhook, ...]:
    """One signer per secret, newest first.

    Raises:
        SetupIncomplete: there is none, or one is no `whsec_` with at least 16 bytes of base64.
    """
    if not words.split():
        raise SetupIncomplete(f"{where} holds no secret to sign webhooks with: delete it, and one is made")
    return tuple(_signer(word, where) for word in words.split())


def read_secrets(configured: str | None, file: Path) -> tuple[Webhook, ...]:
    """Signers from the setting, or from `file`, which is made if there is none.

    Raises:
        SetupIncomplete: as `signers_of`.
    """
    if configured is not None:
        return signers_of(configured, "GOALTRAIL_WEBHOOKS__SECRET")
    if not file.exists():
        _make(file)
    return signers_of(file.read_text(), str(file))


def _make(file: Path) -> None:
    """A new secret for its owner alone; of two processes that start at once, one makes it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".webhooks-")  # mkstemp gives mode 0600
    try:
        os.write(handle, f"{_PREFIX}{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}\n".encode())
        os.fsync(handle)
        os.link(draft, file)
    except FileExistsError:
        pass  # the other one was faster; its secret counts
    finally:
        os.close(handle)
        Path(draft).unlink()


def _signer(word: str, where: str) -> Webhook:
    try:
        key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not word.startswith(_PREFIX) or len(key) < _SHORTEST_BYTES:
        raise SetupIncomplete(f"{where}: a secret is {_PREFIX} and base64 of at least {_SHORTEST_BYTES} bytes")
    return Webhook(word)
