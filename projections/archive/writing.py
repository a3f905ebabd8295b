"""Writes one stretch of a partition as Parquet, a file a day, and its manifest last."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from uuid import uuid4

import duckdb

from projections.archive.segment import ArchivedFile, Digest, Kept, Segment, day_of, file_path, run_id
from projections.archive.shelf import Shelf
from projections.records import LogShape, Place

_BATCH = 20_000
_STAGING = (
    'CREATE TABLE kept ("offset" BIGINT, timestamp_ms BIGINT, "key" BLOB, "value" BLOB, headers VARCHAR, day VARCHAR)'
)
#: What a record says of itself stands beside its bytes, so that nobody has to take them apart who only looks around.
_COLUMNS = """
    WITH told AS (SELECT *, try(decode("value")) AS body FROM kept WHERE day = $day),
         read AS (SELECT *, CASE WHEN json_valid(body) THEN body END AS said FROM told)
    SELECT $topic AS topic, $partition::INTEGER AS "partition", "offset", timestamp_ms, "key", "value", headers,
        said ->> '$.event.type' AS event_type, said ->> '$.task_id' AS task_id, said ->> '$.event_id' AS event_id,
        try_cast(said ->> '$.version' AS BIGINT) AS "version",
        try_cast(said ->> '$.recorded_at' AS TIMESTAMPTZ) AS recorded_at
    FROM read ORDER BY "offset"
"""


def write_segment(
    shelf: Shelf, log: LogShape, place: Place, records: Iterable[Kept], *, first: int, to: int
) -> Segment:
    """Put the records of offsets `first` to `to` on the shelf; its manifest is not written yet."""
    digest, run = Digest(), run_id(datetime.now(UTC), uuid4().hex[:8])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with duckdb.connect(str(folder / "staging.duckdb"), config={"threads": "1"}) as staging:
            staging.execute(_STAGING)
            _stage(staging, records, digest)
            days = staging.execute(
                'SELECT day, count(*), min("offset"), max("offset") FROM kept GROUP BY day ORDER BY day'
            ).fetchall()
            files = []
            for day, count, lowest, highest in days:
                draft = folder / f"{day}.parquet"
                _write_day(staging, draft, place, day)
                path = file_path(log, place, first, day, run)
                shelf.put(draft, path)
                size, content = draft.stat().st_size, _sha256(draft)
                draft.unlink()
                files.append(
                    ArchivedFile(
                        path=path, day=day, records=count, first=lowest, last=highest, bytes=size, sha256=content
                    )
                )
    return Segment(
        cluster_id=log.cluster_id,
        topic=place.topic,
        topic_id=log.topic_ids[place.topic],
        partition=place.partition,
        first=first,
        to=to,
        records=digest.records,
        sha256=digest.hexdigest(),
        written_at=datetime.now(UTC),
        files=tuple(files),
    )


def _stage(staging: duckdb.DuckDBPyConnection, records: Iterable[Kept], digest: Digest) -> None:
    appender = staging.appender("kept")
    rest = iter(records)
    while batch := list(islice(rest, _BATCH)):
        for record in batch:
            digest.add(record)
        appender.append_rows([(*record, day_of(record.timestamp_ms)) for record in batch])
    appender.flush()


def _write_day(staging: duckdb.DuckDBPyConnection, draft: Path, place: Place, day: str) -> None:
    quoted = str(draft).replace("'", "''")
    staging.execute(
        f"COPY ({_COLUMNS}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)",
        {"topic": place.topic, "partition": place.partition, "day": day},
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
