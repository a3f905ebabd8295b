"""Reads what left the log from an archive's manifests and Parquet files, knowing nothing else of how it came there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import fsspec

from projections.recount.log import Raw

_WINDOW = 20_000
_SQL = """
    SELECT "offset", timestamp_ms, "value" FROM read_parquet($files, hive_partitioning = false)
    WHERE "offset" >= $start AND "offset" < $stop ORDER BY "offset"
"""


class ParquetShelf:
    """The archive at one fsspec URL, of the log with these topic ids."""

    def __init__(self, url: str, topic_ids: dict[str, str]) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)
        self._manifests: dict[tuple[str, int], list[dict[str, Any]]] = {}
        pattern = f"{self._root.rstrip('/')}/*/manifests/*/*/*.json"
        for path in self._files.glob(pattern):
            manifest = json.loads(self._files.cat_file(path))
            if manifest["topic_id"] == topic_ids.get(manifest["topic"]):
                self._manifests.setdefault((manifest["topic"], manifest["partition"]), []).append(manifest)

    def read(self, place: tuple[str, int], stop: int) -> Iterator[Raw]:
        """All records of a partition below an offset; none when some of them are missing."""
        stretches, position = [], 0
        for manifest in sorted(self._manifests.get(place, []), key=lambda one: int(one["first"])):
            if manifest["first"] <= position < manifest["to"]:
                stretches.append((manifest, position, min(manifest["to"], stop)))
                position = manifest["to"]
        if position < stop:
            return
        for manifest, start, end in stretches:
            yield from self._stretch(place, manifest, start, end)

    def _stretch(self, place: tuple[str, int], manifest: dict[str, Any], start: int, stop: int) -> Iterator[Raw]:
        with tempfile.TemporaryDirectory() as name, duckdb.connect(config={"threads": "1"}) as reading:
            spans = []
            for number, file in enumerate(manifest["files"]):
                copy = Path(name) / f"{number}.parquet"
                self._files.get_file(f"{self._root.rstrip('/')}/{file['path']}", str(copy))
                spans.append((file["first"], file["last"], str(copy)))
            for begin in range(start, stop, _WINDOW):
                end = min(begin + _WINDOW, stop)
                wanted = [path for first, last, path in spans if first < end and last >= begin]
                if wanted:
                    rows = reading.execute(_SQL, {"files": wanted, "start": begin, "stop": end}).fetchall()
                    yield from (Raw(place, *row) for row in rows)
