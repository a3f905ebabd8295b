"""What the log hands to the folds: raw records, and which log it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Record(NamedTuple):
    """One record as Kafka gave it."""

    place: Place
    offset: int
    value: bytes | None
    at_ms: int | None = None  #: the record's time, in milliseconds since 1970


@dataclass(frozen=True, slots=True)
class LogShape:
    """The log as the broker describes it at one moment."""

    cluster_id: str
    topic_ids: Mapping[str, str]  #: a topic made anew under the same name has another id
    beginnings: Mapping[Place, int]  #: first offset that is there
    ends: Mapping[Place, int]  #: offset the next record gets


@dataclass(slots=True)
class Tally:
    """How far one partition is read, and what was met on the way."""

    next_offset: int = 0
    taken: int = 0
    strays: int = 0
    repeats: int = 0
    unknown: int = 0
    undecodable: int = 0


@dataclass(frozen=True, slots=True)
class Intake:
    """One micro-batch, and partitions that cannot be read on."""

    records: list[Record] = field(default_factory=list)
    truncated: tuple[Place, ...] = ()  #: what we want next is not in the log any more
