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

import structlog

from processors.fold import PartitionFold

log = structlog.get_logger(__name__)

FOLD_VERSION = 1  #: raised whenever PartitionFold, the states or `evolve` change; older files are discarded
EVERY_FACTS = 20_000  #: of one partition; fewer are read again faster than a file is worth


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
    partition: int
    next_offset: int
    sha256: str


class Snapshots:
    """One file per partition in `folder`."""

    def __init__(self, folder: Path, identity: LogIdentity) -> None:
        self._folder = folder
        self._identity = identity
        self._saved: dict[int, int] = {}  #: by partition, the offset of its newest file

    def load(self, partition: int) -> PartitionFold:
        """The fold of the newest file that can be trusted, else an empty one."""
        try:
            head, _, body = self._path(partition).read_bytes().partition(b"\n")
            header = _Header(**json.loads(head))
        except FileNotFoundError:
            return PartitionFold(partition)
        except (ValueError, TypeError) as error:
            return self._discard(partition, f"unreadable header: {error}")
        expected = self._header(partition, header.next_offset, body)
        if header != expected:
            return self._discard(partition, "another log, version or content")
        fold = pickle.loads(body)  # noqa: S301 - our own file in a folder nobody else may enter, checksum verified
        if not isinstance(fold, PartitionFold):
            return self._discard(partition, "no fold inside")
        self._saved[partition] = fold.next_offset
        return fold

    def wanted(self, fold: PartitionFold) -> bool:
        """Whether enough was added since the newest file."""
        return fold.next_offset - self._saved.get(fold.partition, 0) >= EVERY_FACTS

    def save(self, fold: PartitionFold) -> None:
        """Replace the partition's file; the fold must hold nothing that is not on the log."""
        body = pickle.dumps(fold, protocol=pickle.HIGHEST_PROTOCOL)
        header = self._header(fold.partition, fold.next_offset, body)
        self._folder.mkdir(parents=True, exist_ok=True)
        # Two processes on one machine may share the folder, so each writes a file of its own first.
        fresh = self._path(fold.partition).with_suffix(f".{os.getpid()}.new")
        fresh.write_bytes(json.dumps(asdict(header)).encode() + b"\n" + body)
        fresh.replace(self._path(fold.partition))
        self._saved[fold.partition] = fold.next_offset

    def _header(self, partition: int, next_offset: int, body: bytes) -> _Header:
        digest = hashlib.sha256(body).hexdigest()
        return _Header(FOLD_VERSION, self._identity.cluster_id, self._identity.topic_id, partition, next_offset, digest)

    def _path(self, partition: int) -> Path:
        return self._folder / f"fold-{partition}.snapshot"

    def _discard(self, partition: int, why: str) -> PartitionFold:
        log.warning("snapshot discarded; the partition is read anew", action="snapshot.discard", why=why)
        self._path(partition).unlink(missing_ok=True)
        return PartitionFold(partition)
