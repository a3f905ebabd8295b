"""Snapshots of folds in local files, so that a restart reads what came since instead of the whole log.

A cache of a cache: any doubt discards it. Written only behind checked offsets; never shared between machines
(design.md §2.8).
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)

FOLD_VERSION = 7  #: raised whenever a fold, the states or `evolve` change; older files are discarded
EVERY_FACTS = 20_000  #: fewer are read again faster than a file is worth

Fold = TypeVar("Fold")


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """Which log a fold was read from: a wiped or other cluster has other ids."""

    cluster_id: str
    topic_id: str


@dataclass(frozen=True, slots=True)
class _Header:
    fold_version: int
    cluster_id: str
    topic_id: str
    name: str
    facts: int
    sha256: str


class Snapshots:
    """One file per fold in `folder`."""

    def __init__(self, folder: Path, identity: LogIdentity) -> None:
        self._folder = folder
        self._identity = identity
        self._saved: dict[str, int] = {}  #: by name, how many facts its newest file holds

    def load(self, name: str, kind: type[Fold]) -> Fold | None:
        """The fold of the newest file, if it can be trusted."""
        try:
            head, _, body = self._path(name).read_bytes().partition(b"\n")
            header = _Header(**json.loads(head))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            self.discard(name, f"unreadable header: {error}")
            return None
        if header != self._header(name, header.facts, body):
            self.discard(name, "another log, version or content")
            return None
        fold = pickle.loads(body)  # noqa: S301 - our own file in a folder nobody else may enter, checksum verified
        if not isinstance(fold, kind):
            self.discard(name, f"no {kind.__name__} inside")
            return None
        self._saved[name] = header.facts
        return fold

    def wanted(self, name: str, facts: int) -> bool:
        """Whether a fold of so many facts holds enough more than its newest file."""
        return facts - self._saved.get(name, 0) >= EVERY_FACTS

    def save(self, name: str, fold: object, facts: int) -> None:
        """Replace the fold's file; it must hold nothing that is not on the log."""
        body = pickle.dumps(fold, protocol=pickle.HIGHEST_PROTOCOL)
        header = self._header(name, facts, body)
        self._folder.mkdir(parents=True, exist_ok=True)
        # Two processes on one machine may share the folder, so each writes a file of its own first.
        fresh = self._path(name).with_suffix(f".{os.getpid()}.new")
        fresh.write_bytes(json.dumps(asdict(header)).encode() + b"\n" + body)
        fresh.replace(self._path(name))
        self._saved[name] = facts

    def discard(self, name: str, why: str) -> None:
        """Remove the fold's file, as it cannot be trusted."""
        log.warning("snapshot discarded; the log is read anew", action="snapshot.discard", name=name, why=why)
        self._path(name).unlink(missing_ok=True)

    def _header(self, name: str, facts: int, body: bytes) -> _Header:
        digest = hashlib.sha256(body).hexdigest()
        return _Header(FOLD_VERSION, self._identity.cluster_id, self._identity.topic_id, name, facts, digest)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.snapshot"
