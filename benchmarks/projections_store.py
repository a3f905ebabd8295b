"""The data set of the readings' benchmark: made once by the rebuild's own fold, kept outside the tree, copied for each run."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.projections_history import BLOCK, GENERATION, PARTITIONS, History
from events.topics import Topics
from projections.bulk.run import fold_all
from projections.bulk.source import Loaded, RawTables, Sorting
from projections.records import LogShape, Place
from projections.store import CODE_VERSION, SCHEMA_VERSION, Store

_STALE_DAYS = 14  # data sets of other versions are thrown away then


def stored(history: History) -> Path:
    """The file with the history's readings, made if it is not there; never open it, copy it."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "goaltrail" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    _forget(folder)
    version = f"{SCHEMA_VERSION}-{GENERATION}"
    path = folder / f"readings-{history.tasks}-{history.live}-v{version}.duckdb"
    if not path.exists():
        begun = time.monotonic()
        fresh = path.with_suffix(".new")
        _make(history, fresh)
        fresh.replace(path)
        print(f"made {path.name} ({path.stat().st_size >> 20} MiB) in {time.monotonic() - begun:.0f} s", flush=True)
    return path


def copied(history: History, folder: Path) -> Path:
    """A copy to write to; it belongs to no log yet."""
    path = folder / "readings.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    shutil.copyfile(stored(history), path)
    with duckdb.connect(str(path)) as connection:  # a fold that gives other rows takes as long for them
        connection.execute("UPDATE meta SET value = ? WHERE key = 'code_version'", [str(CODE_VERSION)])
    return path


class _Blocks:
    """The history as a rebuild's source, without a broker."""

    def __init__(self, history: History, topics: Topics) -> None:
        self._history, self._topics = history, topics
        self._numbers = self._blocks()
        self._offsets: dict[Place, int] = {}
        self._ahead = history.tasks

    def ahead(self) -> int:
        return self._ahead * 9

    def load(self, connection: duckdb.DuckDBPyConnection, tables: RawTables, most: int) -> Loaded:
        sorting = Sorting(connection, self._topics, tables)
        for partition, numbers in self._numbers:
            told = [self._history.task(number) for number in numbers]
            self._ahead -= len(numbers)
            self._add(sorting, self._topics.task_events, partition, [fact for facts, _ in told for fact in facts])
            self._add(sorting, self._topics.step_events, partition, [step for _, steps in told for step in steps])
            if sorting.loaded.records >= most:
                break
        return sorting.finish()

    def close(self) -> None:
        """Nothing is held."""

    def _add(self, sorting: Sorting, topic: str, partition: int, values: list[str]) -> None:
        if values:
            place = Place(topic, partition)
            first = self._offsets.get(place, 0)
            self._offsets[place] = first + len(values)
            sorting.add(*place, [(first + i, value.encode(), None) for i, value in enumerate(values)])

    def _blocks(self) -> Iterator[tuple[int, range]]:
        for number, first in enumerate(range(0, self._history.tasks, BLOCK)):
            yield number % PARTITIONS, range(first, min(first + BLOCK, self._history.tasks))


def _make(history: History, path: Path) -> None:
    topics = Topics()
    for suffix in ("", ".wal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    places = [Place(topic, p) for topic in (topics.task_events, topics.step_events) for p in range(PARTITIONS)]
    nothing = dict.fromkeys(places, 0)
    store = Store(path)
    store.adopt(LogShape("benchmark", {}, nothing, nothing), ())
    fold_all(store, topics, [_Blocks(history, topics)], nothing, lambda _: None, threads=len(os.sched_getaffinity(0)))
    store.close()
    _disown(path)


def _disown(path: Path) -> None:
    """The file belongs to whatever log it is opened with, and has read nothing of it."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'cluster_id' OR starts_with(key, 'topic_id:')")
        connection.execute("DELETE FROM projection_offsets")
        connection.execute("CHECKPOINT")


def _forget(folder: Path) -> None:
    for file in folder.glob("readings-*"):
        if time.time() - file.stat().st_mtime > _STALE_DAYS * 24 * 3600:
            file.unlink()
