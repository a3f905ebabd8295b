"""Files kept outside the log, named by their content."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec

from events.steps import Artifact

_NAME = re.compile(r"[0-9a-f]{64}")
_LEFTOVER = re.compile(r"[0-9a-f]{64}\.part")  # of a writer that was killed


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file as the store has it."""

    name: str  #: its SHA-256, or what a writer left that was killed
    size_bytes: int
    kept_at: datetime  #: when it was last put


class ArtifactStore:
    """A folder, or anything else fsspec has a URL for; the same content is kept once."""

    def __init__(self, url: str) -> None:
        self._files: Any
        self._root: str
        self._files, self._root = fsspec.core.url_to_fs(url, auto_mkdir=True)
        self._local = "file" in _protocols(self._files)

    async def put(self, kind: str, content: bytes, media_type: str) -> Artifact:
        """Keep one file; returns what a fact says about it."""
        sha256 = hashlib.sha256(content).hexdigest()
        await asyncio.to_thread(self._write, sha256, content)
        return Artifact(kind=kind, sha256=sha256, media_type=media_type, size_bytes=len(content))

    async def get(self, sha256: str) -> bytes:
        """The content of one file.

        Raises:
            FileNotFoundError: the store does not hold it.
            ValueError: that is no name of a file of ours.
        """
        if not _NAME.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256 in hexadecimal")
        content: bytes = await asyncio.to_thread(self._files.cat_file, self._place(sha256))
        return content

    def files(self) -> Iterator[KeptFile]:
        """All files, a part of the store at a time; what lies beside them in the same folder is not ours. Blocks."""
        for number in range(256):
            folder = f"{self._root}/{number:02x}"
            for place, told in self._files.find(folder, detail=True).items():
                name = str(place).rpartition("/")[2]
                if not (_NAME.fullmatch(name) or _LEFTOVER.fullmatch(name)):
                    continue
                with suppress(FileNotFoundError):  # gone meanwhile
                    yield KeptFile(name, int(told["size"]), self._kept_at(place, told))

    def remove(self, kept: KeptFile) -> bool:
        """Delete a file, unless it was put again since it was listed; whether it is gone. Blocks."""
        place = self._place(kept.name)
        try:
            if self._kept_at(place, self._files.info(place)) != kept.kept_at:
                return False
            self._files.rm_file(place)
        except FileNotFoundError:
            pass
        return True

    def _kept_at(self, place: str, told: dict[str, Any]) -> datetime:
        if "mtime" in told:
            return datetime.fromtimestamp(told["mtime"], UTC)
        modified: datetime = self._files.modified(place)
        return modified if modified.tzinfo else modified.replace(tzinfo=UTC)

    def _write(self, sha256: str, content: bytes) -> None:
        place = self._place(sha256)
        if not self._local:
            self._files.pipe_file(place, content)
            return
        with suppress(FileNotFoundError):
            os.utime(place)  # it is as new as the fact that names it again
            return
        # A reader must never meet half a file, and sessions are kept here: for the owner's eyes only.
        half = Path(f"{place}.part")
        half.parent.mkdir(parents=True, exist_ok=True)
        half.touch(mode=0o600)
        half.write_bytes(content)
        half.replace(place)

    def _place(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256}"


def _protocols(files: Any) -> tuple[str, ...]:
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
