"""Sessions of accounts: what a browser keeps of a login, sealed, one file per site and account, held by one task at a time."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import fsspec
import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

_FOLDER = "accounts"
_MOST_BYTES = 2_000_000  # as of checkpoints
_DEFAULT_PORTS = {"http": 80, "https": 443}

log = structlog.get_logger("runner")


class _Kept(BaseModel):
    """What lies in a file, under its seal."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    origin: str
    account: str
    kept_at: AwareDatetime
    storage_state: dict[str, Any]


class AccountSessions:
    """Keeps sessions beside the artifacts, where every runner finds them; the first key seals, every key opens."""

    def __init__(
        self,
        url: str,
        keys: Sequence[str],
        *,
        lasts: timedelta = timedelta(days=14),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._files: Any
        self._root: str
        self._files, self._root = fsspec.core.url_to_fs(url, auto_mkdir=True)
        self._seal = MultiFernet([Fernet(key) for key in keys])
        self._lasts, self._now = lasts, now
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get(self, site_url: str, account: str) -> dict[str, Any] | None:
        """The session as `new_context(storage_state=...)` takes it; none when there is none that can be used."""
        origin = _origin(site_url)
        try:
            sealed = await asyncio.to_thread(self._files.cat_file, self._place(origin, account))
            kept = _Kept.model_validate_json(self._seal.decrypt(sealed))
        except FileNotFoundError:
            return None
        except (OSError, InvalidToken, ValidationError) as error:
            log.warning("a session is not used", action="account.read", site=origin, reason=type(error).__name__)
            return None
        # A file under another's name would log a task in as somebody else.
        if (kept.origin, kept.account) != (origin, account) or kept.kept_at + self._lasts <= self._now():
            return None
        return kept.storage_state

    async def keep(self, site_url: str, account: str, state: dict[str, Any]) -> bool:
        """Keep a session for the account's next task, in place of the one before; false when it is too large."""
        origin = _origin(site_url)
        kept = _Kept(origin=origin, account=account, kept_at=self._now(), storage_state=state)
        content = kept.model_dump_json().encode()
        if len(content) > _MOST_BYTES:
            return False
        await asyncio.to_thread(self._write, self._place(origin, account), self._seal.encrypt(content))
        return True

    async def drop(self, site_url: str, account: str) -> None:
        """Forget a session: the site asked for a login in spite of it."""
        with suppress(FileNotFoundError):
            await asyncio.to_thread(self._files.rm_file, self._place(_origin(site_url), account))

    @asynccontextmanager
    async def lock(self, site_url: str, account: str) -> AsyncIterator[None]:
        """Hold the account within this runner; between runners the ceiling of the account does."""
        place = self._place(_origin(site_url), account)
        lock = self._locks.setdefault(place, asyncio.Lock())
        async with lock:
            yield

    def _write(self, place: str, sealed: bytes) -> None:
        if "file" not in _protocols(self._files):
            self._files.pipe_file(place, sealed)
            return
        # A reader must never meet half a session, nor another user of the machine any of it.
        target = Path(place)
        half = target.with_name(f"{target.name}.{os.getpid()}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        half.touch(mode=0o600)
        half.write_bytes(sealed)
        half.replace(target)

    def _place(self, origin: str, account: str) -> str:
        name = hashlib.sha256(f"{origin}\n{account}".encode()).hexdigest()
        return f"{self._root}/{_FOLDER}/{name}.session"


def _origin(site_url: str) -> str:
    parts = urlsplit(site_url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower().rstrip('.')}:{port}"


def _protocols(files: Any) -> tuple[str, ...]:
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
