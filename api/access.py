"""Which API keys open the door: a fold of `access.events`, and the making of keys. No I/O."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime

from events.access import SCOPES, AccessEnvelope, KeyCreated, KeyRevoked, Scope

PREFIX = "gt_"
_SECRET_BYTES = 32
_ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as its key says."""

    key_id: str
    name: str
    scopes: frozenset[Scope]

    @property
    def issued_by(self) -> str:
        """How the caller is named in commands and facts."""
        return f"api:{self.key_id}"

    @property
    def signature(self) -> str:
        """How the caller signs acts that people read; names are not unique, so the key's id is there too."""
        return f"{self.name} ({self.issued_by})"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One key as the log tells it."""

    key_id: str
    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    revoked_at: datetime | None = None


def new_key() -> str:
    """A fresh secret; shown once, kept nowhere."""
    return PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def new_key_id() -> str:
    """A fresh public name for a key."""
    return secrets.token_hex(_ID_BYTES)


def hash_of(key: str) -> str:
    """What is recorded of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def created(key: str, *, key_id: str, name: str, scopes: list[Scope]) -> KeyCreated:
    """The fact that a key was made; it holds the hash alone."""
    return KeyCreated(key_id=key_id, name=name, sha256=hash_of(key), scopes=[s for s in SCOPES if s in scopes])


@dataclass(slots=True)
class KeyRing:
    """All keys the log tells of; safe to read while the follower adds to it."""

    _by_id: dict[str, KnownKey] = field(default_factory=dict)
    _by_hash: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, envelope: AccessEnvelope) -> None:
        """Take one fact; the same one twice changes nothing."""
        event = envelope.event
        with self._lock:
            match event:
                case KeyCreated() if event.key_id not in self._by_id:
                    self._by_id[event.key_id] = KnownKey(
                        event.key_id, event.name, event.sha256, tuple(event.scopes), envelope.recorded_at
                    )
                    self._by_hash[event.sha256] = event.key_id
                case KeyRevoked():
                    self._revoke(event.key_id, envelope.recorded_at)
                case _:
                    pass

    def caller(self, presented: str) -> Caller | None:
        """Who holds this key; none when it opens nothing.

        Looked up by hash, which nobody can steer towards a stored one byte by byte; the comparison takes constant time.
        """
        digest = hash_of(presented)
        known = self._by_id.get(self._by_hash.get(digest, ""))
        matches = hmac.compare_digest(known.sha256 if known else "0" * len(digest), digest)
        if known is None or not matches or known.revoked_at is not None:
            return None
        return Caller(known.key_id, known.name, frozenset(known.scopes))

    def find(self, key_id: str) -> KnownKey | None:
        """One key by its id, revoked ones too."""
        return self._by_id.get(key_id)

    def knows(self, key: str) -> bool:
        """Whether the log tells of this key, revoked or not."""
        return hash_of(key) in self._by_hash

    def all(self) -> list[KnownKey]:
        """Every key, oldest first."""
        with self._lock:
            return sorted(self._by_id.values(), key=lambda known: known.created_at)

    def _revoke(self, key_id: str, at: datetime) -> None:
        known = self._by_id.get(key_id)
        if known is not None and known.revoked_at is None:
            self._by_id[key_id] = KnownKey(
                known.key_id, known.name, known.sha256, known.scopes, known.created_at, revoked_at=at
            )
