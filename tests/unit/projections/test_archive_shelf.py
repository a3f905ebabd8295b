"""An archive's folder: byte for byte what was put there, whole or missed, here and behind a URL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest

from events.codec import encode
from events.errors import StoreMismatch
from projections.archive.reading import Archive, archive_at
from projections.archive.segment import Kept, Segment
from projections.archive.shelf import Shelf
from projections.archive.writing import write_segment
from projections.records import LogShape, Place
from tests.unit.projections.log import Log, submitted

PLACE = Place("goaltrail.tasks.events", 3)
LOG = LogShape("cluster", {PLACE.topic: "t1"}, {PLACE: 0}, {PLACE: 100})
DAY_MS = 86_400_000
ODD = [
    Kept(0, 5 * DAY_MS, None, None),
    Kept(1, 3 * DAY_MS, b"", b""),
    Kept(2, 5 * DAY_MS, b"\xff\xfe", b"\x00\xffno text"),
    Kept(4, 4 * DAY_MS, b"k", b"no JSON", '[["trace", "YQ=="]]'),
    Kept(5, 3 * DAY_MS, b"k", b'{"event":7,"version":"x","recorded_at":"yesterday"}'),
]


@pytest.fixture(params=["folder", "url"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return Shelf(str(tmp_path / "arc'hive") if request.param == "folder" else f"memory://{uuid4().hex}")


def put(shelf: Shelf, records: list[Kept], first: int, to: int) -> Segment:
    segment = write_segment(shelf, LOG, PLACE, records, first=first, to=to)
    shelf.commit(segment)
    return segment


def test_what_was_put_there_comes_back_in_order_whatever_it_is(shelf: Shelf) -> None:
    put(shelf, ODD, 0, 6)
    later = [Kept(offset, DAY_MS, b"k", b"v") for offset in range(6, 9)]
    put(shelf, later, 6, 9)
    archive = archive_at(shelf.url)(LOG)

    assert list(archive.records(PLACE, 0, 9)) == [*ODD, *later]
    assert list(archive.records(PLACE, 2, 7)) == [*ODD[2:], *later[:1]]
    assert archive.reaches(PLACE, 0) == 9
    assert archive.reaches(PLACE, 9) == 9
    with pytest.raises(StoreMismatch, match="archived up to 9, not to 10"):
        list(archive.records(PLACE, 0, 10))


def test_a_file_a_day_with_columns_for_whoever_looks_around(tmp_path: Path) -> None:
    shelf, task = Shelf(str(tmp_path)), Log().task()
    task.facts(submitted())
    put(shelf, [Kept(0, DAY_MS, b"k", encode(task.envelopes[0])), *ODD[1:]], 0, 6)

    files = sorted(path.parent.name for path in tmp_path.glob("cluster/records/*/*/*.parquet"))
    told = duckdb.execute(
        f'SELECT event_type, task_id, "version", topic, "partition" FROM read_parquet(\'{tmp_path}/*/records/**/*.parquet\')'
        ' WHERE "offset" = 0'
    ).fetchall()

    assert files == ["day=1970-01-02", "day=1970-01-04", "day=1970-01-05", "day=1970-01-06"]
    assert told == [("task.submitted", task.task_id, 1, PLACE.topic, 3)]


def test_without_its_manifest_nothing_counts_and_other_logs_have_their_own(shelf: Shelf) -> None:
    write_segment(shelf, LOG, PLACE, ODD, first=0, to=6)
    assert Archive(shelf, LOG).reaches(PLACE, 0) == 0

    put(shelf, ODD, 0, 6)

    assert Archive(shelf, LOG).reaches(PLACE, 0) == 6
    for other in (LogShape("cluster", {PLACE.topic: "t2"}, {}, {}), LogShape("else", LOG.topic_ids, {}, {})):
        assert Archive(shelf, other).reaches(PLACE, 0) == 0


def test_a_file_that_is_missing_or_another_is_noticed(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path))
    segment = put(shelf, ODD, 0, 6)
    victim = tmp_path / segment.files[0].path
    content = victim.read_bytes()
    for spoil in (lambda: victim.write_bytes(content[:-1] + b"?"), victim.unlink):
        spoil()
        with pytest.raises(StoreMismatch, match=segment.files[0].path):
            list(Archive(shelf, LOG).records(PLACE, 0, 6))


def test_a_manifest_of_a_newer_version_or_of_nobody_is_refused(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path))
    segment = put(shelf, ODD, 0, 6)
    manifest = tmp_path / segment.manifest
    for content, word in (
        (segment.model_copy(update={"format": 99}).model_dump_json(), "update"),
        ("{}", "no manifest"),
    ):
        manifest.write_text(content)
        with pytest.raises(StoreMismatch, match=word):
            Archive(shelf, LOG)


def test_what_a_killed_run_left_is_removed_once_it_must_be_over(shelf: Shelf) -> None:
    left = write_segment(shelf, LOG, PLACE, ODD[:1], first=0, to=1)
    kept = put(shelf, ODD, 0, 6)
    now = datetime.now(UTC)

    assert shelf.tidy(LOG, now + timedelta(days=6)) == []
    (removed,) = shelf.tidy(LOG, now + timedelta(days=8))

    assert removed.endswith(left.files[0].path)
    assert list(Archive(shelf, LOG).records(PLACE, 0, 6)) == ODD
    shelf.withdraw(kept)
    assert Archive(shelf, LOG).reaches(PLACE, 0) == 0
