"""What a manifest says: one stretch of one partition, and the files that hold it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from projections.records import LogShape, Place

FORMAT = 1  #: of manifests and files; raised with every change a reader must know of
_HEAD = Struct(">qqii")
_NONE = -1
_STAMP = "%Y%m%dT%H%M%S"
_LONGEST_RUN = timedelta(days=7)


class Kept(NamedTuple):
    """One record, byte for byte."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: str | None = None  #: JSON: name and base64 of each; ours have none


class ArchivedFile(BaseModel):
    """One Parquet file: what one day brought to the stretch."""

    model_config = ConfigDict(frozen=True)

    path: str  #: below the archive's folder
    day: str
    records: int
    first: int  #: lowest offset in it
    last: int
    bytes: int
    sha256: str


class Segment(BaseModel):
    """Offsets `first` up to, but not including, `to` of one partition; nothing between them is missing."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    cluster_id: str
    topic: str
    topic_id: str
    partition: int
    first: int
    to: int
    records: int
    sha256: str  #: of all records in the order of their offsets, see `digest`
    written_at: AwareDatetime
    files: tuple[ArchivedFile, ...]

    @property
    def place(self) -> Place:
        """The partition it is of."""
        return Place(self.topic, self.partition)

    @property
    def manifest(self) -> str:
        """Path of its manifest below the archive's folder."""
        return (
            f"{manifests_of(self.cluster_id)}/{self.topic}/{self.partition:05d}/{self.first:020d}-{self.to:020d}.json"
        )

    def belongs_to(self, log: LogShape) -> bool:
        """Whether it was taken from this log: a wiped or other one has other ids."""
        return self.cluster_id == log.cluster_id and log.topic_ids.get(self.topic) == self.topic_id


def manifests_of(cluster_id: str) -> str:
    """Folder of all manifests of one cluster."""
    return f"{cluster_id}/manifests"


def run_id(now: datetime, chance: str) -> str:
    """What the files of one run are told apart by: nothing is ever written over."""
    return f"{now:{_STAMP}}-{chance}"


def file_path(log: LogShape, place: Place, first: int, day: str, run: str) -> str:
    """Where a run puts a day's records of the stretch that begins at `first`."""
    name = f"{place.partition:05d}-{first:020d}-{run}.parquet"
    return f"{records_of(log.cluster_id)}/topic={place.topic}/day={day}/{name}"


def records_of(cluster_id: str) -> str:
    """Folder of all files of one cluster."""
    return f"{cluster_id}/records"


def left_behind(path: str, now: datetime) -> bool:
    """Whether the run that wrote this file must be over: longer ago than any run takes."""
    try:
        stamp = path.rsplit("/", 1)[-1].split("-")[2]
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) < now - _LONGEST_RUN
    except (IndexError, ValueError):
        return False  # not ours


def day_of(timestamp_ms: int) -> str:
    """The UTC day of a record."""
    return datetime.fromtimestamp(timestamp_ms / 1_000, UTC).date().isoformat()


def chain(segments: Iterable[Segment], start: int) -> list[tuple[Segment, int]]:
    """Segments that together hold everything from `start` on without a gap, each with the offset to read it from.

    Runs that were killed, or two at once, may leave stretches that overlap; each offset is read from one of them.
    """
    linked: list[tuple[Segment, int]] = []
    position = start
    for segment in sorted(segments, key=lambda one: (one.first, -one.to)):
        if segment.first <= position < segment.to:
            linked.append((segment, position))
            position = segment.to
    return linked


class Digest:
    """SHA-256 of records one after the other."""

    def __init__(self) -> None:
        self._hash = sha256()
        self.records = 0

    def add(self, record: Kept) -> None:
        """Take the next record."""
        key, value = record.key, record.value
        sizes = (_NONE if key is None else len(key), _NONE if value is None else len(value))
        self._hash.update(_HEAD.pack(record.offset, record.timestamp_ms, *sizes))
        for part in (key, value, (record.headers or "").encode()):
            self._hash.update(part or b"")
        self.records += 1

    def hexdigest(self) -> str:
        """The hash of all that was added."""
        return self._hash.hexdigest()
