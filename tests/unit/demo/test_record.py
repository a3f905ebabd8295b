"""The school's book is append-only, keeps duplicates, and outlives the site."""

from pathlib import Path
from typing import Any

from demo.site import Record

EDEN: dict[str, Any] = {
    "child": "Eden",
    "age": 7,
    "email": "parent@example.org",
    "class_id": "dolphins",
    "day": "Tuesday",
    "username": "parent",
}


def test_a_duplicate_is_kept_under_a_number_of_its_own() -> None:
    record = Record()
    numbers = [record.register(**EDEN, request=request).number for request in (1, 2)]
    assert numbers == ["AQ-0001", "AQ-0002"]
    assert [(entry.child, entry.request) for entry in record.entries()] == [("Eden", 1), ("Eden", 2)]
    assert record.taken("dolphins", "Tuesday") == 2


def test_a_cancellation_is_one_more_entry() -> None:
    record = Record()
    number = record.register(**EDEN, request=1).number
    assert record.cancel(number, username="parent", request=2) is not None
    assert [entry.kind for entry in record.entries()] == ["registered", "cancelled"]
    assert record.in_force() == {}
    assert record.taken("dolphins", "Tuesday") == 0
    assert record.cancel(number, username="parent", request=3) is None
    assert len(record.entries()) == 2


def test_the_file_is_continued(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    first = Record(file)
    first.cancel(first.register(**EDEN, request=1).number, username="parent", request=2)
    second = Record(file)
    assert second.entries() == first.entries()
    assert second.register(**EDEN, request=1).number == "AQ-0002"
    assert Record(file).entries() == second.entries()
