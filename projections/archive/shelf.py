"""The archive's folder, here or behind any URL that fsspec knows: manifests and files, put there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from uuid import uuid4

import fsspec
import structlog
from pydantic import ValidationError

from events.errors import StoreMismatch
from projections.archive.segment import FORMAT, ArchivedFile, Segment, left_behind, manifests_of, records_of
from projections.records import LogShape, Place

_log = structlog.get_logger(__name__)


class Shelf:
    """What lies below one URL; nothing is ever half there under its name."""

    def __init__(self, url: str) -> None:
        """A plain path is a folder of this machine."""
        self.url = url
        self._files, self._root = fsspec.core.url_to_fs(url)
        self._is_local = "file" in (self._files.protocol if isinstance(self._files.protocol, tuple) else ())

    def segments(self, log: LogShape) -> dict[Place, list[Segment]]:
        """All that was archived of this log.

        Raises:
            StoreMismatch: a manifest that cannot be read, or of a newer version.
        """
        found: dict[Place, list[Segment]] = {}
        for segment in self._manifests(log.cluster_id):
            if segment.belongs_to(log):
                found.setdefault(segment.place, []).append(segment)
        return found

    def put(self, source: Path, path: str) -> None:
        """Keep a local file under `path`, below the folder."""
        target = self._path(path)
        fresh = f"{target}.{uuid4().hex}.new"
        self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._files.put_file(str(source), fresh)
        self._sync(fresh)
        # A folder replaces in one act; object storage shows a copy once it is whole.
        if self._is_local:
            Path(fresh).replace(target)
        else:
            self._files.mv(fresh, target)
        self._sync(target.rpartition("/")[0])

    def commit(self, segment: Segment) -> None:
        """Write the manifest: from now on the segment's files count."""
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "manifest.json"
            draft.write_text(segment.model_dump_json(indent=1), "utf-8")
            self.put(draft, segment.manifest)

    def withdraw(self, segment: Segment) -> None:
        """Put the manifest aside: its files do not hold what it says."""
        _log.warning("segment withdrawn", action="archive.withdraw", manifest=segment.manifest)
        path = self._path(segment.manifest)
        self._files.mv(path, f"{path}.withdrawn")

    def tidy(self, log: LogShape, now: datetime) -> list[str]:
        """Remove what runs that were killed long ago left behind, and no manifest names; the paths removed."""
        folder = self._path(records_of(log.cluster_id))
        there = self._files.find(folder) if self._files.exists(folder) else []
        named = {self._path(file.path) for found in self._manifests(log.cluster_id) for file in found.files}
        removed = [path for path in there if path not in named and left_behind(path, now)]
        for path in removed:
            self._files.rm_file(path)
        return removed

    @contextmanager
    def local(self, segment: Segment) -> Iterator[dict[str, Path]]:
        """The segment's files by their path, as files of this machine for as long as the block lasts.

        Raises:
            StoreMismatch: a file is missing, or is not the one that was written.
        """
        with tempfile.TemporaryDirectory() as folder:
            yield {file.path: self._fetched(file, Path(folder)) for file in segment.files}

    def _manifests(self, cluster_id: str) -> Iterator[Segment]:
        folder = self._path(manifests_of(cluster_id))
        self._files.invalidate_cache()
        for path in sorted(self._files.find(folder)) if self._files.exists(folder) else []:
            if path.endswith(".json"):
                yield self._segment(path)

    def _fetched(self, file: ArchivedFile, folder: Path) -> Path:
        path = self._path(file.path)
        try:
            if self._is_local:
                found = Path(path)
            else:
                found = folder / f"{uuid4().hex}.parquet"
                self._files.get_file(path, str(found))
            with found.open("rb") as content:
                same = file_digest(content, "sha256").hexdigest() == file.sha256
        except OSError as error:
            raise StoreMismatch(f"the archive {self.url} lacks {file.path}: {error}") from error
        if not same:
            raise StoreMismatch(f"{file.path} in the archive {self.url} is not the file that was written")
        return found

    def _segment(self, path: str) -> Segment:
        try:
            segment = Segment.model_validate_json(self._files.cat_file(path))
        except ValidationError as error:
            raise StoreMismatch(f"{path} is no manifest of an archive: {error}") from error
        if segment.format > FORMAT:
            raise StoreMismatch(f"{path} has format {segment.format}, this version reads {FORMAT}: update it")
        return segment

    def _path(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"

    def _sync(self, path: str) -> None:
        """Records are deleted from the log on the strength of these files: they must outlast a power cut."""
        if self._is_local:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
